"""Recurly's rate window: so many requests in any five minutes, counted by the minute."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

MINUTES = 5
PRODUCTION = 5_000
SANDBOX = 2_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How a site stands after a request; ``reset_in`` is in seconds."""

    allowed: bool
    limit: int
    remaining: int
    reset_in: int

    def headers(self, now: datetime) -> dict[str, str]:
        """The three headers. The reset is dated by ``now``, the clock of the ``Date`` header, so
        that a client finds the wait as their difference even when the virtual clock races.
        """
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(int(now.timestamp()) + self.reset_in),
        }


@dataclass(slots=True)
class RateWindow:
    """One site's window, in real time whatever the virtual clock says.

    The current minute and the four before it count together, so a site that was quiet may burst.
    A refused request does not count.
    """

    limit: int
    minute: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _spent: dict[int, int] = field(default_factory=dict)

    def take(self, *, counts: bool = True) -> Standing:
        """Account for one request; ``counts`` is False for one that costs nothing."""
        now = self.clock()
        current = int(now // self.minute)
        self._spent = {at: n for at, n in self._spent.items() if at > current - MINUTES}
        used = sum(self._spent.values())
        allowed = not counts or used < self.limit
        if counts and allowed:
            self._spent[current] = self._spent.get(current, 0) + 1
            used += 1
        # Real answers name the start of the current minute plus five minutes.
        reset_in = (current + MINUTES) * self.minute - now
        return Standing(allowed, self.limit, max(0, self.limit - used), max(1, round(reset_in)))


def default_limit(mode: str) -> int:
    """Requests in five minutes that Recurly allows a site of this mode by default."""
    return PRODUCTION if mode == "production" else SANDBOX


def counts_toward_limit(mode: str, method: str) -> bool:
    """Whether a request uses up the window: in production only GET does, elsewhere all do."""
    return method == "GET" or mode != "production"
