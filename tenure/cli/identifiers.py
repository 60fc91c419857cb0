"""``tenure identifier``: which field names accounts, how well every other would, and choosing one."""

import sys
from collections.abc import Sequence
from itertools import chain
from typing import Any

import click
from django.db import transaction
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure import flow
from tenure.cli import replaying
from tenure.cli.asking import confirm
from tenure.cli.command import Group, now
from tenure.cli.screen import Column, Screen, table
from tenure.cli.words import counted
from tenure.connections.models import ContactSource, Truth
from tenure.core import csvs
from tenure.customers.models import Origin
from tenure.customers.touched import touch
from tenure.customers.write import By
from tenure.identity import contacts, reidentify
from tenure.identity.report import Report, left_out_each, report
from tenure.identity.report.choosing import choose, has_accounts, words_of
from tenure.identity.report.figures import Candidate
from tenure.sources import registry
from tenure.sync import replays

# The source is said by its own name; the model knows it as the source.
TRUTHS = {
    Truth.TENANT.value: Truth.TENANT,
    registry.DEFAULT: Truth.SOURCE,
    Truth.THIRD_PARTY.value: Truth.THIRD_PARTY,
}
SHOWN_SAMPLES = 2
ANEW = By(Origin.MANUAL, reason="Contacts are recognised anew")
LEFT_OUT_COLUMNS = ("site", "object", "id", "code", "name", "email", "reason")


@click.group(cls=Group)
def identifier() -> None:
    """The field that says which records are the same customer."""


@identifier.command("report")
@click.option(
    "--left-out",
    "field",
    metavar="FIELD",
    help="Instead, every record that this field would leave out, with the reason: CSV, or one JSON document.",
)
@click.pass_obj
def report_(screen: Screen, field: str | None) -> None:
    """Hold every field that could name accounts against the records that are here."""
    if field is not None:
        _write_left_out(screen, field)
        return
    made = report(now=now())
    screen.answer(made.as_json(), _page(made))


@identifier.command("set")
@click.argument("field")
@click.option(
    "--source",
    "truth",
    type=click.Choice(list(TRUTHS)),
    required=True,
    help="Whose identifier it is: your own tenant's, the billing system's, or a third party's.",
)
@click.option(
    "--per-site/--across-sites",
    default=None,
    help="Whether equal values of two sites are two customers or one; left out, what suits the field.",
)
@click.option("--fold-case", is_flag=True, help="Take upper and lower case for the same.")
@click.option(
    "--contacts",
    "people",
    metavar="FIELD",
    help=f"By what a contact is recognised: {contacts.CHOICES}.",
)
@click.option(
    "--contacts-from",
    "sources",
    metavar="LIST",
    help=f"Who beside the account's own e-mail is a contact, with commas between:"
    f" {', '.join(ContactSource.values)}; none for nobody.",
)
@click.option(
    "--plan", is_flag=True, help="Say what becomes of the accounts there are; do nothing."
)
@click.pass_obj
def set_(
    screen: Screen,
    field: str,
    truth: str,
    per_site: bool | None,
    fold_case: bool,
    people: str | None,
    sources: str | None,
    plan: bool,
) -> None:
    """Choose the field that names accounts from now on; accounts that exist are re-keyed."""
    joins = None if per_site is None else not per_site
    there = has_accounts()
    if plan or there:
        foreseen = reidentify.preview(field, joins=joins, fold_case=fold_case)
        if plan:
            screen.answer(foreseen.as_json(), words_of(foreseen))
            return
        confirm(screen, f"{words_of(foreseen)} Go on?")
    with transaction.atomic():
        chosen = choose(
            field, truth=TRUTHS[truth], joins=joins, fold_case=fold_case, now=now(), seen=True
        )
        touch(set(chosen.touched), now())
        anew = contacts.choose(people, _listed(sources), now=now())
        replay = replays.again(ANEW) if anew and there else None
    if replay:
        replaying.carry_out(screen, replay)
    flow.catch_up(now())
    rule = chosen.rule
    across = (
        "equal values of several sites are one customer"
        if rule.joins
        else "each site's values stand alone"
    )
    told = f"Accounts are recognised by {rule.field}; {across}."
    document = {
        "field": rule.field,
        "source": truth,
        "joins_sites": rule.joins,
        "fold_case": rule.fold_case,
        "contact_field": contacts.in_force().field,
        "contact_sources": list(contacts.in_force().sources),
    }
    told += f" Contacts are recognised by {document['contact_field']}."
    screen.answer(document | chosen.as_json(), f"{told} {chosen.words}".strip())


def _listed(sources: str | None) -> Sequence[str] | None:
    if sources is None:
        return None
    named = [one.strip() for one in sources.split(",")]
    return [] if named == ["none"] else named


def _write_left_out(screen: Screen, field: str) -> None:
    found = left_out_each(field)
    if screen.as_json:
        screen.answer([one.as_json() for one in found], "")
        return
    rows = (
        (one.site, one.object_kind, one.upstream_id, one.code, one.name, one.email, one.reason)
        for one in found
    )
    sys.stdout.writelines(csvs.lines(chain([LEFT_OUT_COLUMNS], rows)))


def _page(made: Report) -> RenderableType:
    over = f"Counted over {counted(made.billing_accounts, 'billing account')} and {counted(made.subscriptions, 'subscription')} of {counted(len(made.sites), 'site')}."
    best = made.recommendation
    advice = (
        f"Recommended: {best.field}. {best.reason}"
        if best
        else "No records are here yet. Read them with tenure sync."
    )
    against = [
        f"  {one.field}: {' '.join(one.speaks_against)}"
        for one in made.candidates
        if one.speaks_against
    ]
    return Parts(
        over,
        advice.replace("[", "\\["),
        "",
        _table(made.candidates),
        "",
        "What speaks against each:",
        *(line.replace("[", "\\[") for line in against),
        "",
        "Contacts:",
        _table(made.contacts),
    )


def _table(candidates: Sequence[Candidate]) -> RenderableType:
    columns: list[Column | str] = [
        "Field",
        Column("Filled", number=True),
        Column("Distinct", number=True),
        Column("Shared by several", number=True),
        Column("Nearly equal", number=True),
        Column("On several sites", number=True),
        Column("Left out", number=True),
        "Looks like",
        "Such as",
    ]
    return table(columns, [_row(one) for one in candidates], empty="None.")


def _row(one: Candidate) -> Sequence[Any]:
    found = one.figures
    near = sum(kind.groups for kind in found.near.values())
    return (
        one.field,
        f"{one.filled_percent:g} %",
        f"{one.distinct_percent:g} %",
        f"{found.collision_groups:,}",
        f"{near:,}",
        f"{found.shared:,}",
        f"{one.left_out:,}",
        found.look.words,
        ", ".join(found.samples[:SHOWN_SAMPLES]),
    )
