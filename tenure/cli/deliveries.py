"""``tenure deliveries``: what people and programs were told, and sending it again."""

import click

from tenure.cli.command import Group, now
from tenure.cli.screen import Column, Screen, table
from tenure.cli.words import ago
from tenure.core.errors import ConfigurationError
from tenure.notify import read, shapes, write
from tenure.notify.models import State, Way

LONGEST = 1000


@click.group(cls=Group)
def deliveries() -> None:
    """What people and programs were told, where it failed, and sending it again."""


@deliveries.command("list")
@click.option("--state", type=click.Choice(State.values), help="Only those that stand like this.")
@click.option("--channel", type=click.Choice(Way.values), help="Only those of this kind.")
@click.option("--alert", type=int, help="Only those about this alert.")
@click.option("--limit", type=click.IntRange(1, LONGEST), default=50, show_default=True)
@click.pass_obj
def list_(
    screen: Screen, state: str | None, channel: str | None, alert: int | None, limit: int
) -> None:
    """List deliveries, newest first."""
    rows = read.deliveries(state=state or "", way=channel or "", alert_id=alert)
    found = list(rows[:limit])
    columns: list[Column | str] = ["Id", "When", "By", "To", "What", "State", Column("Tries", number=True), "Why"]  # fmt: skip
    lines = [
        (
            str(one.pk),
            ago(one.created_at, now()),
            one.way,
            shapes.where(one),
            one.message["subject"],
            one.state,
            one.tries,
            one.told,
        )
        for one in found
    ]
    screen.answer(
        [shapes.delivery(one) for one in found],
        table(columns, lines, empty="Nobody was told anything yet."),
    )


@deliveries.command("replay")
@click.argument("delivery", nargs=-1)
@click.option("--not-sent", is_flag=True, help="All that were kept for want of a setting.")
@click.pass_obj
def replay(screen: Screen, delivery: tuple[str, ...], not_sent: bool) -> None:
    """Send deliveries again, each under its own id."""
    if not delivery and not not_sent:
        raise ConfigurationError(
            "Nothing was named.", next_step="Give the ids of deliveries, or --not-sent."
        )
    found = [read.delivery_of(one) for one in delivery]
    for one in found:
        write.replay(one, now=now())
    count = len(found) + (write.replay_not_sent(now=now()) if not_sent else 0)
    noun = "delivery" if count == 1 else "deliveries"
    told = f"{count:,} {noun} will be sent again by the worker."
    screen.answer({"replayed": count}, told)


@deliveries.command("routes")
@click.pass_obj
def routes(screen: Screen) -> None:
    """List which alerts are told to whom."""
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


@deliveries.command("channels")
@click.pass_obj
def channels(screen: Screen) -> None:
    """List the shared channels."""
    found = [shapes.channel(one) for one in read.channels()]
    rows = [
        (one["name"], one["kind"], one["address"], ", ".join(one["events"]), "yes" if one["enabled"] else "no")
        for one in found
    ]  # fmt: skip
    columns: list[Column | str] = ["Name", "Kind", "Address", "Events", "On"]
    screen.answer(found, table(columns, rows, empty="No shared channels yet."))
