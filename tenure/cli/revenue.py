"""``tenure revenue``: MRR by month, the accounts behind a number, and what is owed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import click
from rich.console import Group as Parts

from tenure.cli import exchange
from tenure.cli.command import List
from tenure.cli.looking_back import day_or_now, looking_back
from tenure.cli.screen import Column, Screen, facts, table
from tenure.core.money import Money
from tenure.metrics.lists.filters import a_day
from tenure.metrics.movements import MOVING, Movement
from tenure.metrics.revenue import accounts as behind_it
from tenure.metrics.revenue import asked as asking
from tenure.metrics.revenue import receivables as owed_by
from tenure.metrics.revenue import report, shapes
from tenure.metrics.settings import current

F = TypeVar("F", bound=Callable[..., Any])


def _scoped(command: F) -> F:
    for option in (
        click.option("--site", metavar="SUBDOMAIN", help="Of one site alone."),
        click.option(
            "--currency",
            metavar="CODE",
            help="Of one currency, or “total”; else the total where every rate is known.",
        ),
    ):
        command = option(command)
    return looking_back(command)  # type: ignore[return-value]


def _asked(screen: Screen, given: dict[str, Any]) -> asking.Asked:
    return asking.asked(given, day_or_now(screen, given.get("as_of")), current())


@click.group("revenue", cls=List)
@_scoped
@click.option("--months", help="How many, up to 60; 12 when not said.")
@click.option("--month", metavar="YYYY-MM", help="Show this month alone.")
@click.pass_obj
def revenue(screen: Screen, /, month: str | None, **given: Any) -> None:
    """MRR by month with its movements, and what was retained in twelve months."""
    found = report.report(_asked(screen, given))
    document = shapes.report(found, *report.standings(found.asked.at))
    rows = list(found.months)
    if month:
        first = a_day("month", f"{month}-01")
        rows = [one for one in rows if one.first == first]
        document["months"] = [one for one in document["months"] if one["month"] == month]
    if found.missing:
        screen.note(f"No total: no rate is known for {', '.join(found.missing)} on some day.")
    columns: list[Column | str] = ["Month", Column("Start", number=True)]
    columns += [Column(kind.value.capitalize(), number=True) for kind in MOVING]
    columns += [Column("Rates", number=True), Column("End", number=True)]
    months = table(columns, [_row(one) for one in rows], empty="No such month.")
    kept = document["retention"] or {}
    told = facts(
        [
            ("Net retention, 12 months", kept.get("nrr") and f"{kept['nrr']} %"),
            ("Gross retention, 12 months", kept.get("grr") and f"{kept['grr']} %"),
            ("Logo churn, 12 months", kept.get("logo_churn") and f"{kept['logo_churn']} %"),
            ("Quick ratio", document["quick_ratio"]),
        ]
    )
    screen.answer(document, Parts(f"In {found.currency}", months, "", told))


def _row(one: report.Month) -> list[Any]:
    moves = one.moves
    if moves.start is None or moves.end is None:
        return [f"{one.first:%Y-%m}", "no total"]
    amounts = [
        moves.start,
        *(moves.sums[kind] for kind in MOVING),
        moves.fx or Decimal(0),
        moves.end,
    ]
    return [f"{one.first:%Y-%m}", *(Money(a, moves.currency) for a in amounts)]


@revenue.command("accounts")
@_scoped
@click.option("--month", metavar="YYYY-MM", help="The month they moved in.")
@click.option("--from", "first", metavar="DAY", help="The first day instead.")
@click.option("--to", "last", metavar="DAY", help="The last day.")
@click.option("--movement", type=click.Choice([*Movement]), help="Only those that moved like this.")
@click.option("--reason", help="Only for this reason.")
@click.option("--ends", is_flag=True, help="Compare the ends, instead of counting day by day.")
@click.option("--csv", "as_csv", is_flag=True, help="Write all of them as CSV.")
@click.option("--cursor", help="Go on where a page ended.")
@exchange.into_a_file
@click.pass_obj
def accounts(
    screen: Screen,
    /,
    first: str | None,
    last: str | None,
    ends: bool,
    as_csv: bool,
    cursor: str | None,
    output: str | None,
    **given: Any,
) -> None:
    """List the accounts behind a movement: from what to what, and why."""
    asked = _asked(screen, given)
    named = given | {"from": first, "to": last, "count": "ends" if ends else ""}
    behind = asking.behind(named, asked.at)
    if as_csv or output:
        exchange.write_out(screen, behind_it.lines(asked, behind), output, "accounts")
        return
    page = behind_it.moved(asked, behind, cursor=cursor)
    if page.next:
        screen.note(f"There are more; go on with --cursor {page.next}")
    rows = [
        (
            one.name, one.identifier, one.movement.value, Money(one.start, one.currency),
            Money(one.end, one.currency), Money(one.amount, one.currency), ", ".join(one.reasons),
            one.day,
        )
        for one in page.rows
    ]  # fmt: skip
    columns: list[Column | str] = [
        "Account", "Identifier", "Movement", Column("From", number=True), Column("To", number=True),
        Column("Change", number=True), "Why", "Day",
    ]  # fmt: skip
    document = {"data": [shapes.account_move(one) for one in page.rows], "next": page.next}
    screen.answer(document, table(columns, rows, empty="Nobody moved like this."))


@revenue.command("mrr")
@_scoped
@click.option("--day", metavar="DAY", help="At the end of which day; today when not said.")
@click.option("--cursor", help="Go on where a page ended.")
@click.pass_obj
def mrr(screen: Screen, /, day: str | None, cursor: str | None, **given: Any) -> None:
    """List the accounts with revenue on a day, the largest first."""
    asked = _asked(screen, given)
    when = a_day("day", day) if day else asked.at.today
    found = behind_it.holding(asked, when, cursor=cursor)
    if found.missing:
        screen.note(f"No total: no rate is known for {', '.join(found.missing)} that day.")
    if found.next:
        screen.note(f"There are more; go on with --cursor {found.next}")
    rows = [(one.name, one.identifier, Money(one.amount, one.currency)) for one in found.rows]
    columns: list[Column | str] = ["Account", "Identifier", Column("MRR", number=True)]
    document = {
        "day": when.isoformat(),
        "missing_rates": list(found.missing),
        "data": [shapes.holding(one) for one in found.rows],
        "next": found.next,
    }
    screen.answer(document, table(columns, rows, empty="Nobody had revenue that day."))


@revenue.command("receivables")
@_scoped
@click.pass_obj
def receivables(screen: Screen, /, **given: Any) -> None:
    """What is owed by everybody, by age."""
    found = owed_by.receivables(_asked(screen, given))
    columns: list[Column | str] = ["Currency", Column("Owed", number=True)]
    columns += [Column(bucket, number=True) for bucket, _, _ in owed_by.AGES]
    columns.append(Column("DSO", number=True))
    rows = [
        (one.currency, one.total, *(age.amount for age in one.ages), shapes.owed(one)["dso"])
        for one in found
    ]
    screen.answer(
        [shapes.owed(one) for one in found], table(columns, rows, empty="Nothing is owed.")
    )
