"""Until when an alert sleeps, as people say it: the morning of a day, a time, or until a change."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tenure.alerts.lifecycle import ActionRefused

MORNING = time(8)
SOON = {"tomorrow": 1, "week": 7, "month": 30}
CHANGE = "change"


def until(said: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The instant that is meant; None is until what the alert is about changes. A day is its morning in
    the zone, and so is a time that names none. Raises ActionRefused."""
    text = said.strip()
    if text == CHANGE:
        return None
    if text in SOON:
        today = now.astimezone(zone).date()
        return datetime.combine(today + timedelta(days=SOON[text]), MORNING, zone)
    try:
        return datetime.combine(date.fromisoformat(text), MORNING, zone)
    except ValueError:
        pass
    try:
        meant = datetime.fromisoformat(text)
    except ValueError:
        raise ActionRefused(
            "until",
            f"“{text[:40]}” is no day." if text else "It is not clear until which day.",
            "Choose a day as 2026-03-31, or until something changes.",
        ) from None
    return meant if meant.tzinfo else meant.replace(tzinfo=zone)
