"""``tenure alerts`` and ``tenure alert``: what became true of accounts, and rules tried on history."""

from typing import Any

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.access.read import NOBODY, member_of
from tenure.alerts import read, shapes
from tenure.alerts.firing import GRAVE
from tenure.alerts.models import Alert, Kind
from tenure.cli.alert_actions import ACTIONS, alert_of
from tenure.cli.alert_rules import RULES
from tenure.cli.command import Group, List, now
from tenure.cli.screen import Column, Screen, facts, table
from tenure.cli.segments import page_of
from tenure.cli.words import ago
from tenure.customers.lookup import account_of

LONGEST = 1000
SEVERITIES = [one.value for one in GRAVE]


@click.group("alerts", cls=List)
@click.option("--all", "everything", is_flag=True, help="The ended ones too; as --state all.")
@click.option("--state", type=click.Choice(list(read.STATES)), help="Only those in this state.")
@click.option("--owner", metavar="EMAIL|nobody", help="Only those of this member, or of nobody.")
@click.option("--rule", metavar="NAME", help="Only those of this alert rule.")
@click.option("--account", metavar="IDENTIFIER", help="Only those of this account.")
@click.option("--type", "kind", type=click.Choice(Kind.values), help="Only those of this type.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only those of this severity.")
@click.option(
    "--sort", type=click.Choice(list(read.ORDERS)), default="-at_stake", show_default=True
)
@click.option("--limit", type=click.IntRange(1, LONGEST), default=50, show_default=True)
@click.pass_obj
def alerts(
    screen: Screen,
    /,
    everything: bool,
    state: str | None,
    owner: str | None,
    rule: str | None,
    account: str | None,
    limit: int,
    **how: Any,
) -> None:
    """List open alerts, the largest MRR at stake first.

    \b
    tenure alerts --owner ada@example.com --severity critical
    tenure alerts --state closed --rule "A month overdue" --sort=-opened
    """
    if everything and state:
        raise click.UsageError("--all is --state all. Give one of the two.")
    rows_found = read.inbox(
        states=read.STATES["all" if everything else state or "open"],
        owner_id=member_of(owner).pk if owner and owner != NOBODY else None,
        unowned=owner == NOBODY,
        rule_id=read.rule_named(rule).pk if rule else None,
        account_id=account_of(account).pk if account else None,
        kind=how["kind"] or "",
        severity=how["severity"] or "",
        sort=how["sort"],
    )
    found = list(rows_found[:limit])
    columns: list[Column | str] = [
        Column("No.", number=True), "Severity", "Account", "Reason", Column("At stake", number=True),
        "Age", "Owner", "State",
    ]  # fmt: skip
    rows = [
        (
            one.pk,
            one.severity,
            one.account.name,
            one.reason,
            _stake(one),
            ago(one.opened_at, now()),
            one.owner,
            one.state,
        )
        for one in found
    ]
    empty = "No such alerts. All are listed by --state all, and rules by tenure alert rules."
    screen.answer([shapes.alert(one) for one in found], table(columns, rows, empty=empty))


@click.group(cls=Group)
def alert() -> None:
    """One alert, and the rules that open them."""


@alert.command("show")
@click.argument("number", type=int)
@click.pass_obj
def show(screen: Screen, number: int) -> None:
    """Show an alert: what was seen then, and what is seen now."""
    found = alert_of(number)
    seen = read.now_of(found, now())
    told = facts(
        [
            ("Account", found.account.name),
            ("Reason", found.reason),
            ("Rule", f"{found.alert_rule.name}, version {found.version}"),
            ("Rule says", found.alert_rule.rule),
            ("At stake", _stake(found)),
            ("State", found.get_state_display()),
            ("Opened", ago(found.opened_at, now())),
            ("Old data", found.stale),
        ]
    )
    parts: list[RenderableType] = [told, ""]
    parts += ["Now:", page_of(seen)] if seen else ["Its rule can no longer be asked."]
    screen.answer(shapes.in_full(found, seen), Parts(*parts))


for one in (*ACTIONS, *RULES):
    alert.add_command(one)


def _stake(one: Alert) -> str:
    return "" if one.at_stake is None else f"{one.at_stake:,.2f} {one.at_stake_currency}"
