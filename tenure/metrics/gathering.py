"""A page of the account list under a condition, whether it holds for many accounts or for few.

Where many fit, the list is walked in its order and the page is soon full. Where few do, such a walk
would look at every account by index, one by one, so it is broken off after a moment, and all that fit
are gathered in one pass and then sorted. Where gathering would take long, because very many fit, the
walk may take longer too: they may only come late in this order.
"""

from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from tenure.metrics.keyset import EVERY, Condition, walk
from tenure.metrics.paging import ACCOUNT, FACTS, Order, Place

MOMENT_MS, LONGEST_MS = 40, 400
# What a gathering costs in milliseconds, roughly: by the planner's own unit, and by the row.
UNIT_MS, ROW_MS = 0.002, 0.005


def walk_or_gather(
    order: Order, place: Place | None, walked: Condition, gathered: Condition, wanted: int
) -> list[Place]:
    """``keyset.walk``, in whichever way is quicker. The conditions say the same, each as it is best
    asked: row by row in the list's order, and of all rows together."""
    statement, values = _gathering(order, place, gathered)
    try:
        with transaction.atomic(), connection.cursor() as db:
            patience = _patience(db, f"{statement} LIMIT %s", [*values, wanted])
            db.execute("SELECT current_setting('statement_timeout')")
            before = db.fetchone()[0]
            db.execute("SELECT set_config('statement_timeout', %s, true)", [str(patience)])
            found = walk(order, place, walked, wanted)
            db.execute("SELECT set_config('statement_timeout', %s, true)", [before])
            return found
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
    return gather(order, place, gathered, wanted)


def gather(order: Order, place: Place | None, matching: Condition, wanted: int) -> list[Place]:
    """The same places out of all that fit, sorted."""
    statement, values = _gathering(order, place, matching)
    with connection.cursor() as db:
        db.execute(f"{statement} LIMIT %s", [*values, wanted])
        return [Place(part, value, account) for account, value, part in db.fetchall()]


def _patience(db: Any, statement: str, values: list[Any]) -> int:
    """How many milliseconds to walk: as long as gathering would take, within limits."""
    db.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
    plan = db.fetchone()[0][0]["Plan"]
    fit = plan["Plans"][0]["Plan Rows"]  # what is sorted, before the limit
    long = min(plan["Total Cost"] * UNIT_MS, fit * ROW_MS)
    return int(min(max(MOMENT_MS, long), LONGEST_MS))


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
    elif order.table == FACTS:
        value, beside = f"f.{order.column}", ""
        part = f"CASE WHEN f.account_id IS NULL THEN 2 WHEN {value} IS NULL THEN 1 ELSE 0 END"
    else:
        value = f"o.{order.column}"
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
