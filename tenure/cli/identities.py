"""``tenure conflicts``, ``tenure unidentified`` and ``tenure account merge``: whose records are."""

import sys
from collections.abc import Sequence
from typing import Any

import click
from django.db import transaction
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure import flow
from tenure.cli.asking import confirm
from tenure.cli.command import DatabaseCommand, now
from tenure.cli.screen import Column, Screen, facts, table
from tenure.cli.words import ago
from tenure.connections.read import site_named
from tenure.core.csvs import lines
from tenure.core.money import Money
from tenure.customers.lookup import account_of
from tenure.customers.models import Origin
from tenure.customers.write import By
from tenure.identity import conflicts as conflicting
from tenure.identity import merge as merging
from tenure.identity import unidentified as nameless
from tenure.identity.conflicts import DECIDED
from tenure.identity.models import Conflict
from tenure.identity.unidentified import Nameless

LONGEST = 10_000
HEADINGS = ("site", "object", "id", "code", "label", "email", "created_at", "reason")


@click.command("conflicts", cls=DatabaseCommand)
@click.argument("subdomain", required=False)
@click.option("--resolve", "number", type=int, metavar="NUMBER", help="Decide this conflict.")
@click.option(
    "--as", "resolution", type=click.Choice([str(one) for one in DECIDED]), help="How to decide it."
)
@click.option("--reason", default="", help="Why, kept with the change.")
@click.option("--plan", is_flag=True, help="Say what each resolution would do, and do nothing.")
@click.option("--resolved", is_flag=True, help="List the resolved ones instead.")
@click.option("--limit", type=click.IntRange(1, LONGEST), default=200, show_default=True)
@click.pass_obj
def conflicts(
    screen: Screen,
    subdomain: str | None,
    number: int | None,
    resolution: str | None,
    reason: str,
    plan: bool,
    resolved: bool,
    limit: int,
) -> None:
    """List records whose identifier no longer says what it said, or resolve one."""
    if number is not None:
        _one(screen, number, resolution, reason, plan=plan)
        return
    site = site_named(subdomain) if subdomain else None
    found = conflicting.listing(site_id=site.pk if site else None, resolved=resolved, limit=limit)
    rows = [
        (one.pk, one.site.subdomain, one.get_kind_display(), one.old, one.new, _account(one),
         one.get_resolution_display() if resolved else ago(one.opened_at, now()))
        for one in found
    ]  # fmt: skip
    columns = ["Number", "Site", "Kind", "Was", "Says now", "Account"]
    columns.append("Resolution" if resolved else "Since")
    page = table(columns, rows, empty="No conflicts.")
    screen.answer([conflicting.as_json(one) for one in found], page)
    if found and not resolved:
        screen.note(
            "Resolve one with tenure conflicts --resolve NUMBER --as keep|rekey|new_account"
        )


def _one(screen: Screen, number: int, resolution: str | None, reason: str, *, plan: bool) -> None:
    found = conflicting.get(number)
    if plan or resolution is None:
        screen.answer(_options_json(found), _options_page(found))
        return
    words = {one.resolution: one.words for one in conflicting.options(found)}
    confirm(screen, f"{words.get(resolution, '')} Go on?")
    with transaction.atomic():
        done = conflicting.resolve(number, resolution, By(Origin.MANUAL, reason=reason), now())
        flow.refresh(done.accounts, now())
    known = conflicting.get(number)
    said = f"Conflict {number} is resolved: {known.get_resolution_display().lower()}."
    screen.answer(conflicting.as_json(known), said)


def _options_json(found: Conflict) -> dict[str, Any]:
    ways = [
        {"resolution": one.resolution, "title": one.title, "does": one.words,
         "refused": one.refusal or None}
        for one in conflicting.options(found)
    ]  # fmt: skip
    return conflicting.as_json(found) | {"sentence": conflicting.sentence(found), "options": ways}


def _options_page(found: Conflict) -> RenderableType:
    rows = [
        (one.resolution, one.title, one.refusal or one.words) for one in conflicting.options(found)
    ]
    ways = table(["--as", "What", "What it does"], rows, empty="")
    return Parts(conflicting.sentence(found), "", ways)


def _account(one: Conflict) -> str:
    return f"{one.account.name} ({one.account.identifier})" if one.account else ""


@click.command("unidentified", cls=DatabaseCommand)
@click.argument("subdomain", required=False)
@click.option("--limit", type=click.IntRange(1, LONGEST), default=200, show_default=True)
@click.option("--after", metavar="PLACE", help="Go on where a list ended.")
@click.option("--csv", "as_csv", is_flag=True, help="Print all of them as CSV.")
@click.option("--unallocated", is_flag=True, help="Print what is billed to nobody instead.")
@click.pass_obj
def unidentified(
    screen: Screen,
    subdomain: str | None,
    limit: int,
    after: str | None,
    as_csv: bool,
    unallocated: bool,
) -> None:
    """List the records nobody can name yet, with the reason of each."""
    site = site_named(subdomain) if subdomain else None
    site_id = site.pk if site else None
    if unallocated:
        _unallocated(screen)
    elif as_csv:
        sys.stdout.writelines(lines([HEADINGS]))
        sys.stdout.writelines(lines(_cells(one) for one in nameless.everything(site_id)))
    else:
        found = nameless.listing(site_id, limit=limit, after=after)
        screen.answer([one.as_json() for one in found], _nameless_page(found))
        if len(found) == limit:
            count = nameless.count(site_id)
            screen.note(f"{count:,} in all; go on with --after {found[-1].place}")


def _nameless_page(found: Sequence[Nameless]) -> RenderableType:
    return table(
        ["Site", "Object", "Id", "Account code", "Label", "Reason"],
        [(r.site.subdomain, r.object, r.upstream_id, r.code, r.label, r.reason) for r in found],
        empty="Every record has its account.",
    )


def _unallocated(screen: Screen) -> None:
    free = nameless.unallocated()
    columns: list[Column | str] = [
        "Currency", Column("Invoices", number=True), Column("Unallocated", number=True),
        Column("Of it owed", number=True),
    ]  # fmt: skip
    rows = [
        (u.currency, u.invoices, Money(u.total, u.currency), Money(u.balance, u.currency))
        for u in free
    ]
    answer = [
        {"invoices": u.invoices, "total": Money(u.total, u.currency).as_json(),
         "balance": Money(u.balance, u.currency).as_json()}
        for u in free
    ]  # fmt: skip
    screen.answer(answer, table(columns, rows, empty="Nothing is billed to nobody."))


def _cells(one: nameless.Nameless) -> tuple[Any, ...]:
    return (one.site.subdomain, one.object, one.upstream_id, one.code, one.label, one.email,
            one.created_at, one.reason)  # fmt: skip


@click.command("merge", cls=DatabaseCommand)
@click.argument("kept")
@click.argument("absorbed")
@click.option("--reason", default="", help="Why, kept with the change.")
@click.option("--plan", is_flag=True, help="Say what would move and which values stay; do nothing.")
@click.pass_obj
def merge(screen: Screen, kept: str, absorbed: str, reason: str, plan: bool) -> None:
    """Make ABSORBED part of KEPT: everything it has moves, its identifier leads there."""
    one, other = account_of(kept), account_of(absorbed)
    told = merging.preview(one.pk, other.pk)
    if plan:
        screen.answer(told.as_json(), _preview_page(told))
        return
    confirm(screen, f"Merge {other.name} ({other.identifier}) into {one.name} ({one.identifier})?")
    with transaction.atomic():
        done = merging.merge(one.pk, other.pk, By(Origin.MANUAL, reason=reason), now())
        flow.refresh(done.accounts, now())
    said = (
        f"{other.name} is part of {one.name} now. Undo it with"
        f" tenure account unmerge {done.merge.pk}"
    )
    screen.answer(told.as_json() | {"merge": done.merge.pk}, said)


@click.command("unmerge", cls=DatabaseCommand)
@click.argument("number", type=int)
@click.option("--reason", default="", help="Why, kept with the change.")
@click.option("--plan", is_flag=True, help="Say which accounts would be taken apart; do nothing.")
@click.pass_obj
def unmerge(screen: Screen, number: int, reason: str, plan: bool) -> None:
    """Undo the merge of this NUMBER: what moved goes back."""
    made = merging.get(number)
    answer = {"merge": number, "kept": made.kept.identifier, "absorbed": made.absorbed.identifier}
    words = f"{made.absorbed.name} ({made.absorbed.identifier}) leaves {made.kept.name} again"
    if plan:
        screen.answer(answer, f"{words}, with everything that came with it or for it since.")
        return
    confirm(screen, f"{words}. Go on?")
    with transaction.atomic():
        done = merging.unmerge(number, By(Origin.MANUAL, reason=reason), now())
        flow.refresh(done.accounts, now())
    screen.answer(answer, f"{words}.")


def _preview_page(told: merging.Preview) -> RenderableType:
    moves = facts(
        [
            ("Into", f"{told.kept.name} ({told.kept.identifier})"),
            ("Goes", f"{told.absorbed.name} ({told.absorbed.identifier})"),
            ("Billing accounts", told.billing_accounts),
            ("Subscriptions", told.subscriptions),
            ("Invoices", told.invoices),
            ("Contacts", told.contacts),
            ("Leads there from then on", ", ".join(told.identifiers)),
        ]
    )
    rows = [(one.name, one.kept, one.absorbed, one.stays) for one in told.differing]
    values = table(
        ["Value", "Kept account", "Absorbed account", "Shown then"],
        rows,
        empty="No value differs.",
    )
    return Parts(moves, "", values)
