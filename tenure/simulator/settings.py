"""How a simulator behaves, as far as it is not a matter of its world."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """``rate_limit`` is requests per site in five minutes (None: Recurly's default for the site's
    mode); ``minute`` is the length of a rate minute in seconds; ``offsets`` makes cursors count
    records instead of seeking; ``gzip`` compresses for clients that ask.
    """

    latency: float = 0.0
    rate_limit: int | None = None
    minute: float = 60.0
    offsets: bool = False
    gzip: bool = False
