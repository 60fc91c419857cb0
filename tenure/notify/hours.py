"""Days and hours where a member lives: when their quiet ends, and when their next digest comes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tenure.access.models import Member
from tenure.notify.models import Preference


def zone_of(member: Member) -> ZoneInfo:
    """The member's time zone; UTC when there is no such zone."""
    try:
        return ZoneInfo(member.time_zone)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def day_began(member: Member, now: datetime) -> datetime:
    """The instant at which the member's day began."""
    local = now.astimezone(zone_of(member))
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def quiet_ends(preference: Preference, member: Member, now: datetime) -> datetime:
    """When the member may be disturbed: now, or the end of the quiet hours that now lies in."""
    begins, ends = preference.quiet_from, preference.quiet_until
    if begins is None or ends is None or begins == ends:
        return now
    hour = now.astimezone(zone_of(member)).hour
    inside = begins <= hour < ends if begins < ends else (hour >= begins or hour < ends)
    return next_hour(member, ends, now) if inside else now


def next_hour(member: Member, hour: int, now: datetime) -> datetime:
    """The next instant, after now, at which the member's clock strikes this hour."""
    local = now.astimezone(zone_of(member))
    struck = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    # Added to the wall clock, so that a day on which the clocks change has its hour, too.
    while struck.astimezone(UTC) <= now:
        struck += timedelta(days=1)
    return struck.astimezone(UTC)
