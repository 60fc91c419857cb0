"""``tenure account timeline``: what happened to an account, newest first."""

import click

from tenure.cli.command import DatabaseCommand, now
from tenure.cli.looking_back import looking_back, moment
from tenure.cli.screen import Column, Screen, table
from tenure.customers import timeline as happened
from tenure.customers.lookup import account_of
from tenure.metrics import known


@click.command("timeline", cls=DatabaseCommand)
@click.argument("identifier")
@click.option("--kind", type=click.Choice(happened.KINDS), help="Only of this kind.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@looking_back
@click.pass_obj
def timeline(
    screen: Screen, identifier: str, kind: str | None, limit: int, as_of: str | None
) -> None:
    """What happened to an account: bills, payments, agreements and changed values, newest first."""
    pk, at = account_of(identifier).pk, moment(screen, as_of)
    found, _ = happened.newest(
        pk,
        kind=kind,
        after=None,
        limit=limit,
        now=at.last if at else now(),
        then=known.then(pk, at),
    )
    rows = [(f"{one.at:%Y-%m-%d %H:%M}", one.kind, one.what, one.amount) for one in found]
    columns: list[Column | str] = ["When", "Kind", "What", Column("Amount", number=True)]
    empty = "Nothing has happened." if at is None else f"Nothing had happened by {at.day}."
    screen.answer([one.as_json() for one in found], table(columns, rows, empty=empty))
