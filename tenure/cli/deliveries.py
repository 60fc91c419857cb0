"""``tenure deliveries``: what people and programs were told, and sending it again."""

import click
from rich.console import Group as Parts

from tenure.cli.command import Group, now
from tenure.cli.screen import Column, Screen, facts, table
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


@deliveries.command("show")
@click.argument("delivery")
@click.pass_obj
def show(screen: Screen, delivery: str) -> None:
    """Show a delivery with every try of it."""
    found = read.delivery_of(delivery)
    told = shapes.in_full(found)
    pairs = [
        ("What", told["subject"]),
        ("To", told["to"]),
        ("State", told["state"]),
        ("Why", told["told"]),
    ]
    rows = [
        (
            one["at"],
            one["state"],
            one["code"],
            f"{one['seconds']:.1f} s",
            one["answer"] or one["error"],
        )
        for one in told["attempts"]
    ]
    tries = table(["When", "State", "Code", "Took", "Answer"], rows, empty="Not tried yet.")
    screen.answer(told, Parts(facts(pairs), "", tries))
