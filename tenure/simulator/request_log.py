"""What the simulator remembers of the requests it got, for tests that ask what a client did."""

import hashlib
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

MOST = 100_000


@dataclass(slots=True)
class Seen:
    """One request. ``status`` is None while it is unanswered or when the client went away."""

    number: int
    method: str
    path: str
    site: str | None
    key: str | None
    received: str
    virtual: str
    status: int | None = None
    seconds: float | None = None
    faults: list[str] = field(default_factory=list)
    request_id: str = ""


class RequestLog:
    """The latest requests, oldest first; older ones than the last 100,000 are forgotten."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=MOST)
        self._count = 0

    def add(self, method: str, path: str, **facts: Any) -> Seen:
        """Remember a request that just came in; the caller fills in how it ended."""
        self._count += 1
        seen = Seen(self._count, method, path, **facts)
        self._seen.append(seen)
        return seen

    def entries(self, *, after: int = 0, site: str | None = None) -> list[dict[str, Any]]:
        """What is remembered, after a request's number and of one site when given."""
        return [
            asdict(seen)
            for seen in self._seen
            if seen.number > after and (site is None or seen.site == site)
        ]

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        self._seen.clear()


def fingerprint(key: str) -> str:
    """Enough of a hash to tell keys apart, and nothing to use one with."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]
