"""The next rows of a list, in whichever way is quicker; each finds the same rows in the same order.

Where many rows fit, an order is walked by its index and the page is soon full. Where few do, all that fit
are gathered and sorted. Where what was asked for is several states, each with an index in this order,
they are walked side by side. And where it is asked of very many accounts, see ``strides.py``.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from tenure.metrics.lists import strides
from tenure.metrics.lists.filters import Wanted
from tenure.metrics.lists.keyset import Order, Reading, phases_from, reading
from tenure.metrics.lists.planned import narrows, planned, rows_of
from tenure.metrics.paging import Place

ROW_MS = {"Index Scan": 0.003, "Index Only Scan": 0.0005}  # what looking at a row takes
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
    values = {**asked.values, **part.values, "limit": limit}
    with connection.cursor() as db:
        db.execute(_statement(part, asked, values), values)
        return list(db.fetchall())


def _statement(part: Reading, asked: Wanted, values: Mapping[str, Any]) -> str:
    walked = in_order(part, asked)
    if asked.is_empty or asked.at.then:
        return walked
    if cased := side_by_side(part, asked):
        return cased
    all_that_fit = gathered(part, asked)
    return all_that_fit if _gathering_is_quicker(walked, all_that_fit, values) else walked


def in_order(part: Reading, asked: Wanted) -> str:
    """By the index of the order."""
    condition = asked.condition(part.part.table, part.part.key)
    return f"{part.rows(condition)} ORDER BY {part.by} LIMIT %(limit)s"


def side_by_side(part: Reading, asked: Wanted) -> str:
    """By the index of each state that is asked for; nothing where that cannot be done."""
    if not part.part.cased:
        return ""
    cases = asked.cases(part.part.table, part.part.key)
    each = [f"({part.rows(one)} ORDER BY {part.by} LIMIT %(limit)s)" for one in cases]
    return f"{' UNION ALL '.join(each)} ORDER BY {part.by_name} LIMIT %(limit)s" if each else ""


def gathered(part: Reading, asked: Wanted) -> str:
    """All that fit, sorted."""
    every = part.rows(asked.condition(part.part.table, part.part.key))
    return (
        f"SELECT key, value FROM ({every} OFFSET 0) every ORDER BY {part.by_name} LIMIT %(limit)s"  # noqa: S608
    )


def _gathering_is_quicker(walked: str, all_that_fit: str, values: Mapping[str, Any]) -> bool:
    """Whether to leave the order alone: the planner takes rows that follow each other in an index to
    lie together, which they need not. What no index leads to is no quicker found another way."""
    took = _walk_ms(planned(walked, values).plan, values["limit"])
    if took < WORTH_MS:
        return False
    other = planned(all_that_fit, values)
    return other.is_led and took > SURELY * other.milliseconds


def _walk_ms(plan: Mapping[str, Any], limit: int) -> float:
    """What a walk along an index will take, by how many of its rows must be looked at; 0 for any other
    plan, and for an index that leads to what is asked for."""
    walks = next((one for one in plan.get("Plans", ()) if one["Node Type"] in ROW_MS), None)
    if plan["Node Type"] != "Limit" or walks is None or "Filter" not in walks:
        return 0
    if narrows(walks):
        return 0
    every = rows_of(walks["Index Name"])
    looked = min(limit * every / max(float(walks["Plan Rows"]), 1), every)
    return looked * ROW_MS[walks["Node Type"]]
