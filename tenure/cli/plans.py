"""``tenure plan`` and ``tenure drift``: what a sync would change, and what imports have drifted from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.cli.command import DONE, NEEDS_ATTENTION, DatabaseCommand, now
from tenure.cli.screen import Column, Screen, facts, table
from tenure.cli.words import counted
from tenure.connections import read as connections
from tenure.connections.models import Site
from tenure.core import csvs
from tenure.core.errors import ConfigurationError
from tenure.customers import drift as drifting
from tenure.customers.differing import Drift
from tenure.customers.write import By
from tenure.metrics import drift as money
from tenure.metrics.amounts import ZERO, displayed
from tenure.sync.models import Plan
from tenure.sync.planning import read
from tenure.sync.planning.entries import VERBS
from tenure.sync.planning.making import make_plan

SHOWN = 50
KINDS = {"account": "Accounts", "contact": "Contacts", "subscription": "Subscriptions"}
SIGNS = {
    "override": "!",
    "conflict": "?",
    "quarantine": "?",
    "unidentified": "?",
    "update": "~",
    "create": "+",
    "pinned": "=",
}


@click.command(cls=DatabaseCommand)
@click.argument("subdomains", nargs=-1, metavar="[SUBDOMAIN]…")
@click.option(
    "--read-all", is_flag=True, help="Also plan a site that was never read: reads it all."
)
@click.option(
    "--entries",
    type=click.IntRange(0),
    default=SHOWN,
    show_default=True,
    help="How many entries of each site to print; --json prints all of them.",
)
@click.option(
    "--whole/--changes-only",
    default=None,
    help="Go through everything that is stored, or only what changed. Left out: everything while a"
    " change of the mapping has not been gone through yet.",
)
@click.option(
    "--csv",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write every entry to this file, one row for each field that changes.",
)
@click.pass_context
def plan(
    ctx: click.Context,
    subdomains: tuple[str, ...],
    read_all: bool,
    entries: int,
    whole: bool | None,
    file: Path | None,
) -> None:
    """Show what the next sync would change, manual edits about to be lost first; writes nothing.

    Exit status 3 when manual edits would be lost or something needs a person. Apply exactly what is
    shown with: tenure sync --plan ID.
    """
    screen: Screen = ctx.obj
    sites = connections.sites_named(subdomains)
    if not sites:
        raise ConfigurationError(
            "No site is connected.", next_step="Connect one with tenure site add SUBDOMAIN."
        )
    made = [
        make_plan(site, member=None, now=now(), read_all=read_all, whole=whole) for site in sites
    ]
    if file is not None:
        _write(file, made)
    document = [
        {**read.as_json(one), "entries": [read.entry_as_json(e) for e in one.entries.iterator()]}
        for one in (made if screen.as_json else ())
    ]
    screen.answer(document, Parts(*(_page(one, entries) for one in made)))
    ctx.exit(NEEDS_ATTENTION if any(map(read.needs_a_person, made)) else DONE)


def _write(file: Path, made: Sequence[Plan]) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            out.writelines(csvs.lines(read.csv_rows(*made), marked=True))
    except OSError as error:
        raise ConfigurationError(
            f"The plan could not be written to {file}: {error.strerror}.",
            next_step="Name a file that can be written, as in --csv plan.csv.",
        ) from error


def _page(one: Plan, most: int) -> RenderableType:
    told = facts(
        [
            ("Plan", one.pk),
            ("Site", one.site.subdomain),
            *((f"{SIGNS[verb]} {verb}", f"{read.total(one, verb):,}") for verb in VERBS),
            ("= leave", f"{read.total(one, 'leave'):,}"),
            ("Follow anyway", _following(one)),
            *((words, _by_verb(one, kind)) for kind, words in KINDS.items()),
            ("Mapping changed", _pending(one)),
            ("Apply", "" if one.whole else f"tenure sync --plan {one.pk}"),
        ]
    )
    columns: list[Column | str] = ["", "Object", "Identifier", "Name", "Of", "Change", "Lost"]
    rows = [
        (
            SIGNS[entry.verb],
            entry.object_kind,
            entry.identifier or entry.upstream_id,
            entry.name,
            entry.belongs_to,
            _changes(entry.changes) or entry.reason,
            _lost(entry.overridden),
        )
        for entry in read.entries(one, limit=most)
    ]
    return Parts(told, "", table(columns, rows, empty="Nothing would change."), "")


def _by_verb(one: Plan, kind: str) -> str:
    """What the plan does about one kind of object; "" when it meets none."""
    counted: dict[str, int] = one.counts.get("objects", {}).get(kind, {})
    return ", ".join(f"{counted[v]:,} {v}" for v in (*VERBS, "leave") if counted.get(v))


def _pending(one: Plan) -> str:
    """Changes of the mapping that were not gone through when the plan was made."""
    if not one.pending:
        return ""
    when = ", ".join(f"{change['at'][:16].replace('T', ' ')} UTC" for change in one.pending)
    if one.whole:
        return f"{when}; this plan includes what that changes, and can be applied once it is done"
    return f"{when}; include what that changes with --whole"


def _following(one: Plan) -> str:
    following: dict[str, int] = one.counts.get("following", {})
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in following.items() if n)


def _changes(changes: dict[str, Any]) -> str:
    return "; ".join(
        f"{place.removeprefix('attributes.')}: {_said(old)} → {_said(new)}"
        for place, (old, new) in list(changes.items())[:5]
    )


def _said(value: Any) -> str:
    return "nothing" if value in (None, "", []) else str(value)[:60]


def _lost(overridden: dict[str, Any]) -> str:
    return "; ".join(
        f"set by {lost.get('set_by') or lost.get('source')} {str(lost.get('set_at'))[:10]}"
        for lost in overridden.values()
    )


@click.command(cls=DatabaseCommand)
@click.argument("subdomains", nargs=-1, metavar="[SUBDOMAIN]…")
@click.option("--field", default="", help="Only this attribute, or name.")
@click.option("--accept", is_flag=True, help="Take what the source says for all of these accounts.")
@click.option(
    "--subscription", default="", help="With --accept: only this subscription, by its id."
)
@click.option(
    "--subscriptions",
    is_flag=True,
    help="With --accept: all subscriptions that differ, in one field with --field.",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=SHOWN, show_default=True)
@click.pass_obj
def drift(
    screen: Screen,
    subdomains: tuple[str, ...],
    field: str,
    accept: bool,
    subscription: str,
    subscriptions: bool,
    limit: int,
) -> None:
    """Show what sources say now of what was imported once, by field and by money.

    --accept takes what the source says: for all accounts, or with --subscriptions for all
    subscriptions, or for one of them; of one field with --field.
    """
    if (subscription or subscriptions) and not accept:
        raise click.UsageError("--subscription and --subscriptions go with --accept.")
    if subscription and subscriptions:
        raise click.UsageError("Give --subscription ID for one, or --subscriptions for all.")
    sites = connections.sites_named(subdomains)
    accounts, agreements = drifting.importing(sites), money.importing(sites)
    if not accounts and not agreements:
        raise ConfigurationError(
            "None of these sites is in Import Only, so nothing can drift.",
            next_step="Look at the modes with tenure site list.",
        )
    if subscription:
        _accept_subscription(screen, agreements, subscription, field)
    elif subscriptions:
        by = By(reason="Drift accepted")
        many = money.accept_all(agreements, by, now=now(), name=field).subscriptions
        screen.note(f"Accepted what the source says for {counted(many, 'subscription')}.")
    elif accept:
        done = drifting.accept_all(accounts, By(reason="Drift accepted"), now=now(), name=field)
        screen.note(f"Accepted what the source says for {counted(len(done.accounts), 'account')}.")
    found = drifting.count(accounts)
    values = drifting.listing(accounts, name=field, limit=limit)
    sums = money.count(agreements, now())
    priced = money.listing(agreements, now(), limit=limit)
    screen.answer(
        _drift_json(found, values, sums) | {"subscription_entries": list(map(_priced, priced))},
        Parts(_drift_page(found, values, sums), "", _drift_of_subscriptions(priced)),
    )


def _accept_subscription(
    screen: Screen, sites: Sequence[Site], upstream_id: str, field: str
) -> None:
    pk = money.subscription_named(upstream_id, sites)
    money.accept(pk, By(reason="Drift accepted"), now=now(), name=field)
    what = field or "everything"
    screen.note(f"Accepted what the source says for {what} of subscription {upstream_id}.")


def _priced(one: money.SubscriptionDrift) -> dict[str, Any]:
    return {
        "site": one.site,
        "id": one.upstream_id,
        "plan": one.plan,
        "account": one.account or None,
        "changes": {name: list(pair) for name, pair in one.changes.items()},
    }


def _drift_of_subscriptions(found: Sequence[money.SubscriptionDrift]) -> RenderableType:
    rows = [
        (one.upstream_id, one.plan, one.account, _changes(dict(one.changes)), one.site)
        for one in found
    ]
    titles = ["Subscription", "Plan", "Account", "What differs", "Site"]
    return table(titles, rows, empty="No subscription differs.")


def _drift_json(
    found: drifting.Drifts, values: Sequence[Drift], sums: money.Money
) -> dict[str, Any]:
    return {
        "accounts": found.accounts,
        "values": found.values,
        "fields": dict(found.fields),
        "subscriptions": sums.subscriptions,
        "subscription_fields": sums.fields,
        "mrr": _mrr(sums),
        "entries": [
            {
                "account_id": one.account_id,
                "identifier": one.identifier,
                "name": one.name,
                "field": one.field,
                "held": one.held,
                "says": one.says,
                "site": one.site,
            }
            for one in values
        ],
    }


def _mrr(sums: money.Money) -> dict[str, dict[str, str]]:
    return {
        currency: {
            "held": str(displayed(sums.held.get(currency, ZERO), currency)),
            "says": str(displayed(sums.says.get(currency, ZERO), currency)),
        }
        for currency in sorted({*sums.held, *sums.says})
    }


def _drift_page(
    found: drifting.Drifts, values: Sequence[Drift], sums: money.Money
) -> RenderableType:
    moneys = ", ".join(
        f"{one['held']} → {one['says']} {currency}" for currency, one in _mrr(sums).items()
    )
    told = facts(
        [
            ("Accounts that differ", f"{found.accounts:,}"),
            ("Values that differ", f"{found.values:,}"),
            ("By field", ", ".join(f"{n} {c:,}" for n, c in found.fields.most_common())),
            ("Subscriptions", f"{sums.subscriptions:,}"),
            ("Their MRR", moneys),
        ]
    )
    rows = [(v.identifier, v.name, v.field, _said(v.held), _said(v.says), v.site) for v in values]
    titles = ["Identifier", "Name", "Field", "Held", "The source says", "Site"]
    return Parts(told, "", table(titles, rows, empty="Nothing has drifted."))
