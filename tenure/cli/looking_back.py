"""``--as-of DATE``: what was known at the end of a past day."""

from collections.abc import Callable
from typing import Any

import click

from tenure.cli.command import now
from tenure.cli.screen import Screen
from tenure.metrics.as_of import Moment, moment_of, reach
from tenure.metrics.lists.filters import At, at_the_end_of
from tenure.metrics.settings import current, zone


def looking_back(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option, for a command that can answer about a past day."""
    option = click.option(
        "--as-of",
        metavar="DATE",
        help="What was known at the end of this day, like 2026-06-03, in the workspace's zone.",
    )
    return option(command)


def day_or_now(screen: Screen, day: str | None) -> At:
    """The end of the past day that was named, or the present, for the lists across accounts. Raises
    UnusableDate."""
    return at_the_end_of(moment(screen, day), now(), zone())


def moment(screen: Screen, day: str | None) -> Moment | None:
    """The past time that was named; None for now. A day before anything is said to be one. Raises
    UnusableDate."""
    found = moment_of(day, now(), current())
    if found:
        _note(screen, found)
    return found


def _note(screen: Screen, at: Moment) -> None:
    known = reach()
    if known.seen and at.day >= known.seen:
        return
    if known.rebuilt and at.day >= known.rebuilt:
        screen.note(
            f"{at.day} is before the first sync of {known.seen}: figures are made out from invoices,"
            " payments and dates; health was not scored yet."
        )
    else:
        since = known.rebuilt or known.seen
        told = f"The first day of which anything is known is {since}." if since else "Nothing is."
        screen.note(f"Nothing is known of {at.day}. {told}")
