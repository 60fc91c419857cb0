"""The demo's calendar: a day every few seconds, for a year, going on where it stopped."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tenure.core.clock import FastClock
from tenure.processes.claim import CLOCK

SECONDS_A_DAY = 6
SPEED = 86_400 / SECONDS_A_DAY
LASTS = timedelta(days=365)
# How often the clock's file is renewed while the demo runs, and how much of a time without it
# counts: a demo that was killed goes on from where it was, not from where it would be by now.
RENEWED_EVERY = 10
COUNTED = timedelta(seconds=RENEWED_EVERY + 2)


def resume(
    home: Path, first_day: datetime, *, real: datetime, standing_for: timedelta
) -> FastClock:
    """The clock to run by from now on: it stands still at first, while everything is started."""
    try:
        before = FastClock.load(home / CLOCK)
        instant = before.at(min(real, before.real_start + COUNTED))
    except (OSError, ValueError, KeyError):
        instant = first_day
    return FastClock(real + standing_for, instant, SPEED, first_day + LASTS)


def renew(home: Path, clock: FastClock) -> None:
    """Write the same clock again with today's anchor, so that its file says how far time came."""
    now = datetime.now(UTC)
    if now > clock.real_start:
        FastClock(now, clock.at(now), clock.speed, clock.virtual_end).save(home / CLOCK)


def stand_still(home: Path, clock: FastClock) -> None:
    """Stop the clock where it is."""
    now = datetime.now(UTC)
    instant = clock.at(now)
    FastClock(now, instant, clock.speed, instant).save(home / CLOCK)


def is_over(clock: FastClock) -> bool:
    """True when the demo's year has passed."""
    return clock.virtual_end is not None and clock.now() >= clock.virtual_end
