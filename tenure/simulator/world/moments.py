"""Instants as Recurly writes them, and the calendar steps a billing system takes."""

import calendar
from datetime import datetime, timedelta

DAY = timedelta(days=1)


def wire(instant: datetime) -> str:
    """``2026-03-31T09:15:00Z`` for an instant in UTC: whole seconds, always Z."""
    return instant.isoformat()[:19] + "Z"


def maybe_wire(instant: datetime | None) -> str | None:
    """``wire``, keeping None."""
    return None if instant is None else wire(instant)


def months_later(instant: datetime, months: int, *, day: int) -> datetime:
    """The same time of day ``months`` on, at ``day`` of the month or at the month's last day.

    ``day`` is the anchor the customer started on, so that 31 January, 28 February, 31 March follow
    one another instead of sliding to the 28th for good.
    """
    years, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    last = calendar.monthrange(years, month + 1)[1]
    return instant.replace(year=years, month=month + 1, day=min(day, last))


def end_of_month(instant: datetime) -> datetime:
    """The same time of day on the last day of the month."""
    return instant.replace(day=calendar.monthrange(instant.year, instant.month)[1])


def at_business(instant: datetime, second: int) -> datetime:
    """A working moment at or after the instant's day: 08:00 UTC plus ``second``, Monday to Friday.

    Never earlier than the instant: when that hour has passed, the next working day is taken.
    """
    chosen = instant.replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(
        seconds=second % 36000
    )
    while chosen < instant or chosen.weekday() > 4:
        chosen += DAY
    return chosen
