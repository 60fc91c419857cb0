"""The next rows of a list, in whichever way is quicker; each finds the same rows in the same order.

Where many rows fit, an order is walked by its index and the page is soon full. Where few do, or late in
this order, all that fit are gathered and sorted. Several states that each have an index in this order are
walked side by side, and so are the pieces of an order that has no index as a whole. What is asked of very
many accounts is found by ``strides.py``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tenure.metrics.lists import strides
from tenure.metrics.lists.filters import Wanted
from tenure.metrics.lists.keyset import Order, Reading, reading
from tenure.metrics.paging import Place, phases_from
from tenure.metrics.planned import index_of, narrows, planned

ROW_MS = {"Index Scan": 0.003, "Index Only Scan": 0.0005}  # what looking at a row takes
FIRST, GUESSED = 1_000, 100  # rows a walk is tried for, and as many as what was foreseen counts for
MANY = 20_000  # rows that are too many to be sorted for a page
WORTH_MS = 10  # a walk foreseen to take less is taken
SURELY = 1.5  # how much quicker gathering must be, as all of this is foreseen only


def walk(order: Order, place: Place | None, asked: Wanted, limit: int) -> list[Place]:
    """The next ``limit`` places beyond ``place``, nearest first."""
    found: list[Place] = []
    for phase in phases_from(order, place):
        part = order.parts[phase]
        if asked.measured and not part.measured:
            continue
        rows = _rows(reading(order, phase, place), asked, limit - len(found))
        # Where rows go by their id alone, the id is the value, as far as a cursor is concerned.
        by_id = phase == 0 and not part.value
        found += [Place(phase, key if by_id else value, key) for key, value in rows]
        if len(found) >= limit:
            break
    return found


def _rows(part: Reading, asked: Wanted, limit: int) -> list[tuple[int, Any]]:
    if asked.words and not asked.at.then:
        return strides.read(part, asked, asked.words, limit)
    values = {**asked.values, **part.values, "limit": limit, "rows": FIRST}
    walked = in_order(part, asked)
    # The rows of one account are found by it, in whatever order.
    if asked.at.then or "account" in asked.given or (asked.is_empty and not part.part.pieces):
        return _run(walked, values)
    if cased := side_by_side(part, asked):
        return _run(cased, values)
    plan = planned(walked, values)
    if part.part.pieces and plan.sorted > MANY:
        return _run(in_pieces(part, asked), values)
    walk = walk_of(plan.plan)
    return _tried(part, asked, walk, values) if walk else _run(walked, values)


def _tried(
    part: Reading, asked: Wanted, walk: "Walk", values: Mapping[str, Any]
) -> list[tuple[int, Any]]:
    """A walk of some rows; where they do not fill the page, whichever is quicker from there."""
    first, limit = begun(part, asked), values["limit"]
    looked = FIRST if walk.whole or walk.index in planned(first, values).indexes else 0
    found = _run(first, values) if looked else []
    if len(found) >= limit:
        return found
    took = walk.milliseconds(limit, looked, len(found))
    all_that_fit = gathered(part, asked)
    quicker = _is_quicker(all_that_fit, values, took)
    return _run(all_that_fit if quicker else in_order(part, asked), values)


def _run(statement: str, values: Mapping[str, Any]) -> list[tuple[int, Any]]:
    with connection.cursor() as db:
        db.execute(statement, values)
        return list(db.fetchall())


def in_order(part: Reading, asked: Wanted) -> str:
    """By the index of the order."""
    condition = asked.condition(part.part.table, part.part.key)
    return f"{part.rows(condition)} ORDER BY {part.by} LIMIT %(limit)s"


def begun(part: Reading, asked: Wanted) -> str:
    """What fits of so many rows of the order, which is as far as a walk is tried."""
    fits = f"({asked.condition(part.part.table, part.part.key)}) IS TRUE AS fits"
    looked = f"{part.rows('TRUE', fits)} ORDER BY {part.by} LIMIT %(rows)s"
    return (
        f"SELECT key, value FROM ({looked}) looked WHERE fits"  # noqa: S608
        f" ORDER BY {part.by_name} LIMIT %(limit)s"
    )


def side_by_side(part: Reading, asked: Wanted) -> str:
    """By the index of each state that is asked for; nothing where that cannot be done."""
    if not part.part.cased:
        return ""
    return _together(part, asked.cases(part.part.table, part.part.key))


def in_pieces(part: Reading, asked: Wanted) -> str:
    """By the index of each piece of the order."""
    condition = asked.condition(part.part.table, part.part.key)
    return _together(part, [f"{piece} AND {condition}" for piece in part.part.pieces])


def _together(part: Reading, conditions: Sequence[str]) -> str:
    """The rows that meet one of these conditions, each walked for itself."""
    each = [f"({part.rows(one)} ORDER BY {part.by} LIMIT %(limit)s)" for one in conditions]
    return f"{' UNION ALL '.join(each)} ORDER BY {part.by_name} LIMIT %(limit)s" if each else ""


def gathered(part: Reading, asked: Wanted) -> str:
    """All that fit, sorted."""
    every = part.rows(asked.condition(part.part.table, part.part.key))
    return (
        f"SELECT key, value FROM ({every} OFFSET 0) every ORDER BY {part.by_name} LIMIT %(limit)s"  # noqa: S608
    )


def _is_quicker(all_that_fit: str, values: Mapping[str, Any], took: float) -> bool:
    """Whether to leave the order alone. What no index leads to is no quicker found another way."""
    if took < WORTH_MS:
        return False
    gathering = planned(all_that_fit, values)
    return gathering.is_led and took > SURELY * gathering.milliseconds


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk along an index of so many rows as the planner would have it: how many of them fit by its
    guess, how long one takes, and whether these are all rows of the table, whatever is asked for."""

    index: str
    every: float
    fit: float
    row: float
    whole: bool

    def milliseconds(self, limit: int, looked: int, found: int) -> float:
        """What it will take, by how many rows must be looked at. The planner alone takes rows that
        follow each other in an index to lie together, which they need not, and those that fit to be
        spread evenly: what was found of those already looked at counts for more."""
        share = (found + self.fit / self.every * GUESSED) / (looked + GUESSED)
        return min(limit / max(share, 1e-9), self.every) * self.row


def walk_of(plan: Mapping[str, Any]) -> Walk | None:
    """The walk along an index that a plan is; None for any other plan, and for an index that leads to
    what is asked for."""
    scan = next((one for one in plan.get("Plans", ()) if one["Node Type"] in ROW_MS), None)
    if plan["Node Type"] != "Limit" or scan is None or "Filter" not in scan or narrows(scan):
        return None
    name, row = scan["Index Name"], ROW_MS[scan["Node Type"]]
    every, whole = index_of(name)
    return Walk(name, every, max(float(scan["Plan Rows"]), 1), row, whole)
