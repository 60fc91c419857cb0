"""A page of the account list under a condition, whether it holds for many accounts or for few.

Where many fit, the list is walked in its order and the page is soon full. Where few do, such a walk
would look at nearly every account by index, one by one; all that fit are gathered then and sorted.
A short walk comes first, which fills the page under most conditions. What it finds, and the planner's
guess of how many fit at all, say how far it would have to go on, and that is held against what
gathering would take. Rows are counted, not moments: a busy machine is no reason to go another way.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tenure.metrics.keyset import (
    EVERY,
    Condition,
    leading,
    matching,
    phases_from,
    stride,
    strode,
)
from tenure.metrics.paging import ACCOUNT, FACTS, Order, Place
from tenure.rules.sql import Sql, Where

FIRST = 2_000  # rows of the order, looked at before anything is guessed
TRIED = 0.25  # of what gathering takes, for a walk that finds little
FARTHER = 1.5  # how much farther to go than the page seems to need
UNIT_MS = 0.002  # what the planner's own unit of cost takes, roughly
ROW_MS = 0.0015  # the least that looking at a row takes
AMOUNTS = frozenset({"mrr_sort", "due_sort", "past_due_sort"})  # beside all amounts in one index
_COLUMNS = re.compile(r"\b[afo]\.[a-z_]+")


@dataclass(frozen=True, slots=True)
class Ways:
    """One condition, as it is best asked row by row in the list's order (``walked``) and of all rows
    together (``gathered``). ``told`` is the condition alone and ``led`` what leads to its rows alone:
    how many meet either can be told. ``apart`` is what each must meet."""

    walked: Condition
    gathered: Condition
    told: Condition
    led: Condition
    apart: Sequence[Sql] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """What is foreseen before going on: of how many accounts how many fit, and what gathering all that
    fit, and walking past one row, would take in milliseconds."""

    everyone: float
    fit: float
    gathering: float
    row: float

    def ahead(self, looked: int, found: int, wanted: int) -> int:
        """How many more rows to walk for the page; 0 where gathering is quicker, and where the walk
        has taken a quarter as long and found little: who fits may come late in this order. They are
        taken to be as frequent as foreseen, or as found so far where that is more."""
        fit = max(self.fit, self.everyone * found / looked, 1)
        rows = (wanted - found) * self.everyone / fit
        most = max(self.gathering, self.everyone * found / looked * self.row) / self.row
        late = looked > most * TRIED and found * 4 < wanted
        if late or rows > most:
            return 0
        left = int(most * TRIED) - looked if found * 4 < wanted else int(most)
        return max(FIRST, min(max(looked, int(rows * FARTHER)), left))


def ways_of(search: str, where: Sql | None) -> Ways:
    """The ways to ask for the accounts of now that match a search and a rule."""
    # As one test of a row, whose parts the planner does not take for a reason to go another way.
    walked = where and Sql(f"({where.text}) IS TRUE", where.values)
    return Ways(
        walked=matching(search, walked),
        gathered=matching(search, where),
        told=matching(search, where, guided=False),
        led=leading(search, where),
        apart=where.apart if isinstance(where, Where) else (),
    )


def walk_or_gather(order: Order, place: Place | None, ways: Ways, wanted: int) -> list[Place]:
    """``keyset.walk``, in whichever way is quicker."""
    found: list[Place] = []
    looked, guess, own = 0, None, _own(order, ways)
    for phase in phases_from(order, place):
        at, step = place, FIRST
        while step:
            missing = wanted - len(found)
            fit, at = strode(order, phase, at, own, ways.walked, step, missing)
            found += fit
            if len(found) >= wanted:
                return found
            if at is None:
                break
            looked += step
            guess = guess or _foreseen(order, ways)
            step = guess.ahead(looked, len(found), wanted)
        else:
            return gather(order, place, ways.gathered, wanted)
    return found


def _own(order: Order, ways: Ways) -> list[Sql]:
    """What each account must meet that the order's own column tells."""
    alias = {ACCOUNT: "a", FACTS: "f"}.get(order.table, "o")
    column = {f"{alias}.{order.column}"}
    return [one for one in ways.apart if set(_COLUMNS.findall(one.text)) == column]


def _foreseen(order: Order, ways: Ways) -> Guess:
    """What the planner thinks of both ways."""
    with connection.cursor() as db:
        db.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [ACCOUNT])
        everyone = max(float(db.fetchone()[0]), 1.0)
        led, leading = _planned(db, (_all(order, ways.led[0]), ways.led[1]))
        told, _ = _planned(db, (_all(order, ways.told[0]), ways.told[1]))
        met, gathering = _planned(db, (_all(order, ways.gathered[0]), ways.gathered[1]))
        _, passing = _planned(db, stride(order, 0, None, (), ways.walked, FIRST))
    row = max(passing * UNIT_MS / FIRST, ROW_MS)
    # What leads to them alone may be wider than all of it; all of it is taken for rarer than it is,
    # where it says the same of two columns.
    cost = (leading + gathering) / 2 * UNIT_MS + min(led, told, max(met, led / 4)) * ROW_MS
    return Guess(everyone, min(led, told), cost, row)


def _planned(db: Any, statement: Condition) -> tuple[float, float]:
    """How many rows the planner expects, at which cost."""
    db.execute(f"EXPLAIN (FORMAT JSON) {statement[0]}", statement[1])
    said = db.fetchone()[0]
    plan = (json.loads(said) if isinstance(said, str) else said)[0]["Plan"]
    return float(plan["Plan Rows"]), float(plan["Total Cost"])


def gather(order: Order, place: Place | None, matching: Condition, wanted: int) -> list[Place]:
    """The same places out of all that fit, sorted."""
    statement, values = _gathering(order, place, matching)
    with connection.cursor() as db:
        db.execute(f"{statement} LIMIT %s", [*values, wanted])
        return [Place(part, value, account) for account, value, part in db.fetchall()]


def _gathering(order: Order, place: Place | None, matching: Condition) -> Condition:
    backwards = bool(place and place.backwards)
    way, sign = ("DESC", "<") if order.descending != backwards else ("ASC", ">")
    condition, values = _beyond(place, sign)
    nulls = "FIRST" if backwards else "LAST"
    parts = "DESC" if backwards else "ASC"
    statement = (
        f"SELECT id, v, part FROM ({_all(order, matching[0])} OFFSET 0) every"  # noqa: S608
        f" WHERE {condition} ORDER BY part {parts}, v {way} NULLS {nulls}, id {way}"
    )
    return statement, [*matching[1], *values]


def _all(order: Order, condition: str) -> str:
    if order.table == ACCOUNT:
        value, part, beside = f"a.{order.column}", "0", ""
    elif order.table == FACTS and order.column in AMOUNTS:
        value, beside = f"f.{order.column}", ""
        part = f"CASE WHEN f.account_id IS NULL THEN 2 WHEN {value} IS NULL THEN 1 ELSE 0 END"
    else:  # a look of its own, of those that fit alone: what the rule asks may be told by an index
        known = order.known.format("o") or "TRUE"
        value = f"CASE WHEN {known} THEN o.{order.column} END"
        beside = f" LEFT JOIN {order.table} o ON o.account_id = a.id"
        part = f"CASE WHEN o.account_id IS NULL THEN 2 WHEN {value} IS NULL THEN 1 ELSE 0 END"
    return f"SELECT a.id AS id, {value} AS v, {part} AS part FROM {EVERY}{beside} WHERE {condition}"  # noqa: S608


def _beyond(place: Place | None, sign: str) -> tuple[str, list[Any]]:
    if place is None:
        return "TRUE", []
    later = "<" if place.backwards else ">"
    if place.phase == 0:
        here, values = f"(v, id) {sign} (%s, %s)", [place.value, place.account_id]
    else:
        here, values = f"id {sign} %s", [place.account_id]
    return f"(part {later} %s OR (part = %s AND {here}))", [place.phase, place.phase, *values]
