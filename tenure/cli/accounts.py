"""``tenure accounts`` and ``tenure account show``: the customers and what is known of them."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.cli.command import DatabaseCommand, Group, now
from tenure.cli.screen import Column, Screen, facts, table
from tenure.cli.words import ago, stamp
from tenure.core.money import Money
from tenure.customers import read as customers
from tenure.customers.lookup import account_of
from tenure.customers.models import Account, BillingAccount
from tenure.customers.provenance import of_attribute
from tenure.metrics import read as metrics
from tenure.metrics.models import AccountFacts
from tenure.metrics.paging import ORDERS
from tenure.metrics.read import AccountRow

SORTS = sorted(ORDERS)
MONEY = (
    "mrr arr paused_mrr trial_mrr cancelling_mrr committed_mrr past_due_mrr total_due past_due"
    " not_yet_due available_credit total_paid total_refunded net_paid billed net_billed written_off"
    " failed_amount next_due last_paid"
).split()
# Columns that only serve the sorting of lists, or stand elsewhere in the document.
INTERNAL = {"account", "as_of", "updated_at", "main_currency", "mixed_currencies", "status_rank"}
INTERNAL |= {"mrr_sort", "due_sort", "past_due_sort"}


@click.command("accounts", cls=DatabaseCommand)
@click.option(
    "--search", default="", metavar="WORDS", help="Words in its name, identifier or e-mail."
)
@click.option(
    "--sort",
    default="-mrr",
    show_default=True,
    metavar="ORDER",
    help="One of: " + ", ".join(SORTS) + "; a minus sign in front turns it round.",
)
@click.option(
    "--limit", type=click.IntRange(1, metrics.LONGEST_PAGE), default=50, show_default=True
)
@click.option("--cursor", help="Go on where a page ended.")
@click.pass_obj
def accounts(screen: Screen, search: str, sort: str, limit: int, cursor: str | None) -> None:
    """List the accounts, the largest first."""
    page = metrics.accounts_page(search=search, sort=sort, limit=limit, cursor=cursor)
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
        )
        for row in page.rows
    ]
    columns: list[Column | str] = [
        "Name", "Identifier", "Status", Column("MRR", number=True), Column("Due", number=True),
        Column("Past due", number=True), "Plans", "Renews",
    ]  # fmt: skip
    shown = table(columns, rows, empty="No accounts match." if search else "No accounts yet.")
    if page.next:
        screen.note(f"There are more; go on with --cursor {page.next}")
    screen.answer({"data": [_row_json(row) for row in page.rows], "next": page.next}, shown)


@click.group(cls=Group)
def account() -> None:
    """One account."""


@account.command("show")
@click.argument("identifier")
@click.pass_obj
def show(screen: Screen, identifier: str) -> None:
    """Show everything known of an account; SUBDOMAIN:IDENTIFIER when several sites have it."""
    found = account_of(identifier)
    measured = metrics.facts_of([found.pk]).get(found.pk)
    payers = customers.billing_accounts(found.pk)
    screen.answer(as_json(found, payers, measured), _page(found, payers, measured))


def as_json(
    found: Account, payers: Sequence[BillingAccount], measured: AccountFacts | None
) -> dict[str, Any]:
    """An account as scripts see one (CONTRACT section 4). Health comes later; its place is kept."""
    return {
        "identifier": found.identifier,
        "site": found.scope.subdomain if found.scope else None,
        "name": found.name,
        "owner": found.owner.email if found.owner else None,
        "state": found.state,
        "attributes": {name: _attribute(found, name, payers) for name in sorted(found.attributes)},
        "billing_accounts": [_payer_json(payer) for payer in payers],
        "money": _money_json(measured),
        "facts": _facts_json(measured),
        "health": {},
        "as_of": stamp(measured.as_of) if measured else None,
        "updated_at": stamp(found.updated_at),
    }


def _attribute(found: Account, name: str, payers: Sequence[BillingAccount]) -> dict[str, Any]:
    origin = of_attribute(found, name, payers)
    return {
        "value": found.attributes[name],
        "source": origin.source,
        "site": origin.site,
        "set_by": origin.set_by,
        "set_at": origin.set_at,
        "policy": payers[0].site.accounts_mode if payers else None,
        "pinned": origin.pinned,
    }


def _payer_json(payer: BillingAccount) -> dict[str, Any]:
    return {
        "site": payer.site.subdomain,
        f"{payer.site.source}_id": payer.upstream_id,
        "code": payer.code,
        "state": payer.state,
    }


def _money_json(measured: AccountFacts | None) -> dict[str, Any]:
    if measured is None:
        return {}
    return {name: [one.as_json() for one in measured.money(name)] for name in MONEY}


def _facts_json(measured: AccountFacts | None) -> dict[str, Any]:
    if measured is None:
        return {}
    names = [field.name for field in measured._meta.concrete_fields]
    kept = [name for name in names if name not in INTERNAL and name not in MONEY]
    return {name: _plain(getattr(measured, name)) for name in kept}


def _row_json(row: AccountRow) -> dict[str, Any]:
    money = ("mrr", "arr", "total_due", "past_due")
    other = (
        "subscription_status invoice_status plan_names total_quantity active_subscriptions"
        " next_renewal_date next_bill_date next_due_date oldest_past_due_days"
        " oldest_past_due_since last_paid_date customer_since in_dunning flags"
    ).split()
    return {
        "identifier": row.identifier,
        "site": row.scope,
        "name": row.name,
        "owner": row.owner,
        "state": row.state,
        "sites": list(row.sites),
        "money": {name: [one.as_json() for one in getattr(row, name)] for name in money},
        "facts": {name: _plain(getattr(row, name)) for name in other},
        "as_of": stamp(row.as_of),
        "updated_at": stamp(row.updated_at),
    }


def _plain(value: Any) -> Any:
    """A value as JSON holds it: exact numbers as text, times in UTC."""
    match value:
        case dt.datetime():
            return stamp(value)
        case dt.date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case tuple():
            return list(value)
    return value


def _page(
    found: Account, payers: Sequence[BillingAccount], measured: AccountFacts | None
) -> RenderableType:
    head = facts(
        [
            ("Name", found.name),
            ("Identifier", found.identifier),
            ("Owner", found.owner),
            ("State", found.state),
            *_figures(measured),
            ("As of", ago(measured.as_of, now()) if measured else "not measured yet"),
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
    return Parts(head, "", billing, "", attributes, "", _subscriptions(found))


def _figures(measured: AccountFacts | None) -> Iterable[tuple[str, Any]]:
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


def _subscriptions(found: Account) -> RenderableType:
    rows = [
        (
            one.site.subdomain,
            one.plan_name or one.plan_code,
            one.state,
            one.quantity,
            Money(one.unit_amount, one.currency) if one.unit_amount is not None else None,
            one.current_period_ends_at and f"{one.current_period_ends_at:%Y-%m-%d}",
        )
        for one in customers.subscriptions(found.pk)
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
