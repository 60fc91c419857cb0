"""The passing of time as retrying and pacing see it, so that tests need not wait for it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Timing:
    """``monotonic`` measures waits, ``chance`` (0 to 1) spreads them; ``wall`` only tells people
    until when we wait."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    wall: Callable[[], datetime] = _utc_now
