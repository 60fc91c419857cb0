"""From a figure of an account to points from 0 to 100: straight lines between given points, flat
outside (METRICS section 10). Exact until the reader rounds."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

Curve = tuple[tuple[Fraction, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure that counts, how much, and the points its values earn. ``unit`` is for people."""

    name: str
    label: str
    weight: Fraction
    curve: Curve
    unit: str = ""

    def score(self, value: Fraction) -> Fraction:
        """The points of this value."""
        return interpolated(self.curve, value)


def curve(*points: tuple[str | int, int]) -> Curve:
    """A curve from ``(value, points)`` pairs, sorted by value."""
    made = tuple((Fraction(value), Fraction(score)) for value, score in points)
    if not made or any(a[0] >= b[0] for a, b in itertools.pairwise(made)):
        raise ValueError("the values of a curve rise from point to point")
    return made


def interpolated(points: Sequence[tuple[Fraction, Fraction]], value: Fraction) -> Fraction:
    """The height of the curve at ``value``."""
    if value <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in itertools.pairwise(points):
        if value <= right:
            return low + (value - left) / (right - left) * (high - low)
    return points[-1][1]


MEASURES = (
    Measure(
        "oldest_past_due_days",
        "Oldest invoice past due",
        Fraction(30),
        curve((0, 100), (1, 80), (15, 60), (30, 40), (60, 10), (90, 0)),
        "days",
    ),
    Measure(
        "past_due_months_of_mrr",
        "Past due in months of MRR",
        Fraction(15),
        curve((0, 100), ("0.5", 70), (1, 50), (3, 0)),
        "months",
    ),
    Measure(
        "on_time_rate_12m",
        "Invoices paid on time",
        Fraction(15),
        curve(("0.5", 0), ("0.8", 60), ("0.95", 90), (1, 100)),
        "share",
    ),
    Measure(
        "mrr_trend_90d",
        "MRR against 90 days ago",
        Fraction(20),
        curve(("-0.5", 0), ("-0.1", 50), (0, 75), ("0.1", 90), ("0.25", 100)),
        "share",
    ),
    Measure(
        "renewal_outlook",
        "Outlook for the renewal",
        Fraction(15),
        curve((0, 0), (100, 100)),
        "points",
    ),
    Measure(
        "payment_failures_90d",
        "Failed payments in 90 days",
        Fraction(5),
        curve((0, 100), (1, 80), (3, 40), (5, 0)),
        "count",
    ),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


def past_due_months(past_due: Fraction | None, mrr: Fraction | None) -> Fraction | None:
    """Past due against a month's revenue, both converted; None when nothing can be said: nothing
    is owed and nothing is earned, or one of them is unknown. Debt without revenue counts as the
    worst value of the curve."""
    if past_due is None or mrr is None:
        return None
    if mrr > 0:
        return past_due / mrr
    worst = BY_NAME["past_due_months_of_mrr"].curve[-1][0]
    return worst if past_due > 0 else None


OUTLOOKS = {
    "auto_renew": Fraction(100),
    "ends_later": Fraction(60),
    "ends_soon": Fraction(30),
    "paused": Fraction(40),
    "cancelling": Fraction(10),
    "ended": Fraction(0),
}


def renewal_outlook(parts: Iterable[tuple[Fraction, str]]) -> Fraction | None:
    """The mean outlook of ``(mrr, outlook)`` of an account's subscriptions, weighted by MRR; where
    none has MRR, the plain mean. None without subscriptions."""
    known = [(mrr, OUTLOOKS[outlook]) for mrr, outlook in parts]
    if not known:
        return None
    weight = sum((mrr for mrr, _ in known), Fraction(0))
    if weight <= 0:
        return sum((score for _, score in known), Fraction(0)) / len(known)
    return sum((mrr * score for mrr, score in known), Fraction(0)) / weight
