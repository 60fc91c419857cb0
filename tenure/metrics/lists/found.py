"""The records of one page's ids, and accounts found by words: what both lists need beside their own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Model, QuerySet

from tenure.connections.models import Site
from tenure.core.money import Money
from tenure.metrics.keyset import matching
from tenure.metrics.lists.filters import Clause, Wanted
from tenure.metrics.lists.keyset import Order
from tenure.metrics.lists.ways import walk
from tenure.metrics.paging import ACCOUNT, Place, cursor_of, place_of
from tenure.metrics.planned import planned

LONGEST_PAGE = 200
FORESEEN, MOST_ACCOUNTS = (
    1_000,
    5_000,
)  # accounts named by their ids where they seem, and are, so few
LEAST = (
    4  # characters with their two signs: the index of words leads by no fewer than three in a row
)
PATIENCE = 8_000  # milliseconds after which a sum is given up

VALUES = ("account__attributes", "account__sources", "account__search")

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A page of a list with the cursors of its neighbours; None where there is no neighbour."""

    rows: Sequence[Row]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class Sum:
    """The sums of one currency in the order of the list's figures, over so many rows."""

    currency: str
    rows: int
    amounts: Sequence[Money]


@dataclass(frozen=True, slots=True)
class Sums:
    """What a list adds up to, one line a currency; ``given_up`` when it would have taken too long."""

    rows: int
    lines: Sequence[Sum]
    given_up: bool = False


def then(table: str) -> str:
    """The rows of a table that keeps versions as they were known right before ``%(then)s``: the
    definition of ``customers.versions.in_force``."""
    return (
        f"(SELECT v.* FROM {table}_over_time v WHERE v.valid_from < %(then)s"  # noqa: S608
        " AND (v.valid_to IS NULL OR v.valid_to >= %(then)s)"
        " AND (v.removed_at IS NULL OR v.removed_at >= %(then)s))"
    )


def keys(
    order: Order, asked: Wanted, cursor: str | None, limit: int
) -> tuple[list[int], str | None, str | None]:
    """The ids of one page and the cursors of its neighbours. Raises UnusablePage."""
    place = place_of(order, cursor) if cursor else None
    limit = max(1, min(limit, LONGEST_PAGE))
    found = walk(order, place, asked, limit + 1)
    more, found = len(found) > limit, found[:limit]
    backwards = bool(place and place.backwards)
    if backwards:
        found.reverse()
    has_next = more if not backwards else True
    has_previous = more if backwards else place is not None
    return (
        [one.account_id for one in found],
        cursor_of(order, found[-1]) if found and has_next else None,
        cursor_of(order, _before(found[0])) if found and has_previous else None,
    )


def _before(place: Place) -> Place:
    return Place(place.phase, place.value, place.account_id, backwards=True)


def with_whose(rows: QuerySet[Any], *more: str) -> list[Any]:
    """These rows with ``more`` of theirs, their account, without its values, and their site: there are
    hundreds of rows and few sites, so each site is read once."""
    listed = list(rows.select_related("account", *more).defer(*VALUES))
    accounts = [row.account for row in listed if row.account_id]
    known = {row.site_id for row in listed} | {one.scope_id for one in accounts if one.scope_id}
    sites = Site.objects.in_bulk(known)
    for row in listed:
        row.site = sites[row.site_id]
    for account in accounts:
        if account.scope_id:
            account.scope = sites[account.scope_id]
    return listed


def in_order(rows: Iterable[Any], ids: Sequence[int]) -> list[Any]:
    """These objects in the order of the ids; what is gone by now is left out."""
    by_id: dict[int, Model] = {row.pk: row for row in rows}
    return [by_id[pk] for pk in ids if pk in by_id]


def whose(words: str, ids: Sequence[int]) -> Clause:
    """Rows of accounts that match the words, or whose own ids are these. Accounts are named by their
    ids where they are few; nobody looks for them where many are foreseen."""
    condition, values = matching(words)
    spelt: dict[str, Any] = {f"word{place}": value for place, value in enumerate(values)}
    for name in spelt:
        condition = condition.replace("%s", f"%({name})s", 1)
    accounts = f"SELECT a.id FROM {ACCOUNT} a WHERE {condition}"  # noqa: S608
    named: dict[str, Any] = {"named": list(ids)}
    foreseen = planned(accounts, spelt).rows
    if foreseen <= FORESEEN:
        with connection.cursor() as db:
            db.execute(f"{accounts} LIMIT {MOST_ACCOUNTS + 1}", spelt)
            few = [row[0] for row in db.fetchall()]
        if len(few) <= MOST_ACCOUNTS:
            theirs = {"accounts": few}
            return Clause(_or_named("{t}.account_id = ANY(%(accounts)s)", ids), theirs | named)
    within = f"EXISTS ({accounts} AND a.id = {{t}}.account_id)"
    *parts, _ = spelt  # the last is the whole, which may be an identifier
    long = [name for name in parts if len(spelt[name]) > LEAST]
    leading = " AND ".join(f"a.search LIKE %({name})s" for name in long or parts)
    return Clause(
        _or_named(within, ids),
        spelt | named,
        account=condition,
        leading=leading,
        foreseen=foreseen,
    )


def _or_named(condition: str, ids: Sequence[int]) -> str:
    return f"{condition} OR {{key}} = ANY(%(named)s)" if ids else condition


def count(sources: Sequence[str], values: dict[str, Any], cap: int) -> int:
    """How many rows these selections have together, counting no further than ``cap``."""
    found = " UNION ALL ".join(f"(SELECT 1 FROM {source})" for source in sources)  # noqa: S608
    with connection.cursor() as db:
        db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM ({found}) every LIMIT %(cap)s) capped",  # noqa: S608
            {**values, "cap": cap},
        )
        return int(db.fetchone()[0])


def summed(statement: str, values: dict[str, Any]) -> Sums:
    """Currency, rows and amounts of a statement as sums; given up after a while, and said so."""
    try:
        with transaction.atomic(), connection.cursor() as db:
            db.execute(f"SET LOCAL statement_timeout = {PATIENCE}")
            db.execute(statement, values)
            rows = db.fetchall()
    except OperationalError:
        return Sums(0, (), given_up=True)
    lines = [
        Sum(currency, number, [Money(amount, currency) for amount in amounts])
        for currency, number, *amounts in rows
    ]
    return Sums(sum(line.rows for line in lines), lines)
