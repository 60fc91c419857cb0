"""The same score as ``score.score``, in whole numbers, for very many accounts at once.

Values are whole millionths, as figures are kept with six decimals. Weight times points of a straight
piece is then ``a * value + b`` over one denominator common to the whole definition, so a score needs
a few multiplications of integers and stays exact. A test holds it equal to the definition.
"""

import math
from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tenure.health.measures import Measure
from tenure.health.score import HALF, Definition, least_coverage

MILLION = 10**6
SIXTY_DAYS = 60 * MILLION
PAST_DUE_60, MISSING_DATA = "past_due_60", "missing_data"
NONE: dict[str, int | None] = {}

Values = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Share:
    """What one measure gave and kept, in ten-thousandths of a point, and its share of the weight in
    ten-thousandths."""

    measure: str
    points: int
    contribution: int
    loss: int
    weight: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """A score in tenths, with what limits it; the scores are None when too little is known."""

    score: int | None
    uncapped: int | None
    coverage: int
    caps: tuple[str, ...]
    missing: tuple[str, ...]
    ratio: tuple[int, int] | None = None
    shares: tuple[Share, ...] = ()

    @property
    def exact(self) -> Fraction | None:
        """The score before caps and rounding, where it was asked to be explained."""
        return None if self.ratio is None else Fraction(*self.ratio)


class Scorer:
    """One definition, made ready. Its answers are those of ``score.score`` for the same values.
    ``coverage`` is the workspace's, for a definition without its own."""

    def __init__(self, definition: Definition, *, coverage: Fraction = HALF) -> None:
        self.definition = definition
        counted = [measure for measure in definition.measures if measure.weight]
        self.names = tuple(measure.name for measure in counted)
        scale = math.lcm(*(measure.weight.denominator for measure in counted))
        self._weights = {m.name: int(m.weight * scale) for m in counted}
        self._everything = sum(self._weights.values())
        pieces = {m.name: _pieces(m, self._weights[m.name]) for m in counted}
        self._below = math.lcm(*(n.denominator for p in pieces.values() for ab in p[1] for n in ab))
        self._pieces = {
            name: (stops, [(int(a * self._below), int(b * self._below)) for a, b in lines])
            for name, (stops, lines) in pieces.items()
        }
        self._caps = [(cap.name, cap.most) for cap in definition.caps]
        self._green = int(definition.green * 10)
        self._amber = int(definition.amber * 10)
        self._least = least_coverage(definition, coverage)

    def band(self, tenths: int | None) -> str:
        """The word for a score in tenths."""
        if tenths is None:
            return "unknown"
        if tenths >= self._green:
            return "green"
        return "amber" if tenths >= self._amber else "red"

    def __call__(
        self,
        values: Values,
        events: Collection[str] = (),
        held: Values = NONE,
        *,
        explained: bool = False,
    ) -> Outcome:
        """The score of these values in millionths; ``explained`` adds each measure's share. It is no
        better than with ``held`` values, last known of what cannot be told now, in their place."""
        weighted, weight, missing = {}, 0, []
        for name in self.names:
            value = values.get(name)
            if value is None:
                missing.append(name)
                continue
            weighted[name] = self._weighted(name, value)
            weight += self._weights[name]
        coverage = _rounded(weight * 10_000, self._everything)
        if not weight or weight < self._least * self._everything:
            return Outcome(None, None, coverage, (), tuple(missing))
        top, bottom = sum(weighted.values()), self._below * weight
        uncapped = _rounded(top * 10, bottom)
        holding = self._holding(values, events)
        score, caps = uncapped, []
        for name, most in self._caps:
            if name in holding:
                caps.append(name)
                score = min(score, _rounded(most.numerator * 10, most.denominator))
        if held:
            ceiling = self({**values, **held}, events).score
            if ceiling is not None and ceiling < score:
                score, caps = ceiling, [*caps, MISSING_DATA]
        if not explained:
            return Outcome(score, uncapped, coverage, tuple(caps), tuple(missing))
        shares = tuple(self._share(name, part, bottom) for name, part in weighted.items())
        ratio = top, bottom
        return Outcome(score, uncapped, coverage, tuple(caps), tuple(missing), ratio, shares)

    def most(self, values: Values, events: Collection[str]) -> Fraction:
        """The most that caps allow while these events hold and these values are so."""
        holding = self._holding(values, events)
        return min((most for name, most in self._caps if name in holding), default=Fraction(100))

    def _holding(self, values: Values, events: Collection[str]) -> set[str]:
        days = values.get("oldest_past_due_days")
        late = days is not None and days >= SIXTY_DAYS
        return {*events, PAST_DUE_60} if late else set(events)

    def contributions(self, values: Values) -> dict[str, Fraction]:
        """What each known measure gives, exactly, however little is known."""
        known = {name: values[name] for name in self.names if values.get(name) is not None}
        weight = sum(self._weights[name] for name in known)
        return {
            name: Fraction(self._weighted(name, value or 0), self._below * weight)
            for name, value in known.items()
        }

    def points(self, name: str, value: int) -> Fraction:
        """The points of one value of a measure that counts."""
        return Fraction(self._weighted(name, value), self._weights[name] * self._below)

    def _weighted(self, name: str, value: int) -> int:
        stops, lines = self._pieces[name]
        a, b = lines[bisect_left(stops, value)]
        return a * value + b

    def _share(self, name: str, part: int, bottom: int) -> Share:
        own = self._weights[name] * self._below
        return Share(
            name,
            _rounded(part * 10_000, own),
            _rounded(part * 10_000, bottom),
            _rounded((100 * own - part) * 10_000, bottom),
            _rounded(own * 10_000, bottom),
        )


def _pieces(measure: Measure, weight: int) -> tuple[list[int], list[tuple[Fraction, Fraction]]]:
    """Where the straight pieces end, in millionths, and each as weight x points = a x value + b."""
    stops = [math.ceil(value * MILLION) for value, _ in measure.curve]
    (_, first), *_ = measure.curve
    lines = [(Fraction(0), first * weight)]
    for (left, low), (right, high) in zip(measure.curve, measure.curve[1:], strict=False):
        slope = (high - low) / (right - left)
        lines.append((slope * weight / MILLION, (low - left * slope) * weight))
    lines.append((Fraction(0), measure.curve[-1][1] * weight))
    return stops, lines


def _rounded(top: int, bottom: int) -> int:
    """Half away from zero, as the definition rounds."""
    if top < 0:
        return -_rounded(-top, bottom)
    return (top + top + bottom) // (bottom + bottom)


def millionths(value: Fraction | Decimal | int) -> int:
    """A value as the scorer takes it: rounded to six decimals, half away from zero."""
    top, bottom = value.as_integer_ratio()
    return _rounded(top * MILLION, bottom)


def text_of(value: int | None) -> str | None:
    """Millionths as the decimal people write."""
    if value is None:
        return None
    whole, part = divmod(abs(value), MILLION)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part:06}".rstrip("0") if part else f"{sign}{whole}"


def value_of(text: str | None) -> int | None:
    """What ``text_of`` wrote."""
    return None if text is None else int(Decimal(text).scaleb(6))
