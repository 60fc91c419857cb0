"""MRR of an account over time as steps: places for the drawing, and every step as a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tenure.core.money import Money
from tenure.metrics.account_series import SeriesPoint

NONE = Decimal(0)
WIDE, TALL = 1000, 200
KINDS = {
    "snapshot": "as it was known then",
    "reconstructed": "made out from invoices",
    "inferred": "carried across a gap",
}


@dataclass(frozen=True, slots=True)
class Step:
    """From a day on: the amount, the change it brought, how it is known, and its place."""

    day: date
    amount: Money
    change: Money
    kind: str
    paused: bool
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the line that is known in one way, as points of a polyline."""

    kind: str
    points: str


@dataclass(frozen=True, slots=True)
class Steps:
    """The history in one currency; ``top`` is the largest amount, ``rows`` the newest first."""

    currency: str
    top: Money
    first: date
    last: date
    steps: Sequence[Step]
    line: Sequence[Stretch]

    @property
    def rows(self) -> list[Step]:
        """The steps for the table, the newest first."""
        return list(reversed(self.steps))

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """How parts of it are known, in words."""
        found = {step.kind for step in self.steps}
        return [(kind, words) for kind, words in KINDS.items() if kind in found]


def histories(points: Sequence[SeriesPoint], today: date) -> list[Steps]:
    """One history a currency, the largest of today first."""
    codes = sorted({code for point in points for code in point.mrr})
    found = [_history(code, points, today) for code in codes]
    return sorted(found, key=lambda one: (-one.steps[-1].amount.amount, one.currency))


def _history(code: str, points: Sequence[SeriesPoint], today: date) -> Steps:
    known = [(point, point.mrr.get(code, NONE)) for point in points]
    start = next(place for place, (_, amount) in enumerate(known) if amount)
    kept = known[start:]
    first, top = kept[0][0].day, max(amount for _, amount in kept)
    span = max(1, (today - first).days)
    steps: list[Step] = []
    before = NONE
    for point, amount in kept:
        if steps and amount == before and steps[-1].kind == point.kind:
            continue
        x = Decimal((point.day - first).days) / span
        y = 1 - amount / top * Decimal("0.94")
        steps.append(
            Step(
                point.day, Money(amount, code), Money(amount - before, code), point.kind,
                point.paused, f"{x * 100:.3f}%", f"{y * 100:.3f}%",
            )
        )  # fmt: skip
        before = amount
    return Steps(code, Money(top, code), first, today, steps, _line(steps, first, span, top))


def _line(steps: Sequence[Step], first: date, span: int, top: Decimal) -> list[Stretch]:
    """Each step's level up to the next one, and the rise to it, drawn as the later step is known."""
    stretches = []
    for place, step in enumerate(steps):
        begin = Decimal((step.day - first).days) / span * WIDE
        following = steps[place + 1] if place + 1 < len(steps) else None
        end = Decimal((following.day - first).days) / span * WIDE if following else Decimal(WIDE)
        level = _level(step, top)
        points = f"{begin:.1f},{level:.1f} {end:.1f},{level:.1f}"
        if following:
            points += f" {end:.1f},{_level(following, top):.1f}"
        stretches.append(Stretch(step.kind, points))
    return stretches


def _level(step: Step, top: Decimal) -> Decimal:
    return (1 - step.amount.amount / top * Decimal("0.94")) * TALL
