"""Drawings of revenue, as places and sizes in per cent: the waterfall of movements, and the months."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tenure.core.money import Money
from tenure.metrics.movements import MOVING, Movement
from tenure.metrics.revenue.report import Month
from tenure.metrics.series import Moves

NONE = Decimal(0)
# Where the movements are small beside the whole, the axis does not start at zero, and says so.
CUT_FROM = Decimal("0.5")
LABELS = {
    Movement.NEW: "New",
    Movement.REACTIVATION: "Reactivation",
    Movement.EXPANSION: "Expansion",
    Movement.CONTRACTION: "Contraction",
    Movement.CHURN: "Churn",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: ``kind`` picks its colour and where it leads, ``times`` how many moved."""

    kind: str
    label: str
    amount: Money
    x: str
    width: str
    y: str
    height: str
    times: int | None = None
    line_y: str = ""
    line_end: str = ""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The bars from start to end; ``floor`` is where the axis starts when that is not zero."""

    bars: Sequence[Bar]
    floor: Money | None


@dataclass(frozen=True, slots=True)
class Column:
    """A month: its MRR at the end, and its movements above and below the line."""

    month: Month
    end: Money
    x: str
    y: str
    height: str
    parts: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Months:
    """The columns with their common width and the place of the line between won and lost."""

    columns: Sequence[Column]
    width: str
    zero: str


def waterfall(moves: Moves) -> Waterfall | None:
    """How MRR went from start to end; None where a rate is missing."""
    if moves.start is None or moves.end is None:
        return None
    steps: list[tuple[str, str, Decimal, int | None]] = [
        (kind.value, LABELS[kind], moves.sums[kind], moves.times[kind]) for kind in MOVING
    ]
    if moves.fx:
        steps.append(("fx", "Exchange rates", moves.fx, None))
    levels = [moves.start]
    for _, _, amount, _ in steps:
        levels.append(levels[-1] + amount)
    floor, top = _axis(levels)
    width, gap = _widths(len(steps) + 2)

    def bar(place: int, kind: str, label: str, amount: Decimal, low: Decimal, high: Decimal, times: int | None, level: Decimal) -> Bar:  # fmt: skip
        x = place * (width + gap) + gap / 2
        return Bar(
            kind, label, Money(amount, moves.currency), _per_cent(x), _per_cent(width),
            _per_cent(_y(high, floor, top)),
            _per_cent(max(_y(low, floor, top) - _y(high, floor, top), Decimal("0.4"))),
            times, _per_cent(_y(level, floor, top)), _per_cent(x + 2 * width + gap),
        )  # fmt: skip

    bars = [bar(0, "start", "Start", moves.start, floor, moves.start, None, moves.start)]
    for place, (kind, label, amount, times) in enumerate(steps):
        before, after = levels[place], levels[place + 1]
        low, high = min(before, after), max(before, after)
        bars.append(bar(place + 1, kind, label, amount, low, high, times, after))
    bars.append(bar(len(steps) + 1, "end", "End", moves.end, floor, moves.end, None, moves.end))
    return Waterfall(bars, Money(floor, moves.currency) if floor else None)


def _axis(levels: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    low, top = min(levels), max(levels)
    if top <= 0:
        return NONE, Decimal(1)
    if low > top * CUT_FROM:
        return max(NONE, low - (top - low) * 2 - top / 50), top
    return NONE, top


def _widths(count: int) -> tuple[Decimal, Decimal]:
    step = Decimal(100) / count
    return step * Decimal("0.68"), step * Decimal("0.32")


def _y(level: Decimal, floor: Decimal, top: Decimal) -> Decimal:
    """A level's place from the top, with a little air above."""
    span = top - floor or Decimal(1)
    return Decimal(4) + (top - level) / span * 96


def months(found: Sequence[Month]) -> Months | None:
    """The months side by side; None where a rate is missing."""
    if any(one.moves.end is None for one in found):
        return None
    top = max((one.moves.end or NONE for one in found), default=NONE) or Decimal(1)
    won = max((_sum(one, positive=True) for one in found), default=NONE)
    lost = max((_sum(one, positive=False) for one in found), default=NONE)
    span = won + lost or Decimal(1)
    zero = won / span * 100
    width, gap = _widths(len(found))
    columns = []
    for place, one in enumerate(found):
        x = place * (width + gap) + gap / 2
        end = one.moves.end or NONE
        height = max(NONE, end / top * 96)
        columns.append(
            Column(
                one, Money(end, one.moves.currency), _per_cent(x), _per_cent(100 - height),
                _per_cent(height), _parts(one, x, width, zero, span),
            )
        )  # fmt: skip
    return Months(columns, _per_cent(width), _per_cent(zero))


def _sum(one: Month, *, positive: bool) -> Decimal:
    amounts = (amount for amount in one.moves.sums.values() if (amount > 0) == positive)
    return abs(sum(amounts, NONE))


def _parts(one: Month, x: Decimal, width: Decimal, zero: Decimal, span: Decimal) -> Sequence[Bar]:
    """Won stacked upwards from the line, lost downwards."""
    up = down = zero
    bars = []
    for kind in MOVING:
        amount = one.moves.sums[kind]
        size = abs(amount) / span * 100
        if not size:
            continue
        if amount > 0:
            up -= size
            y = up
        else:
            y = down
            down += size
        bars.append(
            Bar(
                kind.value, LABELS[kind], Money(amount, one.moves.currency), _per_cent(x),
                _per_cent(width), _per_cent(y), _per_cent(size), one.moves.times[kind],
            )
        )  # fmt: skip
    return bars


def _per_cent(value: Decimal) -> str:
    return f"{value:.3f}%"
