"""Walking the account list in one of its orders, from a row onwards, by index."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.apps import apps
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
    search: str, where: Sql | None = None, visible: Sql = NOW, *, guided: bool = True
) -> Condition:
    """The condition on account ``a``, with its values: every word occurs, or it is the identifier.
    ``where`` is a rule's condition on ``a`` and its figures ``f`` besides; ``visible`` says which
    accounts there are, at a past time others than now. What helps to find few accounts is in it,
    unless it is not to be ``guided``: where rows are read in an order anyway it would only be tested
    twice, and be taken for something rarer than it is."""
    text, values = _searched(search, visible)
    if where is None:
        return text, values
    asked = where.whole if guided and isinstance(where, Where) and where.whole else where
    return f"{text} AND ({asked.text})", [*values, *asked.values]


def leading(search: str, where: Sql | None = None) -> Condition:
    """What leads to the accounts of ``matching`` by an index, alone: how many meet it can be told well,
    where the whole says the same twice. The whole, where nothing leads."""
    guide = where.full if isinstance(where, Where) else None
    return matching(search, guide or where)


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


def phases_from(order: Order, place: Place | None) -> tuple[int, ...]:
    """The parts of the list from a place on, in the direction it leads."""
    phases = order.phases[::-1] if place and place.backwards else order.phases
    return phases[phases.index(place.phase) :] if place else phases


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


def strode(
    order: Order,
    phase: int,
    place: Place | None,
    own: Sequence[Sql],
    matching: Condition,
    rows: int,
    wanted: int,
) -> tuple[list[Place], Place | None]:
    """What fits of so many rows of a part, and where one stands after them; None beyond its last. Both
    are asked at once, so that no change comes in between."""
    statement, values = stride(order, phase, place, own, matching, rows)
    _, key, value, _ = _source(order, phase)
    alone, alone_values = _alone(order, phase, place, own)
    end = f"SELECT {key}, {value} FROM {alone} OFFSET %s LIMIT 1"  # noqa: S608
    with connection.cursor() as db:
        db.execute(
            f"SELECT found.*, FALSE FROM ({statement} LIMIT %s) found"  # noqa: S608
            f" UNION ALL SELECT last.*, TRUE FROM ({end}) last",
            [*values, wanted, *alone_values, rows - 1],
        )
        answers = db.fetchall()
    backwards = bool(place and place.backwards)
    ends = [Place(phase, at, pk, backwards) for pk, at, is_end in answers if is_end]
    found = [Place(phase, at, pk) for pk, at, is_end in answers if not is_end]
    return found, ends[0] if ends else None


def stride(
    order: Order,
    phase: int,
    place: Place | None,
    own: Sequence[Sql],
    matching: Condition,
    rows: int,
) -> Condition:
    """The statement of so many rows of a part and those of them that fit: they are read in their
    order, whatever the planner thinks of the condition, and looked at one after the other. ``own``
    are conditions on the order's column alone: rows they leave out are not counted."""
    source, key, value, condition = _source(order, phase)
    alone, values = _alone(order, phase, place, own)
    table, alias = _table(order, phase), key.partition(".")[0]
    columns = {key, *([value] if phase == 0 else ()), *_columns(table, alias, matching[0])}
    inner = f"(SELECT {', '.join(sorted(columns))} FROM {alone} LIMIT %s) {alias}"  # noqa: S608
    known = f"{condition} AND " if phase == 2 else ""
    statement = (
        f"SELECT {key}, {value} FROM {source.replace(f'{table} {alias}', inner, 1)}"  # noqa: S608
        f" WHERE {known}{matching[0]} ORDER BY {_by(order, phase, place)}"
    )
    return statement, [*values, rows, *matching[1]]


def _columns(table: str, alias: str, condition: str) -> set[str]:
    """What a condition asks of a table, so that nothing else of its rows is read."""
    named = re.findall(rf"\b{alias}\.([a-z_0-9]+)", condition)
    return {f"{alias}.{name}" for name in named if name in _known(table)}


@lru_cache(maxsize=10)
def _known(table: str) -> frozenset[str]:
    models = [one for one in apps.get_models() if one._meta.db_table == table]
    fields = [field for one in models for field in one._meta.concrete_fields]
    return frozenset(field.column for field in fields if field.column)


def _alone(order: Order, phase: int, place: Place | None, own: Sequence[Sql]) -> Condition:
    """The rows of a part in their order, of one table: the order's own, or that of accounts where it
    has no row of them, which are then among others."""
    _, key, _, condition = _source(order, phase)
    told, values = "TRUE", []
    if phase < 2:
        told = " AND ".join([condition, *(one.text for one in own)])
        values = [value for one in own for value in one.values]
    within, values = _beyond(order, phase, place, told, values)
    by = _by(order, phase, place)
    return f"{_table(order, phase)} {key.partition('.')[0]} WHERE {within} ORDER BY {by}", values


def _table(order: Order, phase: int) -> str:
    return ACCOUNT if phase == 2 else order.table


def _part(
    order: Order, phase: int, place: Place | None, matching: Condition, figures: Sql
) -> Condition:
    """One part of the list, from ``place`` on when that lies in it."""
    source, key, value, condition = _source(order, phase)
    source, figured = source.replace(FACTS, figures.text), FACTS in source
    condition, values = _beyond(order, phase, place, f"{condition} AND {matching[0]}", matching[1])
    statement = (
        f"SELECT {key}, {value} FROM {source} WHERE {condition} ORDER BY {_by(order, phase, place)}"  # noqa: S608
    )
    return statement, [*(figures.values if figured else ()), *values]


def _beyond(
    order: Order, phase: int, place: Place | None, condition: str, values: Sequence[Any]
) -> Condition:
    """The condition, beyond the place when that lies in this part."""
    _, key, value, _ = _source(order, phase)
    found = [*values]
    if phase == 0 and order.table != ACCOUNT:  # so that a range of the index is one
        condition = condition.replace(f"{value} IS NULL", "FALSE")
    if place and place.phase == phase:
        sign = "<" if order.descending != place.backwards else ">"
        by, at = (f"{value}, {key}", "%s, %s") if phase == 0 else (key, "%s")
        condition += f" AND ({by}) {sign} ({at})"
        found += [place.value, place.account_id] if phase == 0 else [place.account_id]
    return condition, found


def _by(order: Order, phase: int, place: Place | None) -> str:
    _, key, value, _ = _source(order, phase)
    way = "DESC" if order.descending != bool(place and place.backwards) else "ASC"
    return ", ".join(f"{column} {way}" for column in ((value, key) if phase == 0 else (key,)))


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
    known = order.known.format("o") or "TRUE"
    if phase == 1:
        return source, "o.account_id", "NULL", f"({value} IS NULL OR NOT ({known}))"
    return source, "o.account_id", value, f"{value} IS NOT NULL AND {known}"
