"""Calendar days: a day begins at midnight in the workspace's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day an instant falls on."""
    return instant.astimezone(zone).date()


def maybe_day(instant: datetime | None, zone: ZoneInfo) -> date | None:
    """The calendar day of an instant that may be unknown."""
    return local_day(instant, zone) if instant else None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant a calendar day begins, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def next_midnight(instant: datetime, zone: ZoneInfo) -> datetime:
    """The instant the next calendar day begins, in UTC."""
    return midnight(local_day(instant, zone) + timedelta(days=1), zone)
