"""``tenure channels``: the chat rooms, mailboxes and webhooks that alerts are told to."""

from typing import Any

import click

from tenure.cli.asking import secret as secret_of
from tenure.cli.command import Group, now
from tenure.cli.screen import Screen, table
from tenure.notify import read, shapes, write
from tenure.notify.routes import EVENTS

KINDS = [way.value for way in write.SHARED]
KEEP_IT = "Keep this signing secret now: it cannot be shown again."
HEARS = click.Choice(EVENTS)


@click.group(cls=Group)
def channels() -> None:
    """Chat rooms, shared mailboxes and webhooks that alerts are told to."""


@channels.command("list")
@click.pass_obj
def list_(screen: Screen) -> None:
    """List the shared channels."""
    found = [shapes.channel(one) for one in read.channels()]
    rows = [
        (one["name"], one["kind"], one["address"], ", ".join(one["events"]), _on(one))
        for one in found
    ]
    columns = ["Name", "Kind", "Address", "Events", "On"]
    screen.answer(found, table(columns, rows, empty="No shared channels yet."))


@channels.command("add")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True)
@click.option("--event", "events", type=HEARS, multiple=True, help="What a webhook hears of.")
@click.option("--address-stdin", is_flag=True, help="Read the address from standard input.")
@click.pass_obj
def add(screen: Screen, name: str, kind: str, events: tuple[str, ...], address_stdin: bool) -> None:
    """Keep a channel. A webhook's signing secret is shown, this once only."""
    address = secret_of(screen, "Address", option="--address-stdin", from_stdin=address_stdin)
    made = write.add_channel(name, kind, address.reveal(), events=events, now=now())
    document: dict[str, Any] = shapes.channel(made.channel)
    if made.secret is None:
        screen.answer(document, f"{made.channel} is kept. Send it a test, then add a route to it.")
        return
    screen.note(KEEP_IT)
    screen.answer({"secret": made.secret.reveal(), **document}, made.secret.reveal())


@channels.command("set")
@click.argument("name")
@click.option("--rename", metavar="NAME")
@click.option("--address-stdin", is_flag=True, help="Read a new address from standard input.")
@click.option("--event", "events", type=HEARS, multiple=True, help="All that a webhook hears of.")
@click.option("--on/--off", "enabled", default=None)
@click.pass_obj
def set_(
    screen: Screen,
    name: str,
    rename: str | None,
    address_stdin: bool,
    events: tuple[str, ...],
    enabled: bool | None,
) -> None:
    """Change a channel's name, address or events, or switch it."""
    found = read.channel_named(name)
    address = None
    if address_stdin:
        address = secret_of(screen, "Address", option="--address-stdin", from_stdin=True).reveal()
    write.change_channel(
        found, name=rename, address=address, events=events or None, enabled=enabled
    )
    screen.answer(shapes.channel(found), f"{found} is changed.")


@channels.command("test")
@click.argument("name")
@click.pass_obj
def test(screen: Screen, name: str) -> None:
    """Put a test into the outbox; the worker sends it."""
    sent = write.send_test(read.channel_named(name), now=now())
    told = f"The test is on its way; see tenure deliveries show {sent.pk}."
    screen.answer(shapes.in_full(sent), told)


@channels.command("secret")
@click.argument("name")
@click.pass_obj
def secret(screen: Screen, name: str) -> None:
    """Sign a webhook's requests with a new secret from now on, and show it, this once only."""
    found = read.channel_named(name)
    fresh = write.renew_secret(found)
    screen.note(KEEP_IT)
    screen.answer({"secret": fresh.reveal(), **shapes.channel(found)}, fresh.reveal())


@channels.command("remove")
@click.argument("name")
@click.pass_obj
def remove(screen: Screen, name: str) -> None:
    """Tell it nothing more; its log stays, its routes go."""
    found = read.channel_named(name)
    shape = shapes.channel(found)
    write.remove_channel(found, now=now())
    screen.answer(shape, f"{found} is removed, and so are its routes.")


def _on(one: dict[str, Any]) -> str:
    return "yes" if one["enabled"] else "no"
