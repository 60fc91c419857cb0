"""``tenure account explain``: what a figure is made of, and what was left out of it."""

from collections.abc import Iterable, Sequence

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.cli.command import DatabaseCommand, now
from tenure.cli.looking_back import looking_back, moment
from tenure.cli.screen import Column, Screen, table
from tenure.customers.lookup import account_of
from tenure.metrics import explain as explaining
from tenure.metrics.as_of import Moment, figures_at
from tenure.metrics.explain import shapes
from tenure.metrics.explain.calculation import calculation_at
from tenure.metrics.settings import current

NOTHING = "Nothing makes up this figure."


@click.command("explain", cls=DatabaseCommand)
@click.argument("identifier")
@click.argument("figure", default="mrr")
@looking_back
@click.pass_obj
def explain(screen: Screen, identifier: str, figure: str, as_of: str | None) -> None:
    """Take a figure apart: mrr, arr, total_due, past_due, net_paid, …"""
    at, pk = moment(screen, as_of), account_of(identifier).pk
    groups = _past(screen, pk, figure, at) if at else explaining.parts(pk, figure, now())
    document = [shapes.parts(group) for group in groups]
    nothing = f"{figure} was not known then, and cannot be made out." if at else NOTHING
    screen.answer(document, _page(groups) if groups else nothing)


def _past(screen: Screen, pk: int, figure: str, at: Moment) -> Sequence[explaining.Parts]:
    """The figure of a past day, with a word on how it is known."""
    if figure not in explaining.FIGURES:
        return explaining.parts(pk, figure, at.last)  # which says what there is
    found = calculation_at(pk, figure, figures_at([pk], at).get(pk), at, current())
    if found.unknown and found.groups:
        screen.note(f"{figure} was not known of {at.day}, and cannot be made out.")
    elif found.differs:
        screen.note("The records of that day come to something else than the figure kept of it.")
    return [group for _, group in found.groups]


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
