"""``tenure account explain``: what a figure is made of, and what was left out of it."""

from collections.abc import Iterable

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.cli.command import DatabaseCommand, now
from tenure.cli.screen import Column, Screen, table
from tenure.customers.lookup import account_of
from tenure.metrics import explain as explaining
from tenure.metrics.explain import shapes


@click.command("explain", cls=DatabaseCommand)
@click.argument("identifier")
@click.argument("figure", default="mrr")
@click.pass_obj
def explain(screen: Screen, identifier: str, figure: str) -> None:
    """Take a figure apart: mrr, arr, total_due, past_due, net_paid, …"""
    groups = explaining.parts(account_of(identifier).pk, figure, now())
    document = [shapes.parts(group) for group in groups]
    screen.answer(document, _page(groups) if groups else "Nothing makes up this figure.")


def _page(groups: Iterable[explaining.Parts]) -> RenderableType:
    shown: list[RenderableType] = []
    for group in groups:
        rows = [
            (
                part.kind,
                part.label,
                part.status,
                part.day,
                "not known" if part.amount is None else part.amount,
            )
            for part in group.parts
        ]
        columns: list[Column | str] = ["Kind", "What", "Status", "Day", Column("Amount", number=True)]  # fmt: skip
        shown += [f"{group.figure}: {group.total}", table(columns, rows, empty="Nothing counts.")]
        for left in group.excluded:
            of = f", {left.amount}" if left.amount is not None else ""
            shown.append(f"left out: {left.count}{of}: {left.reason}")
        shown.append("")
    return Parts(*shown)
