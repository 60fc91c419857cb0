"""What an answer says about the rate limit and about when to come back, by upstream's own clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 360.0
# An instant in seconds stays below this for thousands of years; one in milliseconds never does.
MILLISECONDS = 100_000_000_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The three headers, as far as they were there; ``resets_in`` is in seconds and may be past."""

    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None
    resets_in: float | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "RateLimit":
        """Whatever is missing or is not a number stays None."""
        resets_at = _instant(headers.get("X-RateLimit-Reset"))
        now = date_of(headers)
        return cls(
            _number(headers.get("X-RateLimit-Limit")),
            _number(headers.get("X-RateLimit-Remaining")),
            resets_at,
            (resets_at - now).total_seconds() if resets_at and now else None,
        )


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """The answer's own date, in UTC; None when it carries none that can be read."""
    try:
        found = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def told_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds to stay away after a refusal: by ``Retry-After``, else until the limit resets.

    None when neither names a time ahead; never more than six minutes, for a window lasts five.
    """
    for seconds in (_retry_after(headers), RateLimit.of(headers).resets_in):
        if seconds is not None and seconds > 0:
            return min(seconds, LONGEST_WAIT)
    return None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    now = date_of(headers)
    return (at - now).total_seconds() if now and at.tzinfo else None


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _instant(text: str | None) -> datetime | None:
    number = _number(text)
    if number is None:
        return None
    try:
        return datetime.fromtimestamp(number / 1000 if number > MILLISECONDS else number, UTC)
    except (OverflowError, ValueError, OSError):
        return None
