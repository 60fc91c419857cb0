"""One number out of several measures, with everything it is made of (METRICS section 10).

What is missing is left out and its weight spread over the rest, so missing data never improves what
is there; below half of the weight there is no score. Caps come last: a customer two months behind is
not well, however well the rest looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tenure.health.measures import MEASURES, Measure
from tenure.metrics.amounts import rounded

ZERO = Fraction(0)
ON_TIME_NEEDS = 3


@dataclass(frozen=True, slots=True)
class Cap:
    """The most a score can be while something holds of the account: one of ``CAPS``, or a ``rule``,
    whose cap is called what people called it."""

    name: str
    label: str
    most: Fraction
    rule: str = ""


CAPS = (
    Cap("past_due_60", "An invoice is 60 days past due or more", Fraction(39)),
    Cap("final_dunning", "The last reminder was sent", Fraction(50)),
    Cap("failed_90", "An invoice failed in the last 90 days", Fraction(50)),
    Cap("ended", "All subscriptions have ended", Fraction(0)),
)


@dataclass(frozen=True, slots=True)
class Definition:
    """What counts and how much; bands start at these rounded scores. Where ``min_coverage`` is None
    the workspace's holds, which is half unless it says otherwise."""

    measures: tuple[Measure, ...] = MEASURES
    caps: tuple[Cap, ...] = CAPS
    green: Decimal = Decimal(70)
    amber: Decimal = Decimal(40)
    min_coverage: Fraction | None = None

    def band(self, score: Decimal | None) -> str:
        """The word for a rounded score."""
        if score is None:
            return "unknown"
        if score >= self.green:
            return "green"
        return "amber" if score >= self.amber else "red"


DEFAULT = Definition()
HALF = Fraction(1, 2)


def least_coverage(definition: Definition, workspace: Fraction = HALF) -> Fraction:
    """The share of the weight that must be known for a score."""
    return workspace if definition.min_coverage is None else definition.min_coverage


@dataclass(frozen=True, slots=True)
class Part:
    """One measure's share: what it gave to the score and what it kept from it, in points."""

    measure: Measure
    value: Fraction | None
    score: Fraction
    contribution: Fraction
    loss: Fraction


@dataclass(frozen=True, slots=True)
class Score:
    """The score with its parts. ``contributions`` add up to ``exact``, the score before caps and
    rounding; both scores are None when too little is known."""

    score: Decimal | None
    band: str
    exact: Fraction | None
    coverage: Fraction
    parts: tuple[Part, ...] = ()
    caps: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def uncapped(self) -> Decimal | None:
        """The score as it would be without caps."""
        return None if self.exact is None else rounded(self.exact, 1)


@dataclass(frozen=True, slots=True)
class Override:
    """A person's own score with its reason, through a local day."""

    score: Decimal
    until: date
    reason: str = ""
    author: str = ""
    made: date | None = field(default=None)


LONGEST_OVERRIDE_DAYS = 90


def score(
    values: Mapping[str, Fraction | None],
    events: Iterable[str] = (),
    definition: Definition = DEFAULT,
) -> Score:
    """The score of an account with these raw values by measure; None or absent is missing.

    ``events`` are names of caps that hold; 60 days past due is seen from the values themselves.
    """
    scores = {
        measure.name: measure.score(value)
        for measure in definition.measures
        if measure.weight and (value := values.get(measure.name)) is not None
    }
    holding = set(events)
    days = values.get("oldest_past_due_days")
    if days is not None and days >= 60:
        holding.add("past_due_60")
    return combine(scores, holding, definition, values)


def combine(
    scores: Mapping[str, Fraction],
    events: Iterable[str] = (),
    definition: Definition = DEFAULT,
    values: Mapping[str, Fraction | None] | None = None,
) -> Score:
    """The score of points that are there already, by measure."""
    counted = [measure for measure in definition.measures if measure.weight]
    present = [measure for measure in counted if measure.name in scores]
    missing = tuple(m.name for m in counted if m.name not in scores)
    everything = sum((measure.weight for measure in counted), ZERO)
    weight = sum((measure.weight for measure in present), ZERO)
    coverage = weight / everything if everything else ZERO
    if not weight or coverage < least_coverage(definition):
        return Score(None, "unknown", None, coverage, missing=missing)
    parts = tuple(_part(m, scores[m.name], weight, (values or {}).get(m.name)) for m in present)
    exact = sum((part.contribution for part in parts), ZERO)
    held = set(events)
    caps = tuple(cap for cap in definition.caps if cap.name in held)
    final = rounded(min([exact, *(cap.most for cap in caps)]), 1)
    names = tuple(cap.name for cap in caps)
    return Score(final, definition.band(final), exact, coverage, parts, names, missing)


def _part(measure: Measure, points: Fraction, weight: Fraction, value: Fraction | None) -> Part:
    share = measure.weight / weight
    return Part(measure, value, points, points * share, (100 - points) * share)


def effective(
    computed: Score, override: Override | None, today: date, definition: Definition = DEFAULT
) -> tuple[Decimal | None, str]:
    """The score and band that people see: an override holds through its last day."""
    if override is None or today > override.until:
        return computed.score, computed.band
    return override.score, definition.band(override.score)


def ordered_losses(parts: Sequence[Part]) -> list[Part]:
    """What keeps the score down, most first."""
    return sorted((part for part in parts if part.loss), key=lambda part: -part.loss)
