"""``tenure account compare``: one account on two days."""

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Group as Parts

from tenure.cli.command import DatabaseCommand, now
from tenure.cli.screen import Column, Screen, facts, table
from tenure.core.money import Money
from tenure.customers.lookup import account_of
from tenure.health import said
from tenure.health.changes import rounded_lines
from tenure.health.compared import Cause, Comparison, Difference, Record, as_json
from tenure.health.comparing import compare as compared
from tenure.health.comparing import days_of
from tenure.health.models import Verdict
from tenure.metrics.settings import current


@click.command("compare", cls=DatabaseCommand)
@click.argument("identifier")
@click.option("--from", "first", required=True, metavar="DATE", help="A past day, at its end.")
@click.option("--to", "second", default="", metavar="DATE", help="A later day; now when not said.")
@click.pass_obj
def compare(screen: Screen, identifier: str, first: str, second: str) -> None:
    """Show what of an account differs between two days, and why where that is known."""
    found, chosen = account_of(identifier), current()
    days = days_of(first, second, now(), chosen)
    told = compared(found.pk, days, now(), chosen)
    if told.first.kind not in ("snapshot", None):
        screen.note(f"Figures of {told.first.day} were made out since, from invoices and dates.")
    if told.more:
        screen.note("There are more records than were looked at; choose days closer together.")
    screen.answer(as_json(told), _page(told))


def _page(told: Comparison) -> Parts:
    until = "now" if told.second.moment is None else str(told.second.day)
    sides = ["What", str(told.first.day), until]
    values = table(
        [*sides, "Because"],
        [(*_row(one), _because(one.cause)) for one in told.values],
        empty="No value differs.",
    )
    figures = table(sides, [_row(one) for one in told.figures], empty="No figure differs.")
    columns: list[Column | str] = ["Kind", "Name", "Fate", "What differs", "Because"]
    rows = [
        (kind, one.name, one.fate, _differing(one), _because(one.cause))
        for kind, several in (("subscription", told.subscriptions), ("invoice", told.invoices))
        for one in several
    ]
    records = table(columns, rows, empty="No subscription or invoice differs.")
    return Parts(values, "", figures, "", records, "", facts(_health(told)))


def _health(told: Comparison) -> list[tuple[str, str]]:
    old, new = (_score(one) for one in told.scores)
    lines = rounded_lines(told.change) if told.change else []
    parts = [
        (f"{line.kind} {said.measure(line.measure) if line.measure else ''}".strip(), points)
        for line, points in lines
    ]
    return [("Health", f"{old} → {new}"), *((name, said.points(points)) for name, points in parts)]


def _score(one: Verdict | None) -> str:
    if one is None:
        return "no score known"
    return f"{one.band} {'' if one.score is None else one.score}".strip()


def _row(one: Difference) -> tuple[str, str, str]:
    return one.label, _told(one.old), _told(one.new)


def _differing(one: Record) -> str:
    return "; ".join(
        f"{each.label} {_told(each.old)} → {_told(each.new)}" for each in one.differences
    )


def _told(value: Any) -> str:
    if value in (None, "", [], (), {}):
        return "nothing"
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_told(one) for one in value)
    return str(value)


def _because(cause: Cause | None) -> str:
    if cause is None:
        return ""
    who = f" {cause.actor}" if cause.actor else ""
    return f"{cause.source}{who}, {cause.at:%Y-%m-%d}"
