"""``tenure subscriptions`` and ``tenure invoices``: the lists across accounts, with their filters."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeVar

import click

from tenure.cli import exchange
from tenure.cli.command import List
from tenure.cli.looking_back import day_or_now, looking_back
from tenure.cli.screen import Column, Screen, table
from tenure.customers.lookup import account_of
from tenure.metrics.lists import export, shapes
from tenure.metrics.lists import invoices as bills
from tenure.metrics.lists import subscriptions as agreements
from tenure.metrics.lists.filters import Wanted
from tenure.metrics.lists.found import LONGEST_PAGE, Sums

F = TypeVar("F", bound=Callable[..., Any])
CAP = 10_000


def filtered(source: ModuleType) -> Callable[[F], F]:
    """Give a command the filters of a list as options."""

    def add(command: F) -> F:
        for one in reversed(source.FILTERS):
            words = f" One or several of {', '.join(one.choices)}." if one.choices else ""
            option = click.option(
                f"--{one.name.replace('_', '-')}",
                one.name,
                metavar=one.kind.upper(),
                help=f"{one.label}.{words} {one.told}".strip(),
            )
            command = option(command)
        return looking_back(command)  # type: ignore[return-value]

    return add


def sorted_(source: ModuleType) -> Callable[[F], F]:
    """Give a command the orders of a list."""
    orders = ", ".join(sorted(source.ORDERS))
    return click.option(
        "--sort",
        default=source.DEFAULT,
        show_default=True,
        metavar="ORDER",
        help=f"One of {orders}; a minus sign in front turns it round.",
    )


def asked(screen: Screen, source: ModuleType, given: dict[str, Any]) -> Wanted:
    """What the options ask for; an account goes by its identifier."""
    if given.get("account"):
        given = given | {"account": account_of(given["account"]).pk}
    return source.asked_for(given, day_or_now(screen, given.get("as_of")))  # type: ignore[no-any-return]


def _paged(command: F) -> F:
    for option in (
        click.option("--cursor", help="Go on where a page ended."),
        click.option(
            "--limit", type=click.IntRange(1, LONGEST_PAGE), default=50, show_default=True
        ),
    ):
        command = option(command)
    return command


def _answer(
    screen: Screen,
    page: Any,
    shape: Callable[[Any], dict[str, Any]],
    columns: Sequence[Column | str],
    row: Callable[[Any], Sequence[Any]],
) -> None:
    if page.next:
        screen.note(f"There are more; go on with --cursor {page.next}")
    shown = table(columns, [row(one) for one in page.rows], empty="Nothing matches.")
    screen.answer({"data": [shape(one) for one in page.rows], "next": page.next}, shown)


def _summed(screen: Screen, source: ModuleType, given: dict[str, Any], figures: Sequence[str]) -> None:  # fmt: skip
    wanted = asked(screen, source, given)
    count, sums = source.capped_count(wanted, cap=CAP), source.sums(wanted)
    rows = [(line.currency, line.rows, *line.amounts) for line in sums.lines]
    columns: list[Column | str] = ["Currency", Column("Rows", number=True)]
    columns += [Column(name.capitalize(), number=True) for name in figures]
    if sums.given_up:
        screen.note("Adding all of these up takes too long. Filter them further.")
    screen.answer(_document(count, sums, figures), table(columns, rows, empty="Nothing matches."))


def _document(count: int, sums: Sums, figures: Sequence[str]) -> dict[str, Any]:
    return {
        "count": count,
        "given_up": sums.given_up,
        "sums": [
            {
                "currency": line.currency,
                "rows": line.rows,
                **{
                    name: money.as_json() for name, money in zip(figures, line.amounts, strict=True)
                },
            }
            for line in sums.lines
        ],
    }


@click.group("subscriptions", cls=List)
@filtered(agreements)
@sorted_(agreements)
@_paged
@click.pass_obj
def subscriptions(
    screen: Screen, /, sort: str, limit: int, cursor: str | None, **given: Any
) -> None:
    """List subscriptions across accounts, those worth most first."""
    page = agreements.page(asked(screen, agreements, given), sort=sort, limit=limit, cursor=cursor)
    columns: list[Column | str] = [
        "Account", "Plan", "Status", Column("MRR", number=True), Column("Quantity", number=True),
        "Renews", "Ends", "Site", "Id",
    ]  # fmt: skip
    _answer(screen, page, shapes.subscription, columns, _agreement)


def _agreement(one: Any) -> Sequence[Any]:
    facts = one.facts
    return (
        one.row.account.name if one.row.account else None,
        one.row.plan_name or one.row.plan_code,
        facts.status if facts else one.row.state,
        one.mrr,
        one.row.quantity,
        facts.renews_on if facts else None,
        facts.ends_on if facts else None,
        one.row.site.subdomain,
        one.row.upstream_id,
    )


@subscriptions.command("totals")
@filtered(agreements)
@click.pass_obj
def subscription_totals(screen: Screen, /, **given: Any) -> None:
    """Count them and add up their MRR."""
    _summed(screen, agreements, given, ("mrr",))


@subscriptions.command("export")
@filtered(agreements)
@sorted_(agreements)
@exchange.into_a_file
@click.pass_obj
def export_subscriptions(screen: Screen, /, sort: str, output: str | None, **given: Any) -> None:
    """Write them as CSV."""
    rows = export.rows("subscriptions", asked(screen, agreements, given), sort=sort)
    exchange.write_out(screen, rows, output, "subscriptions")


@click.group("invoices", cls=List)
@filtered(bills)
@sorted_(bills)
@_paged
@click.pass_obj
def invoices(screen: Screen, /, sort: str, limit: int, cursor: str | None, **given: Any) -> None:
    """List invoices across accounts, the newest first."""
    page = bills.page(asked(screen, bills, given), sort=sort, limit=limit, cursor=cursor)
    columns: list[Column | str] = [
        "Number", "Account", "Status", "Issued", "Due", Column("Late", number=True),
        Column("Total", number=True), Column("Balance", number=True), "Site",
    ]  # fmt: skip
    _answer(screen, page, shapes.invoice, columns, _bill)


def _bill(one: Any) -> Sequence[Any]:
    return (
        one.row.number or one.row.upstream_id,
        one.row.account.name if one.row.account else None,
        one.status,
        f"{one.row.created_at:%Y-%m-%d}",
        one.stands.due_day,
        one.stands.days or None,
        one.money("total"),
        one.money("balance"),
        one.row.site.subdomain,
    )


@invoices.command("totals")
@filtered(bills)
@click.pass_obj
def invoice_totals(screen: Screen, /, **given: Any) -> None:
    """Count them and add them up."""
    _summed(screen, bills, given, ("total", "paid", "balance"))


@invoices.command("export")
@filtered(bills)
@sorted_(bills)
@exchange.into_a_file
@click.pass_obj
def export_invoices(screen: Screen, /, sort: str, output: str | None, **given: Any) -> None:
    """Write them as CSV."""
    rows = export.rows("invoices", asked(screen, bills, given), sort=sort)
    exchange.write_out(screen, rows, output, "invoices")
