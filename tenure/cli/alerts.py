"""``tenure alerts`` and ``tenure alert``: what became true of accounts, and rules tried on history."""

from datetime import datetime
from typing import Any

import click
from rich.console import Group as Parts
from rich.console import RenderableType

from tenure.access.read import member_of, members
from tenure.alerts import backtest, read, shapes, suggested, write
from tenure.alerts.firing import GRAVE
from tenure.alerts.models import OPEN, Alert, Kind
from tenure.cli.alert_actions import ACTIONS, alert_of
from tenure.cli.command import Group, List, now
from tenure.cli.screen import Column, Screen, facts, table
from tenure.cli.segments import page_of
from tenure.cli.words import ago
from tenure.core.errors import ConfigurationError
from tenure.customers.lookup import account_of
from tenure.notify.read import coming_of, foreseen_for
from tenure.notify.shapes import foreseen
from tenure.segments.read import segment_named

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
        owner_id=member_of(owner).pk if owner and owner != read.NOBODY else None,
        unowned=owner == read.NOBODY,
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


for action in ACTIONS:
    alert.add_command(action)


@alert.command("rules")
@click.pass_obj
def rules(screen: Screen) -> None:
    """List the rules with what came of each, and the suggestions not accepted yet."""
    found = read.records(now())
    columns: list[Column | str] = [
        "Name", "On", "Rule", Column("Open", number=True), Column("7 d", number=True),
        Column("30 d", number=True), Column("Right", number=True),
    ]  # fmt: skip
    rows = [
        (
            one.rule.name,
            "yes" if one.rule.enabled else "no",
            one.rule.fault or one.rule.rule,
            one.open,
            one.fired_7d,
            one.fired_30d,
            "" if one.precision is None else f"{one.precision:.0%}",
        )
        for one in found
    ]
    waiting = suggested.open_suggestions()
    more = [(key, draft.name, draft.rule) for key, draft in waiting.items()]
    screen.answer(
        {
            "rules": [shapes.record(one) for one in found],
            "suggested": [{"key": k, "name": n, "rule": r} for k, n, r in more],
        },
        Parts(
            table(columns, rows, empty="No rules yet."),
            "",
            table(["Suggestion", "Name", "Rule"], more, empty="Every suggestion was accepted."),
        ),
    )


@alert.command("set")
@click.argument("name")
@click.option("--rule", required=True, help="When it fires: past_due > 50000.")
@click.option("--message", required=True, help="Its text: {name} is overdue with {past_due}.")
@click.option("--type", "kind", default="risk", show_default=True)
@click.option("--scope", multiple=True, metavar="SEGMENT", help="Only accounts of this segment.")
@click.option("--for-days", type=int, default=0, show_default=True)
@click.option("--resolve", default="", help="When it ends; without it, when the rule is not true.")
@click.option("--settle-days", type=int, default=1, show_default=True)
@click.option("--cooldown-days", type=int, default=7, show_default=True)
@click.option("--severity", default="auto", show_default=True)
@click.pass_obj
def set_(screen: Screen, /, name: str, scope: tuple[str, ...], **how: Any) -> None:
    """Make an alert rule, switched off, or change one."""
    draft = write.Draft(name, scope=[segment_named(one) for one in scope], **how)
    saved = write.save(draft, now=now(), alert_rule=_standing(name))
    state = "on" if saved.enabled else "off; try it with tenure alert backtest"
    (told,) = foreseen_for([coming_of(saved)])
    screen.answer(
        write.document(saved) | {"told": foreseen(told)},
        f"“{saved.name}”, version {saved.version}, is switched {state}. {told.words}",
    )


@alert.command("accept")
@click.argument("suggestion", type=click.Choice(sorted(suggested.SUGGESTED)))
@click.pass_obj
def accept(screen: Screen, suggestion: str) -> None:
    """Make a rule of a suggestion; it is still switched off."""
    saved = suggested.accept(suggestion, now=now())
    screen.answer(write.document(saved), f"“{saved.name}” is made, and switched off.")


@alert.command("enable")
@click.argument("name")
@click.option("--existing", is_flag=True, help="Open alerts for accounts it holds for already.")
@click.pass_obj
def enable(screen: Screen, name: str, existing: bool) -> None:
    """Switch a rule on."""
    done = write.enable(read.rule_named(name), now=now(), existing=existing)
    opened = done.alerts.filter(state__in=OPEN).count()
    (told,) = foreseen_for([coming_of(done)])
    said = f"“{done.name}” is on; {opened:,} alerts are open. {told.words}"
    screen.answer(write.document(done) | {"told": foreseen(told)}, said)


@alert.command("disable")
@click.argument("name")
@click.pass_obj
def disable(screen: Screen, name: str) -> None:
    """Switch a rule off; its open alerts stay."""
    done = write.disable(read.rule_named(name), now=now())
    screen.answer(write.document(done), f"“{done.name}” is off.")


@alert.command("backtest")
@click.argument("name")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), required=True, metavar="DATE")
@click.option("--horizon-days", type=click.IntRange(1, 365), default=30, show_default=True)
@click.option("--rule", help="Another condition in place of the rule's own.")
@click.option("--seconds", type=click.IntRange(1), default=600, show_default=True, metavar="N")
@click.pass_obj
def backtest_(
    screen: Screen, name: str, since: datetime, horizon_days: int, rule: str | None, seconds: int
) -> None:
    """Try a rule on stored history: when it would have fired, and what came after."""
    found = read.rule_named(name)
    seen = backtest.backtest(
        rule or found.rule,
        since.date(),
        now=now(),
        for_days=found.for_days,
        cooldown_days=found.cooldown_days,
        scope=[one.pk for one in found.scope.all()],
        horizon_days=horizon_days,
        seconds=seconds,
    )
    pairs: list[tuple[str, object]] = [
        ("Rule", seen.rule),
        ("From", f"{seen.since} to {seen.until}"),
        ("Firings", f"{len(seen.firings):,} for {seen.accounts:,} accounts"),
        ("MRR at stake", f"{seen.at_stake:,.2f} {seen.currency}"),
        ("By owner", _by_owner(seen)),
        ("Asked as of today", ", ".join(seen.unseen)),
    ]
    if seen.cut_short:
        pairs.insert(
            2, ("Cut short", f"after {seconds} s; give --seconds more, or a later --since")
        )
    if seen.known_since:
        pairs.append(("Figures begin", f"{seen.known_since:%Y-%m-%d}"))
    if seen.measured_since and seen.known_since != seen.measured_since:
        told = f"before {seen.measured_since:%Y-%m-%d}, from what invoices told later"
        pairs.append(("Made out", told))
    rows = [
        (one.kind.replace("_", " "), f"{one.followed} of {one.judged}", one.lead_days, one.missed)
        for one in seen.follows
    ]
    title = f"Within {horizon_days} days"
    follows = table([title, "Followed", "Median days", "Not foreseen"], rows, empty="")
    screen.answer(shapes.backtest(seen), Parts(facts(pairs), "", follows))


def _by_owner(seen: backtest.Backtest) -> str:
    names: dict[int | None, str] = {one.pk: str(one) for one in members()}
    counts = sorted(seen.per_owner.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{names.get(owner, 'nobody')} {count:,}" for owner, count in counts)


def _standing(name: str) -> Any:
    try:
        return read.rule_named(name)
    except ConfigurationError:
        return None


def _stake(one: Alert) -> str:
    return "" if one.at_stake is None else f"{one.at_stake:,.2f} {one.at_stake_currency}"
