"""The one place that knows what time it is. Only entry points ask; everything else is told."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


def stamp(moment: datetime | None) -> str | None:
    """The moment as JSON says it: RFC 3339 in UTC; None for none."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


class Clock(Protocol):
    """Anything that can say what time it is, in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FrozenClock:
    """Always the same instant; for tests."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass(frozen=True, slots=True)
class FastClock:
    """A clock that left real time at ``real_start`` and has run ``speed`` times as fast since.

    It stops at ``virtual_end`` when given. The demo and its simulator share one of these through a
    small file, so that both always agree on the date without asking each other.
    """

    real_start: datetime
    virtual_start: datetime
    speed: float
    virtual_end: datetime | None = None

    def now(self) -> datetime:
        return self.at(datetime.now(UTC))

    def at(self, real: datetime) -> datetime:
        """The virtual instant at a real one; never before the start, never past the end."""
        gone = max(timedelta(0), real - self.real_start)
        virtual = self.virtual_start + gone * self.speed
        return min(virtual, self.virtual_end) if self.virtual_end else virtual

    def save(self, path: Path) -> None:
        """Write the file that ``load`` reads; replaced in one step so a reader never sees half."""
        document = {
            "real_start": self.real_start.isoformat(),
            "virtual_start": self.virtual_start.isoformat(),
            "speed": self.speed,
            "virtual_end": self.virtual_end.isoformat() if self.virtual_end else None,
        }
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(document))
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> "FastClock":
        """Read what ``save`` wrote. Raises OSError or ValueError when there is nothing usable."""
        document = json.loads(path.read_text())
        end = document["virtual_end"]
        return cls(
            datetime.fromisoformat(document["real_start"]),
            datetime.fromisoformat(document["virtual_start"]),
            float(document["speed"]),
            datetime.fromisoformat(end) if end else None,
        )
