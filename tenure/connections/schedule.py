"""When a site is synced by itself: ``daily HH:MM ZONE``, ``every N minutes`` or ``off``.

Pure: a text, the last start and the present instant give the next one. Real time only; a demo's
faster clock has no part in it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tenure.core.errors import ConfigurationError

DEFAULT = "daily 00:00 UTC"
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}
LONGEST = timedelta(days=7)
FORMS = (
    "Write daily HH:MM ZONE (daily 02:30 Europe/Berlin), every N seconds, minutes or hours, or off."
)


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at a wall-clock time of one zone."""

    at: time
    zone: ZoneInfo

    def __str__(self) -> str:
        return f"daily {self.at:%H:%M} {self.zone.key}"

    def in_words(self) -> str:
        return f"every day at {self.at:%H:%M} {self.zone.key}"

    def after(self, instant: datetime) -> datetime:
        """The first time strictly after ``instant``.

        A time the clocks skip counts as the same distance into the hour after; one they repeat
        counts the first time only. So each local day has exactly one.
        """
        return next(moment for moment in self._moments(instant) if moment > instant)

    def _moments(self, instant: datetime) -> Iterator[datetime]:
        day = instant.astimezone(self.zone).date() - timedelta(days=1)
        while True:
            yield datetime.combine(day, self.at, self.zone).astimezone(UTC)
            day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again, this long after the last start."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return f"every {self.amount} {self.unit}"

    def in_words(self) -> str:
        return f"every {self.unit[:-1]}" if self.amount == 1 else str(self)

    def after(self, instant: datetime) -> datetime:
        return instant + timedelta(seconds=self.amount * SECONDS[self.unit])


@dataclass(frozen=True, slots=True)
class Off:
    """Never by itself."""

    def __str__(self) -> str:
        return "off"

    def in_words(self) -> str:
        return "only when someone asks"


Schedule = Daily | Every | Off


def parse(text: str) -> Schedule:
    """The schedule a text describes; ``str`` of it is the tidy text. Raises ConfigurationError."""
    words = text.split()
    match [word.lower() for word in words]:
        case ["off"]:
            return Off()
        case ["daily", at]:
            return Daily(_time(at), ZoneInfo("UTC"))
        case ["daily", at, _]:
            return Daily(_time(at), _zone(words[2]))
        case ["every", amount, unit]:
            return _every(amount, unit)
    raise ConfigurationError(f"{text[:80]!r} is not a schedule.", next_step=FORMS)


def next_due(schedule: str, last_started: datetime | None, now: datetime) -> datetime | None:
    """When the next run is due: ``now`` when one is overdue or none ever ran, None when it is off.

    A last start in the future (somebody turned the clock back) counts as now, so that one wrong
    clock does not silence a site for good.
    """
    plan = parse(schedule)
    if isinstance(plan, Off):
        return None
    if last_started is None:
        return now
    return max(plan.after(min(last_started, now)), now)


def in_words(schedule: str) -> str:
    """The schedule as a phrase: ``every day at 02:30 Europe/Berlin``."""
    return parse(schedule).in_words()


def _time(text: str) -> time:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    if not found:
        raise ConfigurationError(f"{text[:20]!r} is not a time of day.", next_step=FORMS)
    return time(int(found[1]), int(found[2]))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo("UTC" if name.upper() == "UTC" else name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"{name[:40]!r} is not a time zone.",
            next_step="Use a name such as UTC, Europe/Berlin or America/New_York.",
        ) from None


def _every(amount: str, unit: str) -> Every:
    plural = unit if unit.endswith("s") else f"{unit}s"
    if plural not in SECONDS or not re.fullmatch(r"\d{1,6}", amount, re.ASCII):
        raise ConfigurationError(
            f"'every {amount[:20]} {unit[:20]}' is not a schedule.", next_step=FORMS
        )
    found = Every(int(amount), plural)
    if not 0 < found.amount * SECONDS[plural] <= LONGEST.total_seconds():
        raise ConfigurationError(
            f"'every {amount} {unit}' is not between a second and a week.", next_step=FORMS
        )
    return found
