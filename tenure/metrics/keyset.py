"""Walking the account list in one of its orders, from a row onwards, by index."""

from typing import Any

from django.db import connection

from tenure.metrics.paging import ACCOUNT, FACTS, Order, Place
from tenure.rules.sql import Sql, Where

# A part of the list reads from here: rows with a known value, with an unknown one, and accounts
# that have no facts yet. Each part is one range of one index, so no page reads what it skips.
MEASURED = f"{FACTS} f JOIN {ACCOUNT} a ON a.id = f.account_id"
# Where no figure is asked for, the planner leaves the facts out: they are one row an account.
EVERY = f"{ACCOUNT} a LEFT JOIN {FACTS} f ON f.account_id = a.id"

_LIVE = "a.removed_at IS NULL"

Condition = tuple[str, list[Any]]


NOW = Sql(_LIVE)
OF_NOW = Sql(FACTS)


def matching(
    search: str, where: Sql | None = None, visible: Sql = NOW, *, light: bool = False
) -> Condition:
    """The condition on account ``a``, with its values: every word occurs, or it is the identifier.
    ``where`` is a rule's condition on ``a`` and its figures ``f`` besides; ``visible`` says which
    accounts there are, at a past time others than now. What helps to find few accounts is in it;
    ``light`` leaves out what is no help where rows are read in an order anyway."""
    text, values = _searched(search, visible)
    if where is None:
        return text, values
    text, values = f"{text} AND ({where.text})", [*values, *where.values]
    guide = (where.light if light else where.full) if isinstance(where, Where) else None
    return (f"{text} AND {guide.text}", [*values, *guide.values]) if guide else (text, values)


def _searched(search: str, visible: Sql) -> Condition:
    term = search.replace("\x00", "").encode("utf-8", "replace").decode().strip()
    if not term:
        return visible.text, [*visible.values]
    found = " AND ".join(["a.search LIKE %s"] * len(term.split()))
    return f"{visible.text} AND (({found}) OR a.identifier = %s)", [
        *visible.values,
        *map(_within, term.lower().split()),
        term,
    ]


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
    phases = order.phases[::-1] if place and place.backwards else order.phases
    if place:
        phases = phases[phases.index(place.phase) :]
    found: list[Place] = []
    with connection.cursor() as db:
        for phase in phases:
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
    descending = order.descending != bool(place and place.backwards)
    way, sign = ("DESC", "<") if descending else ("ASC", ">")
    start = place if place and place.phase == phase else None
    source, key, value, condition = _source(order, phase)
    by, at = (f"{value}, {key}", "(%s, %s)") if phase == 0 else (key, "%s")
    source, figured = source.replace(FACTS, figures.text), FACTS in source
    values = [*(figures.values if figured else ()), *matching[1]]
    condition = f"{condition} AND {matching[0]}"
    if phase == 0 and order.table != ACCOUNT:  # so that a range of the index is one
        condition = condition.replace(f"{value} IS NULL", "FALSE")
    if start:
        condition += f" AND ({by}) {sign} {at}"
        values += [start.value, start.account_id] if phase == 0 else [start.account_id]
    ordered = ", ".join(f"{column} {way}" for column in by.split(", "))
    return (
        f"SELECT {key}, {value} FROM {source} WHERE {condition} ORDER BY {ordered}",  # noqa: S608
        values,
    )


def _source(order: Order, phase: int) -> tuple[str, str, str, str]:
    """Tables, id column, value column and own condition of a part."""
    if order.table == ACCOUNT:
        return EVERY, "a.id", f"a.{order.column}", "TRUE"
    if order.table != FACTS:
        return _beside(order, phase)
    value = f"f.{order.column}"
    if phase == 2:
        return EVERY, "a.id", "NULL", "f.account_id IS NULL"
    if phase == 1:
        return MEASURED, "f.account_id", "NULL", f"{value} IS NULL"
    return MEASURED, "f.account_id", value, f"{value} IS NOT NULL"


def _beside(order: Order, phase: int) -> tuple[str, str, str, str]:
    """The same where the order is a column of another table with one row an account."""
    value = f"o.{order.column}"
    if phase == 2:
        source = f"{EVERY} LEFT JOIN {order.table} o ON o.account_id = a.id"
        return source, "a.id", "NULL", "o.account_id IS NULL"
    source = (
        f"{order.table} o JOIN {ACCOUNT} a ON a.id = o.account_id"
        f" LEFT JOIN {FACTS} f ON f.account_id = a.id"
    )
    known = "IS NULL" if phase == 1 else "IS NOT NULL"
    return source, "o.account_id", "NULL" if phase == 1 else value, f"{value} {known}"
