"""Keeping within our share of a site's rate limit, which its other systems draw on too.

Upstream allows so many requests in any five minutes and says with each answer how many are left.
We hold back twice: of our own requests never more than the share stand in five minutes, and we
never take the last of the allowance, whoever used the rest. A site that was quiet may thus be read
in one burst, as upstream permits (FACTS section 6).
"""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from tenure.sources.base import Headroom
from tenure.sources.recurly.ratelimit import RateLimit
from tenure.sources.recurly.timing import Timing

SHARE = 0.8
WINDOW = 300.0
# Upstream counts by the minute: room comes back when a minute leaves the window of five.
MINUTES = 5
# The smallest limit known; assumed until an answer names the site's own.
ASSUMED_LIMIT = 2_000
# Requests do not arrive as evenly as they are sent; counting them for a little longer keeps what
# arrives within the share too.
SLACK = 1.01
LONG_ENOUGH_TO_MENTION = 1.0


class Pace:
    """Lets requests of one connection pass at the permitted rate. Waits are visible in ``headroom``."""

    def __init__(
        self, *, share: float = SHARE, window: float = WINDOW, timing: Timing | None = None
    ) -> None:
        self._share = share
        self._window = window
        self._timing = timing or Timing()
        self._sent: deque[float] = deque()
        self._in_flight = 0
        self._known = RateLimit()
        self._left: float | None = None
        self._look_again = 0.0
        self._stopped = 0.0
        self._probing = False
        self._waiting: list[datetime] = []

    @property
    def headroom(self) -> Headroom:
        """What the last answers said, and until when requests are being held back."""
        known = self._known
        waiting = min(self._waiting, default=None)
        return Headroom(known.limit, known.remaining, known.resets_at, waiting)

    async def enter(self) -> None:
        """Returns when one request may be sent; ``leave`` must follow it."""
        while (delay := self._delay(self._timing.monotonic())) > 0:
            await self._wait(delay)
        self._sent.append(self._timing.monotonic())
        self._in_flight += 1
        if self._left is not None:
            self._probing = self._left < 1
            self._left -= 1

    def leave(self, headers: Mapping[str, str] | None) -> RateLimit:
        """The request ended with these headers, or with no answer; what they say of the limit."""
        self._in_flight -= 1
        self._probing = False
        said = RateLimit.of(headers or {})
        if said.limit is not None and said.remaining is not None:
            self._known = said
            reserve = (1 - self._share) * said.limit
            self._left = said.remaining - reserve - self._in_flight
            self._look_again = self._timing.monotonic() + self._until_room(said)
        elif headers is not None and self._timing.monotonic() >= self._stopped:
            self._left = None
        return said

    def stop(self, seconds: float) -> None:
        """Upstream refused for want of allowance: nothing is sent for so long, then one request
        goes ahead of the others to look."""
        self._stopped = max(self._stopped, self._timing.monotonic() + seconds)
        self._look_again = max(self._look_again, self._stopped)
        self._left = 0.0

    def _delay(self, now: float) -> float:
        return max(self._stopped - now, self._until_share(now), self._until_look(now))

    def _until_share(self, now: float) -> float:
        """Seconds until one more request keeps ours in any window within the share."""
        counted = self._window * SLACK
        while self._sent and self._sent[0] <= now - counted:
            self._sent.popleft()
        allowed = max(1, int(self._share * (self._known.limit or ASSUMED_LIMIT)))
        if len(self._sent) < allowed:
            return 0.0
        return self._sent[len(self._sent) - allowed] + counted - now

    def _until_look(self, now: float) -> float:
        """Seconds until it is worth looking whether the others left room again."""
        if self._left is None or self._left >= 1:
            return 0.0
        if now < self._look_again:
            return self._look_again - now
        return self._window / 1_000 if self._probing else 0.0

    def _until_room(self, said: RateLimit) -> float:
        """Seconds until the oldest minute leaves upstream's window; the reset is dated from the
        start of the current minute, so the minute ends four minutes before it."""
        minute = self._window / MINUTES
        if said.resets_in is None:
            return minute
        return min(max(said.resets_in - self._window + minute, minute / 60), minute)

    async def _wait(self, seconds: float) -> None:
        if seconds < LONG_ENOUGH_TO_MENTION:
            await self._timing.sleep(seconds)
            return
        until = self._timing.wall() + timedelta(seconds=seconds)
        self._waiting.append(until)
        try:
            await self._timing.sleep(seconds)
        finally:
            self._waiting.remove(until)
