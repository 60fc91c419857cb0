"""Questions about the figures of accounts: the list of accounts, its totals, one account's facts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from tenure.core.money import Money
from tenure.metrics import as_of
from tenure.metrics.account_rows import AccountRow, rows_of
from tenure.metrics.amounts import rounded, stored
from tenure.metrics.as_of import Moment
from tenure.metrics.days import local_day
from tenure.metrics.gathering import walk_or_gather
from tenure.metrics.keyset import EVERY, LIVE, NOW, THEN, matching, walk
from tenure.metrics.models import AccountFacts, FactsVersion, Figures
from tenure.metrics.paging import (
    ACCOUNT,
    BRIEF,
    FACTS,
    ORDERS,
    Order,
    Place,
    cursor_of,
    order_of,
    place_of,
)
from tenure.metrics.planned import planned
from tenure.metrics.planned import rows_of as rows_in
from tenure.metrics.rates import in_force
from tenure.metrics.settings import current
from tenure.metrics.strides import by_brief, ways_of
from tenure.rules.sql import Sql

LONGEST_PAGE = 200
LOOKED_AT = 10_000  # accounts, for an estimate
SOON_MS = 5  # a count foreseen to take less is made with the page


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """A page of the list with the cursors of its neighbours; None where there is no neighbour."""

    rows: tuple[AccountRow, ...]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all accounts, one a currency; ``accounts`` have facts, ``paying`` of them MRR."""

    mrr: tuple[Money, ...]
    total_due: tuple[Money, ...]
    past_due: tuple[Money, ...]
    accounts: int
    paying: int


@dataclass(frozen=True, slots=True)
class UsedRate:
    """A rate that a converted total stands on: one ``source`` is ``rate``, since ``day``. ``derived``
    is empty for one that was entered, else ``inverse`` or ``cross`` (through ``via``)."""

    source: str
    rate: Decimal
    day: date | None
    derived: str
    via: str


@dataclass(frozen=True, slots=True)
class ConvertedTotals:
    """Totals in the workspace's currency at the rates of a day, by the figure's name; None while a
    rate is missing. ``missing`` names those currencies, ``rates`` the rates that were used."""

    currency: str
    day: date
    amounts: Mapping[str, Money | None]
    missing: tuple[str, ...]
    rates: tuple[UsedRate, ...]


def facts_of(account_ids: Iterable[int]) -> dict[int, AccountFacts]:
    """The facts of these accounts by account id; accounts not measured yet are absent."""
    return AccountFacts.objects.in_bulk(list(account_ids))


def facts_at(account_ids: Iterable[int], instant: datetime) -> dict[int, Figures]:
    """The figures these accounts had at an instant, as we knew them then, by account id. Accounts
    that had not been measured yet are absent."""
    ids = list(account_ids)
    live = AccountFacts.objects.filter(pk__in=ids, updated_at__lte=instant)
    past = FactsVersion.objects.filter(
        account_id__in=ids, valid_from__lte=instant, valid_to__gt=instant
    )
    found: dict[int, Figures] = {version.account_id: version for version in past}
    return found | {facts.account_id: facts for facts in live}


def accounts_page(
    *,
    search: str = "",
    sort: str = "-mrr",
    cursor: str | None = None,
    limit: int = 50,
    with_values: bool = False,
    where: Sql | None = None,
    orders: Mapping[str, Order] = ORDERS,
    moment: Moment | None = None,
) -> AccountsPage:
    """One page of accounts, stable while others are added: it goes on from a row, not a count.

    ``sort`` is one of ``orders``, with a minus sign for descending; unknown values come last either
    way. ``search`` is words that must all occur in the account's searchable text, or
    its exact identifier; ``where`` a rule's condition on ``a`` and ``f`` besides. With ``moment`` the
    accounts there were at a past time, with their figures and values as they were known then.
    Raises UnusablePage for an unknown sort or a damaged cursor.
    """
    order = order_of(sort, orders)
    place = place_of(order, cursor) if cursor else None
    limit = max(1, min(limit, LONGEST_PAGE))
    keys = _walked(order, place, limit + 1, search, where, moment)
    more, keys = len(keys) > limit, keys[:limit]
    backwards = bool(place and place.backwards)
    if backwards:
        keys.reverse()
    has_next = more if not backwards else True
    has_previous = more if backwards else place is not None
    return AccountsPage(
        rows=rows_of([key.account_id for key in keys], with_values=with_values, moment=moment),
        next=cursor_of(order, keys[-1]) if keys and has_next else None,
        previous=cursor_of(order, _before(keys[0])) if keys and has_previous else None,
    )


def _walked(
    order: Order,
    place: Place | None,
    wanted: int,
    search: str,
    where: Sql | None,
    moment: Moment | None,
) -> list[Place]:
    # Words begin many names: by name those they find come together, and may come late.
    if moment is None and where is None and not (search and order.table == ACCOUNT):
        live = LIVE if order.table == BRIEF else NOW
        return walk(order, place, matching(search, visible=live), wanted)
    if moment is None:
        return walk_or_gather(order, place, ways_of(search, where), wanted)
    there = matching(search, where, as_of.visible(moment))
    then = replace(order, table=FACTS) if order.table == BRIEF else order
    return walk(then, place, there, wanted, figures=as_of.relation(moment))


def _of_now(search: str, where: Sql | None) -> tuple[str, list[Any]]:
    """The condition of all accounts of now together."""
    gathered = by_brief(ways_of(search, where).gathered)
    return f"{LIVE.text} AND {gathered.text}", [*gathered.values]


def matching_ids(search: str = "", *, limit: int, where: Sql | None = None) -> list[int]:
    """The accounts that match a search and a rule, at most ``limit`` of them, by id."""
    condition, values = _of_now(search, where)
    found = f"SELECT b.account_id FROM {EVERY} WHERE {condition} ORDER BY b.account_id LIMIT %s"  # noqa: S608
    with connection.cursor() as db:
        db.execute(found, [*values, limit])
        return [row[0] for row in db.fetchall()]


def is_soon_counted(search: str = "", *, cap: int = 10_000) -> bool:
    """Whether a page need not be kept waiting to count what a search finds, as far as that is foreseen."""
    return planned(*_capped(search, None, None, cap)).milliseconds < SOON_MS


def capped_count(
    search: str = "",
    *,
    cap: int = 10_000,
    where: Sql | None = None,
    moment: Moment | None = None,
) -> int:
    """How many accounts match, counting no further than ``cap``: the answer ``cap`` means or more."""
    found, values = _capped(search, where, moment, cap)
    with connection.cursor() as db:
        db.execute(f"SELECT count(*) FROM ({found}) found", values)  # noqa: S608
        return int(db.fetchone()[0])


def _capped(
    search: str, where: Sql | None, moment: Moment | None, cap: int
) -> tuple[str, list[Any]]:
    """The statement of a row for each account that matches, no more than ``cap``."""
    source, (condition, values) = EVERY, _of_now(search, where)
    if moment:
        source, (condition, values) = THEN, matching(search, where, as_of.visible(moment))
    return f"SELECT 1 FROM {source} WHERE {condition} LIMIT %s", [*values, cap]  # noqa: S608


def estimated_count(search: str = "", *, where: Sql | None = None) -> int:
    """About how many accounts match, out of a part of them: for a rule that is slow to ask of all."""
    told = by_brief(ways_of(search, where).test)
    with connection.cursor() as db:
        share = min(1.0, LOOKED_AT / rows_in(BRIEF))
        # REPEATABLE: asked again, the answer is the same.
        some = f"{BRIEF} b TABLESAMPLE SYSTEM ({share * 100:.4f}) REPEATABLE (1)"
        source = EVERY.replace(f"{BRIEF} b", some, 1)
        counted = f"SELECT count(*) FROM {source} WHERE {LIVE.text} AND {told.text}"  # noqa: S608
        db.execute(counted, told.values)
        found = round(db.fetchone()[0] / share)
    return int(round(found, 2 - len(str(found))))


def totals(search: str = "", *, where: Sql | None = None) -> Totals:
    """MRR, due and past due of all measured accounts, or of those that match. Reads every facts row:
    ask it apart from a page, not before it."""
    sums: dict[str, dict[str, Decimal]] = {"mrr": {}, "total_due": {}, "past_due": {}}
    accounts = paying = 0
    with connection.cursor() as db:
        db.execute(*_totals_of(search, where))
        for currency, count, with_mrr, *amounts in db.fetchall():
            accounts, paying = accounts + count, paying + with_mrr
            for figure, amount in zip(sums, amounts, strict=True):
                if amount is not None and currency:
                    sums[figure][currency] = sums[figure].get(currency, Decimal(0)) + amount
    money = {
        figure: tuple(Money(amount, currency) for currency, amount in sorted(found.items()))
        for figure, found in sums.items()
    }
    return Totals(**money, accounts=accounts, paying=paying)


def totals_at(moment: Moment, search: str = "", *, where: Sql | None = None) -> Totals:
    """The same at a past time, over the accounts of which anything was known, or was made out since."""
    chosen = Sql(*_as_tuple(matching(search, where, as_of.visible(moment))))
    rows, (accounts, paying) = as_of.sums_at(moment, chosen), as_of.count(moment, chosen)
    return Totals(
        mrr=tuple(Money(row.mrr, row.currency) for row in rows),
        total_due=tuple(Money(row.total_due, row.currency) for row in rows),
        past_due=tuple(Money(row.past_due, row.currency) for row in rows),
        accounts=accounts,
        paying=paying,
    )


def _as_tuple(condition: tuple[str, list[Any]]) -> tuple[str, tuple[Any, ...]]:
    return condition[0], tuple(condition[1])


def converted(figures: Mapping[str, Sequence[Money]], now: datetime) -> ConvertedTotals:
    """Amounts by currency, by the name of their figure, as totals in the workspace's currency at the
    rates of the day of ``now``."""
    settings = current()
    day = local_day(now, settings.zone)
    rates = in_force(day, settings)
    found = {
        name: rates.converted({m.currency: m.amount for m in money}, settings.currency, day)
        for name, money in figures.items()
    }
    codes = sorted({m.currency for money in figures.values() for m in money} - {settings.currency})
    quotes = {code: rates.on(code, settings.currency, day) for code in codes}
    return ConvertedTotals(
        currency=settings.currency,
        day=day,
        amounts={
            name: None if one.amount is None else Money(stored(one.amount), settings.currency)
            for name, one in found.items()
        },
        missing=tuple(sorted({code for one in found.values() for code in one.missing})),
        rates=tuple(
            UsedRate(code, rounded(q.rate, 12).normalize(), q.day, q.derived, q.via)
            for code, q in quotes.items()
            if q
        ),
    )


def _totals_of(search: str, where: Sql | None) -> tuple[str, list[Any]]:
    if where is None and not search.strip():
        return _TOTALS.format(facts=FACTS), []
    condition, values = _of_now(search, where)
    chosen = f"WITH chosen AS (SELECT f.* FROM {EVERY} WHERE b.measured AND {condition})"  # noqa: S608
    return chosen + _TOTALS.format(facts="chosen"), values


# Nearly every account has one currency, whose amount is looked up by its code; only the others are
# taken apart from JSON, which costs ten times as much.
_TOTALS = """
    SELECT main_currency, count(*), count(*) FILTER (WHERE mrr_sort > 0),
           sum((mrr ->> main_currency)::numeric), sum((total_due ->> main_currency)::numeric),
           sum((past_due ->> main_currency)::numeric)
    FROM {facts} WHERE NOT mixed_currencies GROUP BY 1
    UNION ALL
    SELECT entry.key, 0, 0,
           sum(entry.value::numeric) FILTER (WHERE part.figure = 'mrr'),
           sum(entry.value::numeric) FILTER (WHERE part.figure = 'total_due'),
           sum(entry.value::numeric) FILTER (WHERE part.figure = 'past_due')
    FROM {facts} f
    CROSS JOIN LATERAL (VALUES ('mrr', f.mrr), ('total_due', f.total_due),
                               ('past_due', f.past_due)) AS part (figure, amounts)
    CROSS JOIN LATERAL jsonb_each_text(part.amounts) AS entry
    WHERE f.mixed_currencies GROUP BY 1
    UNION ALL
    SELECT '', count(*), count(*) FILTER (WHERE mrr_sort > 0), NULL, NULL, NULL
    FROM {facts} WHERE mixed_currencies
"""


def _before(place: Place) -> Place:
    return Place(place.phase, place.value, place.account_id, backwards=True)
