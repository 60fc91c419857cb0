"""Walking the account list in one of its orders, from a row onwards, by index."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from tenure.metrics.paging import ACCOUNT, BRIEF, FACTS, Order, Place, phases_from
from tenure.rules.sql import Sql

# A list of now reads from here: what no condition names is not read at all, for there is one row of
# each an account.
EVERY = (
    f"{BRIEF} b LEFT JOIN {ACCOUNT} a ON a.id = b.account_id"
    f" LEFT JOIN {FACTS} f ON f.account_id = b.account_id"
)
_BY_ACCOUNT = (
    f"{ACCOUNT} a LEFT JOIN {BRIEF} b ON b.account_id = a.id"
    f" LEFT JOIN {FACTS} f ON f.account_id = a.id"
)
# And a list of a past time from here, where other rows stand in for the facts.
THEN = f"{ACCOUNT} a LEFT JOIN {FACTS} f ON f.account_id = a.id"
_MEASURED_THEN = f"{FACTS} f JOIN {ACCOUNT} a ON a.id = f.account_id"

NOW = Sql("a.removed_at IS NULL")
LIVE = Sql("b.live")
OF_NOW = Sql(FACTS)

Condition = tuple[str, list[Any]]


def matching(search: str, where: Sql | None = None, visible: Sql = NOW) -> Condition:
    """The condition on account ``a``, with its values: every word occurs, or it is the identifier.
    ``where`` is a rule's condition besides; ``visible`` says which accounts there are: of now, or of
    a past time, told by the account or by its brief."""
    words, values = searched(search)
    text, values = f"{visible.text} AND {words}", [*visible.values, *values]
    if where is None:
        return text, values
    return f"{text} AND ({where.text})", [*values, *where.values]


def searched(search: str) -> Condition:
    """The condition that an account has every word, or is named just so by its identifier."""
    term = search.replace("\x00", "").encode("utf-8", "replace").decode().strip()
    if not term:
        return "TRUE", []
    found = " AND ".join(["a.search LIKE %s"] * len(term.split()))
    return f"(({found}) OR a.identifier = %s)", [*map(_within, term.lower().split()), term]


def _within(word: str) -> str:
    for special in ("\\", "%", "_"):
        word = word.replace(special, "\\" + special)
    return f"%{word}%"


def walk(
    order: Order,
    place: Place | None,
    matching: Condition,
    wanted: int,
    *,
    figures: Sql = OF_NOW,
) -> list[Place]:
    """The next ``wanted`` places beyond ``place``, nearest first; ``figures`` is what the figures are
    read from, the facts of now or of a past time."""
    found: list[Place] = []
    with connection.cursor() as db:
        for phase in phases_from(order, place):
            statement, values = _part(order, phase, place, matching, figures)
            db.execute(f"{statement} LIMIT %s", [*values, wanted - len(found)])
            found += [Place(phase, value, account) for account, value in db.fetchall()]
            if len(found) >= wanted:
                break
    return found


def _part(
    order: Order, phase: int, place: Place | None, matching: Condition, figures: Sql
) -> Condition:
    """One part of the list, from ``place`` on when that lies in it."""
    source, key, value, condition = part_of(order, phase)
    source, figured = source.replace(FACTS, figures.text), FACTS in source
    condition, values = beyond(order, phase, place, f"{condition} AND {matching[0]}", matching[1])
    statement = (
        f"SELECT {key}, {value} FROM {source} WHERE {condition} ORDER BY {by(order, phase, place)}"  # noqa: S608
    )
    return statement, [*(figures.values if figured else ()), *values]


def beyond(
    order: Order, phase: int, place: Place | None, condition: str, values: Sequence[Any]
) -> Condition:
    """The condition, beyond the place when that lies in this part."""
    _, key, value, _ = part_of(order, phase)
    found = [*values]
    if phase == 0 and order.table != ACCOUNT:  # so that a range of the index is one
        condition = condition.replace(f"{value} IS NULL", "FALSE")
    if place and place.phase == phase:
        sign = "<" if order.descending != place.backwards else ">"
        by, at = (f"{value}, {key}", "%s, %s") if phase == 0 else (key, "%s")
        condition += f" AND ({by}) {sign} ({at})"
        found += [place.value, place.account_id] if phase == 0 else [place.account_id]
    return condition, found


def by(order: Order, phase: int, place: Place | None) -> str:
    """How a part is sorted, in the direction its place leads."""
    _, key, value, _ = part_of(order, phase)
    way = "DESC" if order.descending != bool(place and place.backwards) else "ASC"
    return ", ".join(f"{column} {way}" for column in ((value, key) if phase == 0 else (key,)))


def part_of(order: Order, phase: int) -> tuple[str, str, str, str]:
    """Tables, id column, value column and own condition of a part."""
    if order.table == ACCOUNT:
        return _BY_ACCOUNT, "a.id", f"a.{order.column}", "TRUE"
    if order.table == BRIEF:
        return _brief(order, phase)
    if order.table != FACTS:
        return _beside(order, phase)
    value = f"f.{order.column}"
    if phase == 2:
        return THEN, "a.id", "NULL", "f.account_id IS NULL"
    if phase == 1:
        return _MEASURED_THEN, "f.account_id", "NULL", f"{value} IS NULL"
    return _MEASURED_THEN, "f.account_id", value, f"{value} IS NOT NULL"


def _brief(order: Order, phase: int) -> tuple[str, str, str, str]:
    value, known = f"b.{order.column}", order.known.format("b") or "TRUE"
    if phase == 2:
        return EVERY, "b.account_id", "NULL", "NOT b.measured"
    if phase == 1:
        unknown = f"({value} IS NULL OR NOT ({known}))" if order.known else f"{value} IS NULL"
        return EVERY, "b.account_id", "NULL", f"b.measured AND {unknown}"
    return EVERY, "b.account_id", value, f"{value} IS NOT NULL AND {known}"


def _beside(order: Order, phase: int) -> tuple[str, str, str, str]:
    """The same at a past time, where the order is a column of another table with one row an account."""
    value = f"o.{order.column}"
    if phase == 2:
        source = f"{THEN} LEFT JOIN {order.table} o ON o.account_id = a.id"
        return source, "a.id", "NULL", "o.account_id IS NULL"
    source = (
        f"{order.table} o JOIN {ACCOUNT} a ON a.id = o.account_id"
        f" LEFT JOIN {FACTS} f ON f.account_id = a.id"
    )
    known = order.known.format("o") or "TRUE"
    if phase == 1:
        return source, "o.account_id", "NULL", f"({value} IS NULL OR NOT ({known}))"
    return source, "o.account_id", value, f"{value} IS NOT NULL AND {known}"
