"""A subscription's MRR before its first snapshot, as points: what it was on each day it changed.

Made of the pure history of its invoiced lines. Where the last amounts differ from the first snapshot by
no more than the rounding of invoices, they are the snapshot's: nothing moved there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tenure.metrics.amounts import ZERO, stored
from tenure.metrics.inputs import Settings
from tenure.metrics.invoiced import Invoiced
from tenure.metrics.mrr_history import monthly_of, mrr_history, slack_on, turning_days


@dataclass(frozen=True, slots=True)
class PastPoint:
    """MRR of a subscription from a past day on; see ``MrrPoint``."""

    day: date
    mrr: Decimal
    status: str
    kind: str
    quantity: int | None = None
    plan_code: str | None = None
    add_ons: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)


def past_of(one: Invoiced, settings: Settings, today: date) -> list[PastPoint]:
    """The subscription's MRR on the days before its first snapshot on which it changed."""
    horizon = one.horizon or today
    days = [day for day in turning_days(one.lines, one.life) if day < horizon]
    points: list[PastPoint] = []
    for known in mrr_history(one.lines, days, life=one.life, settings=settings):
        point = _point(one, known.day, known.mrr, known.kind, settings)
        if not points:
            points += [point] if point.mrr else []
        elif not _reads_as(point, points[-1]):
            points.append(point)
    return _snapped(points, one, settings)


def _reads_as(one: PastPoint, other: PastPoint) -> bool:
    return replace(one, day=other.day) == other


def _snapped(points: list[PastPoint], one: Invoiced, settings: Settings) -> list[PastPoint]:
    """The last amounts as the first snapshot has them, where rounding of invoices is all that lies
    between."""
    then, place = one.then, len(points)
    if not then:
        return points
    while place and points[place - 1].mrr:
        last = points[place - 1]
        if abs(last.mrr - then) > slack_on(one.lines, last.day, settings):
            break
        place -= 1
    return [*points[:place], *(replace(point, mrr=then) for point in points[place:])]


def _point(one: Invoiced, day: date, mrr: Fraction, kind: str, settings: Settings) -> PastPoint:
    covering = [
        place
        for place, line in enumerate(one.lines)
        if line.start_date and line.end_date and line.start_date <= day < line.end_date
    ]
    add_ons = discount = ZERO
    quantity, plan = None, None
    for place in covering:
        line = one.lines[place]
        monthly = monthly_of(line, settings) or ZERO
        net = line.subtotal - line.discount
        if line.origin == "add_on":
            add_ons += monthly
        elif line.subtotal > 0:
            quantity, plan = one.quantities[place], one.plans[place]
        if line.discount and net:
            discount += monthly * Fraction(line.discount) / Fraction(net)
    return PastPoint(
        day,
        stored(mrr),
        _status(one, day, mrr, covered=bool(covering)),
        kind,
        quantity,
        plan,
        stored(add_ons),
        stored(discount),
    )


def _status(one: Invoiced, day: date, mrr: Fraction, *, covered: bool) -> str:
    if one.life.ends and day >= one.life.ends:
        return "expired"
    if mrr:
        return "contributing"
    if any(begin <= day and (end is None or day < end) for begin, end in one.life.pauses):
        return "paused"
    return "free" if covered else "none"


def differing(past: Sequence[PastPoint], standing: Mapping[date, PastPoint]) -> list[PastPoint]:
    """The points to add, so that the past reads so: new and other ones, and for each day that was
    thought to be a change and is none, what goes on there."""
    wanted = {point.day: point for point in past}
    for day in standing:
        if day not in wanted:
            before = [point for point in past if point.day < day]
            wanted[day] = (
                replace(before[-1], day=day)
                if before
                else PastPoint(day, Decimal(0), "none", "reconstructed")
            )
    return [point for day, point in sorted(wanted.items()) if standing.get(day) != point]
