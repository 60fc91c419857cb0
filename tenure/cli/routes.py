"""``tenure routes``: which alerts are told to whom."""

from typing import Any

import click

from tenure.access.read import member_of
from tenure.alerts.models import Kind, Severity
from tenure.alerts.read import rule_named
from tenure.cli.command import Group
from tenure.cli.screen import Column, Screen, table
from tenure.core.errors import ConfigurationError
from tenure.notify import read, shapes, write
from tenure.notify.models import Route, To

SEVERITIES = [one for one in Severity.values if one != Severity.AUTO]


@click.group(cls=Group)
def routes() -> None:
    """Which alerts are told to whom."""


@routes.command("list")
@click.pass_obj
def list_(screen: Screen) -> None:
    """List the routes."""
    found = [shapes.route(one) for one in read.routes()]
    columns: list[Column | str] = ["No.", "Name", "Rule", "Type", "From", "Owner", "Told", "On"]
    rows = [
        (
            one["id"], one["name"], one["rule"], one["type"], one["least_severity"], one["owner"],
            one["member"] or one["channel"] or one["to"], "yes" if one["enabled"] else "no",
        )
        for one in found
    ]  # fmt: skip
    screen.answer(found, table(columns, rows, empty="No routes: nobody is told of any alert."))


@routes.command("add")
@click.argument("name")
@click.option("--to", type=click.Choice(To.values), required=True)
@click.option("--member", metavar="EMAIL", help="Whom, with --to member.")
@click.option("--channel", metavar="NAME", help="Where, with --to channel.")
@click.option("--rule", metavar="NAME", help="Only alerts of this rule.")
@click.option("--type", "kind", type=click.Choice(Kind.values), help="Only of this type.")
@click.option("--least-severity", type=click.Choice(SEVERITIES), help="Only from this one on.")
@click.option("--owner", metavar="EMAIL", help="Only alerts of this member.")
@click.option("--change", type=int, metavar="NO.", help="Change this route instead.")
@click.pass_obj
def add(screen: Screen, /, name: str, to: str, change: int | None, **how: Any) -> None:
    """Make a route, or change one; what is not named takes every alert."""
    wanted = {
        "alert_rule": rule_named(how["rule"]) if how["rule"] else None,
        "kind": how["kind"] or "",
        "least_severity": how["least_severity"] or "",
        "owner": member_of(how["owner"]) if how["owner"] else None,
        "member": member_of(how["member"]) if how["member"] else None,
        "channel": read.channel_named(how["channel"]) if how["channel"] else None,
    }
    if change is None:
        done = write.add_route(name, to, **wanted)
    else:
        done = write.change_route(_route(change), name, to, **wanted)
    screen.answer(shapes.route(done), f"Route {done.pk}, “{done}”, is followed from now on.")


@routes.command("switch")
@click.argument("number", type=int)
@click.option("--on/--off", "enabled", required=True)
@click.pass_obj
def switch(screen: Screen, number: int, enabled: bool) -> None:
    """Follow a route, or leave it alone."""
    found = _route(number)
    write.switch_route(found, enabled=enabled)
    screen.answer(shapes.route(found), f"“{found}” is {'on' if enabled else 'off'}.")


@routes.command("remove")
@click.argument("number", type=int)
@click.pass_obj
def remove(screen: Screen, number: int) -> None:
    """Tell nobody by this route any more."""
    found = _route(number)
    shape = shapes.route(found)
    write.remove_route(found)
    screen.answer(shape, f"“{found}” is removed.")


def _route(number: int) -> Route:
    found = read.routes().filter(pk=number).first()
    if found is None:
        raise ConfigurationError(
            f"There is no route {number}.", next_step="Look at tenure routes list."
        )
    return found
