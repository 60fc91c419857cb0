"""Times and numbers as people say them, and as scripts read them."""

from datetime import datetime, timedelta

from tenure.core.clock import stamp as stamp  # noqa: PLC0414  # commands take it from here

STEPS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def ago(moment: datetime | None, now: datetime) -> str:
    """``5 minutes ago`` or ``in 2 hours``; ``never`` for no moment."""
    if moment is None:
        return "never"
    distance = abs(now - moment)
    if distance < timedelta(seconds=2):
        return "just now"
    return f"in {lasting(distance)}" if moment > now else f"{lasting(distance)} ago"


def lasting(span: timedelta) -> str:
    """A length of time in its largest whole unit: ``3 hours``."""
    seconds = span.total_seconds()
    for size, unit in STEPS:
        count = int(seconds // size)
        if count:
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "less than a second"


def counted(number: int, thing: str) -> str:
    """``1 site``, ``1,200 sites``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
