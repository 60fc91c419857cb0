"""A subscription's MRR on past days, from what it was invoiced (METRICS section 6).

For the time before the first sync. Every point says how it was made: reconstructed from the lines
that cover the day, or inferred across a gap between them.
"""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from tenure.metrics.amounts import ZERO
from tenure.metrics.inputs import DEFAULTS, Interval, Settings

RECURRING = frozenset({"plan", "add_on"})
SNAP = Fraction(1, 20)


class HistoryLine(Struct, frozen=True, kw_only=True):
    """One invoiced line of a subscription with the local days it covers, from ``start_date`` up to
    but not including ``end_date``, and its plan's interval. Amounts are in one currency.
    ``rounding`` is by how much rounding its units may have moved its amount, where that is known."""

    start_date: date | None = None
    end_date: date | None = None
    subtotal: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    tax_inclusive: bool = False
    origin: str | None = None
    type: str | None = None
    proration_rate: Decimal | None = None
    interval: Interval | None = None
    invoice_state: str | None = None
    is_usage: bool = False
    rounding: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """MRR on one day and how it is known."""

    day: date
    mrr: Fraction
    kind: Literal["reconstructed", "inferred"]


@dataclass(frozen=True, slots=True)
class Life:
    """The days between which a subscription can have had MRR, and those on which it was paused,
    each pair without its second day; None is open."""

    begins: date | None = None
    ends: date | None = None
    pauses: Sequence[tuple[date, date | None]] = ()


ALWAYS = Life()


@dataclass(frozen=True, slots=True)
class _Part:
    start: date
    end: date
    monthly: Fraction
    whole: bool
    slack: Fraction = ZERO


def mrr_history(
    lines: Iterable[HistoryLine],
    days: Iterable[date],
    *,
    life: Life = ALWAYS,
    settings: Settings = DEFAULTS,
) -> list[Point]:
    """The subscription's MRR on each of these local days."""
    parts = [part for line in lines if (part := _part(line, settings))]
    return [_point(parts, day, life) for day in days]


def turning_days(lines: Iterable[HistoryLine], life: Life = ALWAYS) -> list[date]:
    """Every local day on which the subscription's past MRR can have changed, in order."""
    days = {day for line in lines for day in (line.start_date, line.end_date) if day}
    days |= {day for pause in life.pauses for day in pause if day}
    days |= {day for day in (life.begins, life.ends) if day}
    return sorted(
        day
        for day in days
        if (life.begins is None or day >= life.begins) and (life.ends is None or day <= life.ends)
    )


def slack_on(lines: Iterable[HistoryLine], day: date, settings: Settings = DEFAULTS) -> Fraction:
    """Within how much two amounts of that day are one, as far as they differ by rounding."""
    parts = (part for line in lines if (part := _part(line, settings)))
    return max(SNAP, sum((p.slack for p in parts if p.start <= day < p.end), ZERO))


def monthly_of(line: HistoryLine, settings: Settings = DEFAULTS) -> Fraction | None:
    """What a line says the subscription brings a month; None for what never is MRR."""
    part = _part(line, settings)
    return part.monthly if part else None


def _part(line: HistoryLine, settings: Settings) -> _Part | None:
    """The line as a monthly amount; None for what never is MRR or cannot be spread."""
    counts = line.origin in RECURRING and not line.is_usage and line.invoice_state != "voided"
    if not counts or not line.start_date or not line.end_date or not line.interval:
        return None
    if line.end_date <= line.start_date:
        return None
    tax = line.tax if line.tax_inclusive else Decimal(0)
    net = Fraction(line.subtotal) - Fraction(line.discount) - Fraction(tax)
    fraction = _fraction(line.start_date, line.end_date, line)
    if not fraction:
        return None
    length = Fraction(line.interval.length)
    per_month = 1 / length if line.interval.unit == "months" else settings.days_per_month / length
    whole = fraction == 1
    slack = ZERO if whole else Fraction(line.rounding or 0) / abs(fraction) * per_month
    return _Part(line.start_date, line.end_date, net / fraction * per_month, whole, slack)


def _fraction(start: date, end: date, line: HistoryLine) -> Fraction:
    """Which part of a full interval the line bills."""
    if line.proration_rate is not None:
        return Fraction(line.proration_rate)
    assert line.interval is not None  # noqa: S101 - the caller looked
    if moved(start, line.interval, 1) == end:
        return Fraction(1)  # a month from the 31st ends on the 28th, and is whole all the same
    full = (end - moved(end, line.interval, -1)).days
    return Fraction((end - start).days, full)


def moved(day: date, interval: Interval, times: int) -> date:
    """The day so many intervals later, or earlier; months keep the day of the month as far as they
    have it."""
    if interval.unit == "days":
        return day + timedelta(days=interval.length * times)
    year, month = divmod(day.year * 12 + day.month - 1 + interval.length * times, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _point(parts: Sequence[_Part], day: date, life: Life) -> Point:
    if (life.begins and day < life.begins) or (life.ends and day >= life.ends):
        return Point(day, ZERO, "reconstructed")
    covering = [part for part in parts if part.start <= day < part.end]
    if covering:
        return Point(day, _snapped(covering, parts, day), "reconstructed")
    return _bridged(parts, day, life)


def _snapped(covering: Sequence[_Part], parts: Sequence[_Part], day: date) -> Fraction:
    """The sum over the day; a prorated one gives way to the full price it all but equals."""
    found = sum((part.monthly for part in covering), ZERO)
    if all(part.whole for part in covering):
        return found
    following = [part for part in parts if part.whole and part.start > day]
    if not following:
        return found
    first = min(part.start for part in following)
    full = sum((part.monthly for part in following if part.start == first), ZERO)
    slack = max(SNAP, sum((part.slack for part in covering), ZERO))
    return full if abs(full - found) <= slack else found


def _bridged(parts: Sequence[_Part], day: date, life: Life) -> Point:
    """A day between two lines of the subscription has what it had last, unless it was paused."""
    before = [part for part in parts if part.end <= day]
    after = any(part.start > day for part in parts)
    paused = any(begin <= day and (end is None or day < end) for begin, end in life.pauses)
    if not before or not after or paused:
        return Point(day, ZERO, "reconstructed")
    last = max(part.end for part in before) - timedelta(days=1)
    return Point(day, _point(parts, last, life).mrr, "inferred")
