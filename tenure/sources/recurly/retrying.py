"""When to ask again: how often, after how long, and when to leave a site alone for a while."""

from datetime import timedelta

from tenure.core.errors import TemporaryError
from tenure.sources.recurly.timing import Timing

TRIES = 6
FIRST_WAIT = 0.5
LONGEST_BACKOFF = 30.0
FAILURES_IN_A_ROW = 3
REST = timedelta(minutes=5)


class Again(Exception):
    """This try failed in a way that may pass. ``str`` is the reason, to stand after "because".

    ``wait`` is how long upstream asked us to stay away, when it did.
    """

    def __init__(self, reason: str, *, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def backoff(failed: int, timing: Timing) -> float:
    """Seconds to wait after so many failed tries: capped exponential with full jitter."""
    return timing.chance() * min(LONGEST_BACKOFF, FIRST_WAIT * 2.0 ** (failed - 1))


class Breaker:
    """After some requests in a row failed with all their tries, the next are not even sent."""

    def __init__(self, site: str, timing: Timing, threshold: int = FAILURES_IN_A_ROW) -> None:
        self._site = site
        self._timing = timing
        self._threshold = threshold
        self._failures = 0
        self._rests_until = 0.0

    def check(self) -> None:
        """Raises TemporaryError, with the time to come back, while the site is left alone."""
        left = self._rests_until - self._timing.monotonic()
        if self._failures < self._threshold or left <= 0:
            return
        raise TemporaryError(
            f"{self._site}: {self._failures} requests in a row failed; it is left alone for now.",
            next_step="It is tried again by itself; look at the vendor's status page meanwhile.",
            retry_at=self._timing.wall() + timedelta(seconds=left),
        )

    def succeeded(self) -> None:
        """An answer arrived: the row is broken."""
        self._failures = 0

    def failed(self) -> None:
        """A request used up its tries."""
        self._failures += 1
        self._rests_until = self._timing.monotonic() + REST.total_seconds()
