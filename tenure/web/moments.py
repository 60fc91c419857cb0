"""Times as people read them: relative where age matters, absolute on request, the zone named."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = 60, 3600, 86400
SOON = 45  # seconds within which "just now" is the honest precision


def zone_of(name: str) -> ZoneInfo:
    """The time zone by its IANA name; UTC when there is no such zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def absolute(instant: datetime, zone: ZoneInfo) -> str:
    """``23 Nov 2026, 10:05 UTC``: to the minute, with the zone's own short name."""
    local = instant.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M} {local.tzname()}"


def day_of(instant: datetime | date, zone: ZoneInfo) -> str:
    """``23 Nov 2026``: the calendar day of an instant in this zone."""
    local = instant.astimezone(zone) if isinstance(instant, datetime) else instant
    return f"{local.day} {local:%b %Y}"


def relative(instant: datetime, now: datetime) -> str:
    """``4 min ago``, ``in 12 d``: the largest unit that fits, rounded down."""
    seconds = round((now - instant).total_seconds())
    if abs(seconds) < SOON:
        return "just now"
    amount = short_span(abs(seconds))
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def away(when: date, now: datetime, zone: ZoneInfo) -> str:
    """How far a calendar day is from today, in whole days: ``in 12 d``, ``3 y ago``."""
    if isinstance(when, datetime):
        when = when.astimezone(zone).date()
    days = (when - now.astimezone(zone).date()).days
    if days == 0:
        return "today"
    amount = short_span(abs(days) * DAY)
    return f"in {amount}" if days > 0 else f"{amount} ago"


def short_span(seconds: float) -> str:
    """A length of time in its largest unit: ``45 s``, ``3 min``, ``5 h``, ``12 d``, ``14 mo``."""
    steps = (
        (2 * 365 * DAY, 365 * DAY, "y"),
        (90 * DAY, 30.4375 * DAY, "mo"),
        (DAY, DAY, "d"),
        (HOUR, HOUR, "h"),
        (MINUTE, MINUTE, "min"),
    )
    for least, size, unit in steps:
        if seconds >= least:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def clock_span(length: timedelta) -> str:
    """A duration to the second: ``0:42``, ``12:07``, ``1:03:20``."""
    whole = max(0, int(length.total_seconds()))
    hours, rest = divmod(whole, HOUR)
    minutes, seconds = divmod(rest, MINUTE)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def days_between(earlier: datetime, later: datetime, zone: ZoneInfo) -> int:
    """Whole calendar days from one local day to another."""
    return (later.astimezone(zone).date() - earlier.astimezone(zone).date()).days


def instant_of(value: object) -> datetime | None:
    """A stored ISO 8601 text or datetime as an aware instant; None when it is neither."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, str):
        try:
            return instant_of(datetime.fromisoformat(value))
        except ValueError:
            return None
    return None
