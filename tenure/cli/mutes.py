"""``tenure mutes``: rules that are silent for an account, and taking that back."""

from datetime import datetime

import click

from tenure.alerts import mutes as muting
from tenure.alerts import shapes
from tenure.cli.alert_actions import BY, alert_of
from tenure.cli.command import Group, now
from tenure.cli.screen import Screen, table

LONGEST = 1000


@click.group(cls=Group)
def mutes() -> None:
    """Alert rules that are silent for an account until a day is over."""


@mutes.command("list")
@click.option("--limit", type=click.IntRange(1, LONGEST), default=50, show_default=True)
@click.pass_obj
def list_(screen: Screen, limit: int) -> None:
    """List the mutes in force, the soonest to end first."""
    found = list(muting.standing(now())[:limit])
    rows = [
        (one.pk, one.until, one.account.name, one.alert_rule.name, one.reason, one.by)
        for one in found
    ]
    columns = ["No.", "Through", "Account", "Rule", "Why", "By"]
    empty = "Nothing is muted."
    screen.answer([shapes.mute(one) for one in found], table(columns, rows, empty=empty))


@mutes.command("add")
@click.argument("alert", type=int)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), required=True, metavar="DATE")
@click.option("--reason", required=True, help="Why it is no risk there.")
@click.pass_obj
def add(screen: Screen, alert: int, until: datetime, reason: str) -> None:
    """Keep an alert's rule silent for its account through a day."""
    found = alert_of(alert)
    made = muting.mute(found, until.date(), reason, BY, now=now())
    told = f"“{found.alert_rule}” is silent for {found.account.name} through {made.until}."
    screen.answer(shapes.mute(made), told)


@mutes.command("remove")
@click.argument("number", type=int)
@click.pass_obj
def remove(screen: Screen, number: int) -> None:
    """Take a mute back: where the rule holds, its alert opens within minutes."""
    done = muting.take_back(number, BY, now=now())
    told = f"“{done.alert_rule}” speaks of {done.account.name} again."
    screen.answer(shapes.mute(done), told)
