"""``tenure account set``, ``history`` and ``add``: customers changed by hand from the command line."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import click
from django.db import transaction

from tenure import flow
from tenure.cli.command import DatabaseCommand, now
from tenure.cli.screen import Screen, table
from tenure.cli.words import ago
from tenure.connections import read as connections
from tenure.customers import read as customers
from tenure.customers import write
from tenure.customers.lookup import account_of
from tenure.customers.models import Account, Origin
from tenure.customers.outlook import outlooks
from tenure.customers.shapes import history as entries_of
from tenure.customers.write import By, Pin, ValueRefused
from tenure.health import shapes
from tenure.sync.standing import runs_of_change_sets

MOST = 200
COMMAND_LINE = "command line"


@click.command("set", cls=DatabaseCommand)
@click.argument("identifier")
@click.argument("values", nargs=-1, required=True, metavar="ATTRIBUTE=VALUE…")
@click.option("--pin", "reason", metavar="REASON", help="Hold the values against Daily Sync.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The last day of the pin, in UTC; without it the pin is for good.",
)
@click.option("--why", default="", metavar="REASON", help="Kept with the change.")
@click.pass_obj
def set_(
    screen: Screen,
    identifier: str,
    values: tuple[str, ...],
    reason: str | None,
    until: dt.datetime | None,
    why: str,
) -> None:
    """Set values of an account: attributes, name, or owner (a member's e-mail). NAME= empties one."""
    wanted, pin = pairs(values), pin_wanted(reason, until)
    found = account_of(identifier)
    outlook = outlooks([found.pk], list(wanted)).get(found.pk, {})
    refused = [name for name, told in outlook.items() if pin and not told.allows_pins]
    if refused:
        raise ValueRefused(
            refused[0],
            f"A site of {found.identifier} allows no pins, so {refused[0]} cannot be pinned.",
            "Leave --pin out, or allow pins with tenure site set SUBDOMAIN --pins.",
        )
    edited = write.edit([found.pk], wanted, by_command(why), now=now(), pin=pin)
    for name, told in outlook.items():
        if not pin and edited.change_set and told.replaces:
            screen.note(f"{told.follows} replaces {name} at its next sync unless it is pinned.")
    words = "was changed" if edited.change_set else "already had these values"
    screen.answer(_document(found.pk), f"{found.name} ({found.identifier}) {words}.")


@click.command("history", cls=DatabaseCommand)
@click.argument("identifier")
@click.argument("attribute", required=False)
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True)
@click.pass_obj
def history(screen: Screen, identifier: str, attribute: str | None, limit: int) -> None:
    """Show what changed about an account, or one of its values, the newest first."""
    found = account_of(identifier)
    changes = customers.history_of(found.pk, field=attribute, after=None, limit=limit)
    runs = runs_of_change_sets(change.change_set_id for change in changes)
    entries = [
        entry
        for change in changes
        for entry in entries_of(change, runs.get(change.change_set_id), only=attribute)
    ]
    columns = ["When", "Field", "Was", "Became", "Source", "By", "Run"]
    rows = [
        (ago(dt.datetime.fromisoformat(e["at"]), now()), *(plain(e[key]) for key in ROW))
        for e in entries
    ]
    empty = f"Nothing of {found.identifier} has changed since it was made."
    screen.answer(entries, table(columns, rows, empty=empty))


ROW = ("field", "old", "new", "source", "actor", "run")


@click.command("add", cls=DatabaseCommand)
@click.argument("identifier")
@click.argument("values", nargs=-1, metavar="[ATTRIBUTE=VALUE…]")
@click.option("--site", "subdomain", help="The site whose identifier it is, where it is one's own.")
@click.pass_obj
def add(screen: Screen, identifier: str, values: tuple[str, ...], subdomain: str | None) -> None:
    """Make an account by hand. A billing account that has its identifier, read or not yet, joins it."""
    scope = connections.site_named(subdomain).pk if subdomain else None
    by, at = by_command("Made by hand"), now()
    with transaction.atomic():
        made = write.create(identifier, pairs(values), by, now=at, scope_id=scope)
        flow.join([made.pk], at)
        flow.refresh([made.pk], at)
    screen.answer(_document(made.pk), f"{made.name} ({made.identifier}) was made.")


def pairs(values: Sequence[str]) -> Mapping[str, Any]:
    """``NAME=VALUE`` words as values by name; an empty VALUE empties it."""
    found = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{text!r} is not ATTRIBUTE=VALUE.")
        if name in found:
            raise click.UsageError(f"{name} is given twice.")
        found[name] = value
    return found


def by_command(reason: str) -> By:
    """Whoever is at the command line: no member signs in there."""
    return By(Origin.MANUAL, name=COMMAND_LINE, reason=reason)


def pin_wanted(reason: str | None, until: dt.datetime | None) -> Pin | None:
    """The pin that ``--pin`` and ``--until`` ask for, if they do."""
    if reason is None:
        if until:
            raise click.UsageError("--until is the end of a pin: give --pin REASON too.")
        return None
    if not reason.strip():
        raise click.UsageError("--pin needs a reason: whoever meets the pin later will ask.")
    end = until.replace(hour=23, minute=59, second=59, tzinfo=dt.UTC) if until else None
    if end and end <= now():
        raise click.UsageError("--until is over: give a later day, or none for good.")
    return Pin(reason.strip(), end)


def _document(pk: int) -> dict[str, Any]:
    account: Account = customers.get_account(pk)
    return shapes.accounts([account], now())[0]


def plain(value: Any) -> Any:
    """A value in a table's cell."""
    return ", ".join(map(str, value)) if isinstance(value, list) else value
