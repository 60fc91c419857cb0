"""A page of the account list under a condition, whether it holds for many accounts or for few.

Where many fit, the list is walked in its order and the page is soon full. Where few do, such a walk
would look at nearly every account; all that fit are gathered then and sorted. A short walk comes first,
which fills the page under most conditions. What it finds, and the planner's guess of how many fit at
all, say how far it would have to go on, and that is held against what gathering would take. Rows are
counted, not moments: a busy machine is no reason to go another way.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from tenure.metrics.keyset import Condition
from tenure.metrics.paging import ACCOUNT, BRIEF, Order, Place, phases_from
from tenure.metrics.planned import planned, rows_of
from tenure.metrics.strides import Ways, everyone, stride, strode
from tenure.rules.sql import Sql

FIRST = 2_000  # rows of the order, looked at before anything is guessed
COSTLY = 4  # times fewer at first where more than their brief must be read
LONG_MS = 150  # what takes so long is not gathered lightly
TRIED = 0.5  # of what gathering takes, for a walk that finds little
FARTHER = 1.5  # how much farther to go than the page seems to need
TOGETHER = 2  # times as long as the planner expects, where all rows are taken together
PASSED_MS = 0.0003  # the least that walking past a row takes
READ_MS = 0.002  # and past one of the accounts themselves, which lie anywhere by name
FOUND_MS = 0.0015  # the least that a row takes which fits


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
        has taken half as long and found little, or a quarter and found nothing: who fits may come late
        in this order. They are taken to be as frequent as foreseen, or as found so far where that is more."""
        fit = max(self.fit, self.everyone * found / looked, 1)
        rows = (wanted - found) * self.everyone / fit
        most = max(self.gathering, self.everyone * found / looked * self.row) / self.row
        few = found * 4 < wanted
        # None where a whole page was foreseen: the order begins with others, perhaps with many. Only
        # what takes long to gather is worth going on for.
        adverse = not found and looked >= rows and self.gathering < LONG_MS
        tried = most * (TRIED / 2 if adverse else TRIED)
        if (few and looked > tried) or rows > most:
            return 0
        left = int(tried) - looked if few else int(most)
        return max(FIRST, min(max(looked, int(rows * FARTHER)), left))


def walk_or_gather(order: Order, place: Place | None, ways: Ways, wanted: int) -> list[Place]:
    """``keyset.walk``, in whichever way is quicker."""
    found: list[Place] = []
    looked, guess = 0, None
    for phase in phases_from(order, place):
        at, step = place, FIRST if ways.is_told else max(FIRST // COSTLY, 1)
        while step:
            missing = wanted - len(found)
            fit, at = strode(order, phase, at, ways, step, missing)
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


def _foreseen(order: Order, ways: Ways) -> Guess:
    """What the planner thinks of both ways."""
    led, met = (planned(*everyone(order, one)) for one in (ways.led, ways.gathered))
    passing = planned(*stride(order, 0, None, ways, FIRST))
    # What leads to them alone may be wider than all of it; all of it is taken for rarer than it is,
    # where it says the same of two columns.
    fit = min(led.rows, max(met.rows, led.rows / 4))
    gathering = min(led.milliseconds, met.milliseconds) * TOGETHER + fit * FOUND_MS
    row = max(passing.milliseconds / FIRST, READ_MS if order.table == ACCOUNT else PASSED_MS)
    return Guess(rows_of(BRIEF), fit, gathering, row)


def gather(order: Order, place: Place | None, condition: Sql, wanted: int) -> list[Place]:
    """The same places out of all that fit, sorted."""
    statement, values = _sorted(order, place, condition)
    with connection.cursor() as db:
        db.execute(f"{statement} LIMIT %s", [*values, wanted])
        return [Place(part, value, account) for account, value, part in db.fetchall()]


def _sorted(order: Order, place: Place | None, condition: Sql) -> Condition:
    backwards = bool(place and place.backwards)
    way, sign = ("DESC", "<") if order.descending != backwards else ("ASC", ">")
    within, values = _beyond(place, sign)
    nulls = "FIRST" if backwards else "LAST"
    parts = "DESC" if backwards else "ASC"
    every, told = everyone(order, condition)
    statement = (
        f"SELECT id, v, part FROM ({every} OFFSET 0) every"  # noqa: S608
        f" WHERE {within} ORDER BY part {parts}, v {way} NULLS {nulls}, id {way}"
    )
    return statement, [*told, *values]


def _beyond(place: Place | None, sign: str) -> tuple[str, list[Any]]:
    if place is None:
        return "TRUE", []
    later = "<" if place.backwards else ">"
    if place.phase == 0:
        here, values = f"(v, id) {sign} (%s, %s)", [place.value, place.account_id]
    else:
        here, values = f"id {sign} %s", [place.account_id]
    return f"(part {later} %s OR (part = %s AND {here}))", [place.phase, place.phase, *values]
