"""``tenure subscription``: one subscription, by its site and its id there; its attributes by hand."""

import datetime as dt
from typing import Any

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.cli.command import Group, now
from tenure.cli.edits import MOST, ROW, by_command, pairs, pin_wanted, plain
from tenure.cli.looking_back import looking_back, moment
from tenure.cli.screen import Screen, facts, table
from tenure.cli.words import ago
from tenure.connections import read as connections
from tenure.core.errors import ConfigurationError
from tenure.customers import amending, lists
from tenure.customers import read as customers
from tenure.customers import shapes as kept
from tenure.customers.models import Subscription
from tenure.metrics.as_of import Moment
from tenure.metrics.lists import shapes
from tenure.metrics.lists import subscriptions as agreements
from tenure.metrics.lists.filters import at_the_end_of
from tenure.metrics.lists.subscriptions import SubscriptionRow
from tenure.metrics.settings import zone
from tenure.sync.standing import runs_of_change_sets


@click.group(cls=Group)
def subscription() -> None:
    """One subscription."""


@subscription.command("show")
@click.argument("site")
@click.argument("id_")
@looking_back
@click.pass_obj
def show(screen: Screen, site: str, id_: str, as_of: str | None) -> None:
    """Show a subscription: how it stands, and where each attribute came from."""
    row, at = _found(site, id_), moment(screen, as_of)
    if at is None:
        screen.answer(_document(row.pk), _page(row))
        return
    try:
        then = agreements.get(row.pk, at_the_end_of(at, now(), zone()))
    except Subscription.DoesNotExist:
        raise ConfigurationError(
            f"Subscription {id_} of {site} was not known on {at.day}.",
            next_step="Leave --as-of out, or choose a later day.",
        ) from None
    sources = kept.agreed_sources(row, at.instant)
    screen.answer(shapes.subscription(then) | {"sources": sources}, _past_page(then, at))


@subscription.command("set")
@click.argument("site")
@click.argument("id_")
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
    site: str,
    id_: str,
    values: tuple[str, ...],
    reason: str | None,
    until: dt.datetime | None,
    why: str,
) -> None:
    """Set attributes of a subscription. NAME= empties one; what the source bills cannot be set."""
    wanted, pin = pairs(values), pin_wanted(reason, until)
    row = _found(site, id_)
    edited = amending.amend(row.pk, wanted, by_command(why), now=now(), pin=pin)
    for name in wanted:
        told = amending.outlook(row, name)
        if not pin and edited.change_set and told.replaces:
            screen.note(f"{told.follows} replaces {name} at its next sync unless it is pinned.")
    words = "was changed" if edited.change_set else "already had these values"
    screen.answer(_document(row.pk), f"{row} ({id_} of {site}) {words}.")


@subscription.command("unpin")
@click.argument("site")
@click.argument("id_")
@click.argument("attributes", nargs=-1, required=True, metavar="ATTRIBUTE…")
@click.pass_obj
def unpin(screen: Screen, site: str, id_: str, attributes: tuple[str, ...]) -> None:
    """Let Daily Sync have these attributes again, from the next run on."""
    row = _found(site, id_)
    pinned = [name for name in attributes if row.sources.get(name, {}).get("pin")]
    if missing := [name for name in attributes if name not in pinned]:
        raise ConfigurationError(
            f"{', '.join(missing)} of this subscription is not pinned.",
            next_step=f"See what is with tenure subscription show {site} {id_}.",
        )
    amending.unpin(row.pk, pinned)
    screen.answer(_document(row.pk), f"{', '.join(pinned)} of {row} is no longer pinned.")


@subscription.command("history")
@click.argument("site")
@click.argument("id_")
@click.argument("attribute", required=False)
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True)
@click.pass_obj
def history(screen: Screen, site: str, id_: str, attribute: str | None, limit: int) -> None:
    """Show what changed about a subscription, or one of its attributes, the newest first."""
    row = _found(site, id_)
    field = f"attributes.{attribute}" if attribute else None
    changes = customers.changes_of_subscription(row.pk, field=field, limit=limit)
    runs = runs_of_change_sets(change.change_set_id for change in changes)
    entries = [
        entry
        for change in changes
        for entry in kept.history(change, runs.get(change.change_set_id), only=attribute)
    ]
    columns = ["When", "Field", "Was", "Became", "Source", "By", "Run"]
    rows = [
        (ago(dt.datetime.fromisoformat(e["at"]), now()), *(plain(e[key]) for key in ROW))
        for e in entries
    ]
    empty = f"Nothing of {id_} has changed since it came."
    screen.answer(entries, table(columns, rows, empty=empty))


def _found(site: str, upstream_id: str) -> Subscription:
    rows = lists.subscriptions(site=None, account=None, state=None)
    found = lists.named(rows, connections.site_named(site).pk, upstream_id)
    if found is None:
        raise ConfigurationError(
            f"{site} has no subscription {upstream_id!r} here.",
            next_step="List them with tenure subscriptions.",
        )
    return customers.get_subscription(found.pk)


def _document(pk: int) -> dict[str, Any]:
    sources = kept.agreed_sources(customers.get_subscription(pk), now())
    return shapes.subscription(agreements.get(pk)) | {"sources": sources}


def _past_page(then: SubscriptionRow, at: Moment) -> RenderableType:
    row = then.row
    return facts(
        [
            ("Account", row.account.name if row.account else "nobody known yet"),
            ("Site", row.site.subdomain),
            ("Plan", row.plan_name or row.plan_code),
            ("State", row.state),
            ("Quantity", row.quantity),
            ("MRR", then.mrr),
            ("As of", f"the end of {at.day}" + (f", {then.known}" if then.known else "")),
        ]
    )


def _page(row: Subscription) -> RenderableType:
    head = facts(
        [
            ("Account", row.account.name if row.account else "nobody known yet"),
            ("Site", row.site.subdomain),
            ("Plan", row.plan_name or row.plan_code),
            ("State", row.state),
            ("Quantity", row.quantity),
        ]
    )
    values = table(
        ["Attribute", "Value", "Source", "Policy", "Pinned"],
        [
            (
                name,
                plain(row.attributes.get(name)),
                told["set_by"] or told["site"] or told["source"],
                told["policy"],
                told["pin"]["reason"] if told["pinned"] else None,
            )
            for name, told in kept.agreed_sources(row, now()).items()
        ],
        empty="No attributes.",
    )
    return Parts(head, "", values)
