"""``tenure accounts`` and ``tenure account``: the customers and what is known of them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.cli import comparing, edits, exchange, explaining, happened, identities
from tenure.cli.command import Group, List, now
from tenure.cli.looking_back import looking_back, moment
from tenure.cli.screen import Column, Screen, facts, table
from tenure.cli.words import ago
from tenure.core.money import Money
from tenure.customers import read as customers
from tenure.customers.exchange.columns import ACCOUNTS
from tenure.customers.lookup import account_of
from tenure.customers.models import Account, BillingAccount
from tenure.customers.provenance import of_attribute
from tenure.health import listing as by_health
from tenure.health import shapes as full_shapes
from tenure.health.listing import ORDERS, WAYS
from tenure.metrics import export as exports
from tenure.metrics import read as metrics
from tenure.metrics import shapes
from tenure.metrics.as_of import Moment, figures_at, is_mrr_alone, kind_of
from tenure.metrics.models import AccountFacts, Figures
from tenure.segments.narrowing import narrowed

SORT = click.option(
    "--sort",
    default="-mrr",
    show_default=True,
    metavar="ORDER",
    help="One of: " + ", ".join(sorted(ORDERS)) + "; a minus sign in front turns it round.",
)


@click.group("accounts", cls=List)
@click.argument("rule", default="", metavar="[RULE]")
@click.option("--health", type=click.Choice(WAYS), help="Only those that stand like this.")
@click.option(
    "--search", default="", metavar="WORDS", help="Words in its name, identifier or e-mail."
)
@SORT
@click.option(
    "--limit", type=click.IntRange(1, metrics.LONGEST_PAGE), default=50, show_default=True
)
@click.option("--cursor", help="Go on where a page ended.")
@looking_back
@click.pass_obj
def accounts(
    screen: Screen,
    rule: str,
    health: str | None,
    search: str,
    sort: str,
    limit: int,
    cursor: str | None,
    as_of: str | None,
) -> None:
    """List the accounts, the largest first; with a RULE those it holds for: 'mrr > 500'."""
    at = moment(screen, as_of)
    page = by_health.accounts_page(
        search=search,
        sort=sort,
        limit=limit,
        cursor=cursor,
        moment=at,
        where=narrowed(rule, health or "", now(), at),
    )
    rows = [
        (
            row.name,
            f"{row.scope}:{row.identifier}" if row.scope else row.identifier,
            row.subscription_status,
            _amounts(row.mrr),
            _amounts(row.total_due),
            _amounts(row.past_due),
            ", ".join(row.plan_names),
            row.next_renewal_date,
            *((row.kind or "not known yet",) if at else ()),
        )
        for row in page.rows
    ]
    columns: list[Column | str] = [
        "Name", "Identifier", "Status", Column("MRR", number=True), Column("Due", number=True),
        Column("Past due", number=True), "Plans", "Renews", *(["Known"] if at else []),
    ]  # fmt: skip
    shown = table(
        columns,
        rows,
        empty="No accounts match." if search or rule or health else "No accounts yet.",
    )
    if page.next:
        screen.note(f"There are more; go on with --cursor {page.next}")
    screen.answer({"data": [shapes.row(row) for row in page.rows], "next": page.next}, shown)


accounts.add_command(exchange.importing(ACCOUNTS))


@accounts.command("export")
@click.argument("rule", default="", metavar="[RULE]")
@click.option("--health", type=click.Choice(WAYS), help="Only those that stand like this.")
@click.option("--search", default="", metavar="WORDS", help="Only those that match.")
@SORT
@click.option("--figures/--no-figures", default=True, help="With status, MRR, due and the like.")
@click.option("--attributes/--no-attributes", default=True, help="With every attribute.")
@click.option("--sources", is_flag=True, help="Beside each attribute where its value came from.")
@looking_back
@exchange.into_a_file
@click.pass_obj
def export(
    screen: Screen,
    rule: str,
    health: str | None,
    search: str,
    sort: str,
    figures: bool,
    attributes: bool,
    sources: bool,
    as_of: str | None,
    output: str | None,
) -> None:
    """Write the accounts as CSV; with a RULE those it holds for."""
    at = moment(screen, as_of)
    rows = exports.rows(
        search=search,
        sort=sort,
        figures=figures,
        attributes=attributes,
        sources=sources,
        where=narrowed(rule, health or "", now(), at),
        moment=at,
        orders=by_health.orders_at(at),
    )
    exchange.write_out(screen, rows, output, "accounts")


@click.group(cls=Group)
def account() -> None:
    """One account."""


account.add_command(explaining.explain)
account.add_command(happened.timeline)
account.add_command(comparing.compare)
account.add_command(edits.set_)
account.add_command(edits.history)
account.add_command(edits.add)


@account.command("show")
@click.argument("identifier")
@looking_back
@click.pass_obj
def show(screen: Screen, identifier: str, as_of: str | None) -> None:
    """Show everything known of an account; SUBDOMAIN:IDENTIFIER when several sites have it."""
    found = account_of(identifier)
    at = moment(screen, as_of)
    payers = customers.billing_accounts(found.pk)
    document = full_shapes.accounts([found], now(), at)[0]
    measured: Figures | None
    if at:
        measured = figures_at([found.pk], at).get(found.pk)
    else:
        measured = metrics.facts_of([found.pk]).get(found.pk)
    screen.answer(document, _page(found, payers, measured, at))


def _page(
    found: Account,
    payers: Sequence[BillingAccount],
    measured: Figures | None,
    at: Moment | None,
) -> RenderableType:
    head = facts(
        [
            ("Name", found.name),
            ("Identifier", found.identifier),
            ("Owner", found.owner),
            ("State", found.state),
            *_figures(measured),
            ("As of", _as_of(measured, at)),
        ]
    )
    billing = table(
        ["Site", "Account code", "Id", "State"],
        [(payer.site.subdomain, payer.code, payer.upstream_id, payer.state) for payer in payers],
        empty="Nothing bills this account.",
    )
    attributes = table(
        ["Attribute", "Value", "Source", "Set"],
        [_attribute_row(found, name, payers) for name in sorted(found.attributes)],
        empty="No attributes.",
    )
    return Parts(head, "", billing, "", attributes, "", _subscriptions(found, at))


def _as_of(measured: Figures | None, at: Moment | None) -> str:
    if at:
        alone = "MRR alone, " if is_mrr_alone(measured) else ""
        return f"the end of {at.day}; {alone}{KNOWN[kind_of(measured)]}"
    return ago(measured.as_of, now()) if isinstance(measured, AccountFacts) else "not measured yet"


KNOWN = {
    None: "nothing was known of it then",
    "snapshot": "as it was known then",
    "reconstructed": "reconstructed from invoices",
    "inferred": "inferred across a gap between invoices",
}


def _figures(measured: Figures | None) -> Iterable[tuple[str, Any]]:
    if measured is None:
        return []
    return [
        ("MRR", _amounts(measured.money("mrr")) or "0"),
        ("Due", _amounts(measured.money("total_due")) or "0"),
        ("Past due", _amounts(measured.money("past_due"))),
        ("Net paid", _amounts(measured.money("net_paid"))),
        (
            "Subscriptions",
            f"{measured.active_subscriptions} active of {measured.subscriptions_count}",
        ),
        ("Next renewal", measured.next_renewal_date),
        ("Customer since", measured.customer_since),
        ("Marks", ", ".join(measured.flags)),
    ]


def _attribute_row(
    found: Account, name: str, payers: Sequence[BillingAccount]
) -> tuple[str, Any, str | None, str]:
    origin = of_attribute(found, name, payers)
    since = ago(dt.datetime.fromisoformat(origin.set_at), now()) if origin.set_at else ""
    return name, found.attributes[name], origin.site or origin.source, since


def _subscriptions(found: Account, at: Moment | None) -> RenderableType:
    rows = [
        (
            one.site.subdomain,
            one.plan_name or one.plan_code,
            one.state,
            one.quantity,
            Money(one.unit_amount, one.currency) if one.unit_amount is not None else None,
            one.current_period_ends_at and f"{one.current_period_ends_at:%Y-%m-%d}",
        )
        for one in customers.subscriptions(found.pk, at=at.instant if at else None)
    ]
    columns: list[Column | str] = [
        "Site",
        "Plan",
        "State",
        Column("Quantity", number=True),
        Column("Unit price", number=True),
        "Period ends",
    ]
    return table(columns, rows, empty="No subscriptions.")


def _amounts(amounts: Sequence[Money]) -> str:
    return ", ".join(str(money) for money in amounts)


account.add_command(identities.merge)
account.add_command(identities.unmerge)
