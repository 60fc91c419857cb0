"""A back-test as pages draw it: a bar a day with the same in a table, what came after, what to mind."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tenure.access import read as access
from tenure.alerts.aftermath import Follow
from tenure.alerts.backtest import Backtest, backtest
from tenure.core.errors import ConfigurationError
from tenure.core.money import Money
from tenure.metrics.amounts import stored
from tenure.metrics.days import local_day
from tenure.metrics.settings import current
from tenure.segments.question import TooCostly

SINCE = (30, 90, 180, 365)
HORIZONS = (14, 30, 60, 90)
PATIENCE = 20  # seconds for a rule; two are tried in one request
FOLLOWED = {
    "churn": "churn",
    "late_payment": "a late payment",
    "failed_payment": "a failed payment",
}
MOST_OWNERS = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What is tried: a condition with its delays, over so many days, looking so far ahead."""

    rule: str
    days: int = 90
    horizon: int = 30
    for_days: int = 0
    cooldown_days: int = 7
    scope: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the drawing, in per cent of its width and height."""

    day: date
    count: int
    x: str
    width: str
    y: str
    height: str
    made_out: bool


@dataclass(frozen=True)
class Trial:
    """A back-test with what the page says of it; ``problem`` when there is none."""

    name: str
    found: Backtest | None = None
    problem: str = ""
    bars: Sequence[Bar] = ()
    top: int = 0
    stake: Money | None = None
    owners: Sequence[tuple[str, int]] = ()
    follows: Sequence[tuple[str, Follow]] = ()
    measured: date | None = None
    known: date | None = None
    seconds: float = field(default=0)

    @property
    def count(self) -> int:
        """How often the rule would have fired."""
        return len(self.found.firings) if self.found else 0

    @property
    def busy_days(self) -> list[Bar]:
        """The days on which it would have fired, the newest first."""
        return [bar for bar in reversed(self.bars) if bar.count]

    @property
    def a_week(self) -> float:
        """Firings in an average week."""
        return self.count * 7 / max(1, len(self.bars))


def tried(name: str, asked: Asked, now: datetime) -> Trial:
    """Try a rule on stored history. What is wrong with it is said in the answer; nothing is raised."""
    zone = current().zone
    since = local_day(now, zone) - timedelta(days=asked.days)
    try:
        found = backtest(
            asked.rule,
            since,
            now=now,
            for_days=asked.for_days,
            cooldown_days=asked.cooldown_days,
            horizon_days=asked.horizon,
            scope=asked.scope,
            seconds=PATIENCE,
        )
    except (ConfigurationError, TooCostly) as error:
        return Trial(name, problem=str(error))
    known = found.known_since.astimezone(zone).date() if found.known_since else None
    measured = found.measured_since.astimezone(zone).date() if found.measured_since else None
    return Trial(
        name,
        found,
        bars=_bars(found, measured),
        top=max(found.per_day.values(), default=0),
        stake=Money(stored(found.at_stake), found.currency) if found.currency else None,
        owners=_owners(found),
        follows=[(FOLLOWED[one.kind], one) for one in found.follows],
        measured=measured if measured and measured > found.since else None,
        known=known if known and known > found.since else None,
    )


def beside(trials: Sequence[Trial]) -> list[tuple[str, Follow, Follow]]:
    """What came after two rules, each kind of event beside the other's; nothing unless there are two."""
    if len(trials) != 2:
        return []
    one, other = trials
    pairs = zip(one.follows, other.follows, strict=False)
    return [(words, mine, theirs) for (words, mine), (_, theirs) in pairs]


def _bars(found: Backtest, measured: date | None) -> list[Bar]:
    top = max(found.per_day.values(), default=0) or 1
    step = 100 / max(1, len(found.per_day))
    bars = []
    for index, (day, count) in enumerate(found.per_day.items()):
        tall = max(count / top * 100, 3) if count else 0
        bars.append(
            Bar(
                day,
                count,
                f"{index * step + step * 0.1:.3f}%",
                f"{step * 0.8:.3f}%",
                f"{100 - tall:.2f}%",
                f"{tall:.2f}%",
                bool(measured and day < measured),
            )
        )
    return bars


def _owners(found: Backtest) -> list[tuple[str, int]]:
    names: dict[Any, str] = {one.pk: str(one) for one in access.members()}
    counted = sorted(found.per_owner.items(), key=lambda pair: -pair[1])
    return [(names.get(owner, "Nobody"), count) for owner, count in counted[:MOST_OWNERS]]
