"""Time that passes only by sleeping, so that no test waits."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tenure.sources.recurly.timing import Timing

BEGAN = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@dataclass
class FakeTime:
    """``slept`` lists every wait asked for; ``chance`` is what every lot draws."""

    now: float = 1_000.0
    chance: float = 0.5
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)

    def timing(self) -> Timing:
        return Timing(
            sleep=self.sleep,
            monotonic=lambda: self.now,
            chance=lambda: self.chance,
            wall=lambda: BEGAN + timedelta(seconds=self.now - 1_000.0),
        )
