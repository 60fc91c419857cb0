"""The list of accounts as health sees it: sorted by score, or only those that stand in one way."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from tenure.health.models import HealthScore, HealthVersion
from tenure.health.read import Share
from tenure.metrics import paging, read
from tenure.metrics.as_of import Moment
from tenure.metrics.paging import BRIEF, Order
from tenure.metrics.read import AccountsPage
from tenure.rules.sql import Sql, Where, all_of

TABLE = HealthScore._meta.db_table
PAST = HealthVersion._meta.db_table
STANDINGS = ("green", "amber", "red", "unknown", "ended")
WAITING = "waiting"
WAYS = (*STANDINGS, WAITING)
EVERYONE = 2**40


def _score(value: Any) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or not 0 <= number <= 100:
        raise ValueError(value)
    return number


# Where subscriptions are over the score stands still and is not shown: it has no place among the others.
BY_SCORE = Order("health", BRIEF, "score", _score, known="NOT {}.ended")
ORDERS = {**paging.ORDERS, BY_SCORE.key: BY_SCORE}


def orders_at(moment: Moment | None) -> Mapping[str, Order]:
    """Every order the list of accounts has, on pages, by command and over the API; at a past time
    ``health`` is the score of then."""
    if moment is None:
        return ORDERS
    then = replace(BY_SCORE, table=scores_of(moment), known="{}.state <> 'ended'")
    return ORDERS | {then.key: then}


def accounts_page(*, moment: Moment | None = None, **asked: Any) -> AccountsPage:
    """``metrics.read.accounts_page`` with ``health`` among the orders."""
    return read.accounts_page(**asked, moment=moment, orders=orders_at(moment))


def scores_of(moment: Moment | None) -> str:
    """What scores are read from: the present ones, or those known at the end of a past day."""
    if moment is None:
        return TABLE
    at = f"'{moment.last.isoformat()}'::timestamptz"
    kept = "account_id, score, band, state"
    return (
        f"(SELECT {kept} FROM {PAST} WHERE valid_from <= {at} AND valid_to > {at}"  # noqa: S608
        f" UNION ALL SELECT {kept} FROM {TABLE} WHERE updated_at <= {at})"
    )


def standing(way: str, now: datetime, moment: Moment | None = None) -> Sql | None:
    """The condition on account ``a`` that it stands, or stood at the end of a past day, in a band;
    ``ended`` are those whose subscriptions are over, which stand in none of the others, and
    ``waiting`` those to be scored anew, of which no past is kept. None for any other word."""
    if way == WAITING and moment is None:
        due = f"SELECT 1 FROM {TABLE} k WHERE k.account_id = a.id AND k.state <> 'ended'"  # noqa: S608
        return Sql(f"EXISTS ({due} AND k.next_change_at <= %s)", (now,))
    if moment is None and way in STANDINGS:
        return _standing_now(way)
    scored = f"SELECT 1 FROM {scores_of(moment)} k WHERE k.account_id = a.id"  # noqa: S608
    if way == "ended":
        return Sql(f"EXISTS ({scored} AND k.state = 'ended')")
    if way == "unknown":
        return Sql(f"NOT EXISTS ({scored} AND (k.band <> 'unknown' OR k.state = 'ended'))")
    if way in STANDINGS:
        return Sql(f"EXISTS ({scored} AND k.band = %s AND k.state <> 'ended')", (way,))
    return None


def _standing_now(way: str) -> Where:
    """As the account's brief tells it."""
    brief = Sql("NOT b.ended AND b.band = %s", (way,))
    if way == "ended":
        brief = Sql("b.ended")
    if way == "unknown":
        brief = Sql("NOT b.ended AND coalesce(b.band, 'unknown') = 'unknown'")
    within = f"a.id IN (SELECT b.account_id FROM {BRIEF} b WHERE " + brief + ")"  # noqa: S608
    return Where(within.text, within.values, brief=brief, whole=brief, full=brief)


def distribution_at(moment: Moment, now: datetime) -> list[Share]:
    """How many accounts stood in each band at the end of a past day, and the MRR known of them then:
    ``read.distribution`` of then. Bands nobody stood in are absent."""
    found = []
    for way in STANDINGS:
        where = standing(way, now, moment)
        accounts = read.capped_count(cap=EVERYONE, where=where, moment=moment)
        if accounts:
            mrr = tuple(money for money in read.totals_at(moment, where=where).mrr if money)
            ended = way == "ended"
            found.append(Share("unknown" if ended else way, ended, accounts, mrr))
    return found


def both(one: Sql | None, other: Sql | None) -> Sql | None:
    """Two conditions at once, either of which may be none."""
    given = [condition for condition in (one, other) if condition]
    return all_of(given) if given else None
