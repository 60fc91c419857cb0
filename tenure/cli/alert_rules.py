"""``tenure alert`` on rules: listed, made, switched, and tried on stored history."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import click
from rich.console import Group as Parts

from tenure.access.read import member_or_nobody, members
from tenure.alerts import backtest, read, shapes, suggested, write
from tenure.alerts.models import OPEN, AlertRule, Kind, Severity
from tenure.cli.alert_actions import BY
from tenure.cli.command import DatabaseCommand, now
from tenure.cli.screen import Column, Screen, facts, table
from tenure.core.errors import ConfigurationError
from tenure.notify.read import coming_of, foreseen_for
from tenure.notify.shapes import foreseen
from tenure.segments.read import segment_named


@click.command("rules", cls=DatabaseCommand)
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


@click.command("set", cls=DatabaseCommand)
@click.argument("name")
@click.option("--rule", help="When it fires: past_due > 50000. A new rule needs one.")
@click.option(
    "--message", help="Its text: {name} is overdue with {past_due}. A new rule needs one."
)
@click.option("--type", "kind", type=click.Choice(Kind.values), help="Risk, unless said.")
@click.option("--scope", multiple=True, metavar="SEGMENT", help="Only accounts of this segment.")
@click.option("--everyone", is_flag=True, help="For every account, no matter of which segment.")
@click.option("--for-days", type=int, metavar="N", help="True for so many days; 0, unless said.")
@click.option("--resolve", metavar="RULE", help="When it ends; empty: once the rule is not true.")
@click.option("--settle-days", type=int, metavar="N", help="Calm for so many days; 1, unless said.")
@click.option("--cooldown-days", type=int, metavar="N", help="None for so long; 7, unless said.")
@click.option("--severity", type=click.Choice(Severity.values), help="By MRR, unless said.")
@click.option(
    "--thresholds", metavar="A,B,C", help="MRR from which it is medium, high, critical; or empty."
)
@click.option("--task", help="The task it begins with; empty: none.")
@click.option("--note", help="The note it begins with; empty: none.")
@click.option("--fallback", metavar="EMAIL|nobody", help="Owner where the account has none.")
@click.pass_obj
def set_(
    screen: Screen,
    /,
    name: str,
    scope: tuple[str, ...],
    everyone: bool,
    thresholds: str | None,
    fallback: str | None,
    **how: Any,
) -> None:
    """Make an alert rule, switched off, or change one: what is not said stays.

    \b
    tenure alert set "Late" --rule "past_due > 50000" --message "{name} owes {past_due}."
    tenure alert set "Late" --for-days 3 --task "Call {name}" --fallback ada@example.com
    """
    standing = _standing(name)
    if standing is None and not (how["rule"] and how["message"]):
        raise click.UsageError(
            f"There is no rule {name!r} to change, and a new one needs --rule and --message."
        )
    if everyone and scope:
        raise click.UsageError("--everyone is without --scope. Give one of the two.")
    said = {field: value for field, value in how.items() if value is not None}
    if scope or everyone:
        said["scope"] = [segment_named(one) for one in scope]
    if thresholds is not None:
        said["thresholds"] = write.amounts(thresholds.split(",")) if thresholds else []
    if fallback is not None:
        said["fallback"] = member_or_nobody(fallback)
    begun = write.draft_of(standing) if standing else write.Draft(name, "", "")
    saved = write.save(replace(begun, **said), now=now(), by=BY.name, alert_rule=standing)
    state = "on" if saved.enabled else "off; try it with tenure alert backtest"
    (told,) = foreseen_for([coming_of(saved)])
    screen.answer(
        write.document(saved) | {"told": foreseen(told)},
        f"“{saved.name}”, version {saved.version}, is switched {state}. {told.words}",
    )


@click.command("accept", cls=DatabaseCommand)
@click.argument("suggestion", type=click.Choice(sorted(suggested.SUGGESTED)))
@click.pass_obj
def accept(screen: Screen, suggestion: str) -> None:
    """Make a rule of a suggestion; it is still switched off."""
    saved = suggested.accept(suggestion, now=now())
    screen.answer(write.document(saved), f"“{saved.name}” is made, and switched off.")


@click.command("enable", cls=DatabaseCommand)
@click.argument("name")
@click.option("--existing", is_flag=True, help="Open alerts for accounts it holds for already.")
@click.pass_obj
def enable(screen: Screen, name: str, existing: bool) -> None:
    """Switch a rule on."""
    done = write.enable(read.rule_named(name), now=now(), existing=existing, by=BY.name)
    opened = done.alerts.filter(state__in=OPEN).count()
    (told,) = foreseen_for([coming_of(done)])
    said = f"“{done.name}” is on; {opened:,} alerts are open. {told.words}"
    screen.answer(write.document(done) | {"told": foreseen(told)}, said)


@click.command("disable", cls=DatabaseCommand)
@click.argument("name")
@click.pass_obj
def disable(screen: Screen, name: str) -> None:
    """Switch a rule off; its open alerts stay."""
    done = write.disable(read.rule_named(name), now=now(), by=BY.name)
    screen.answer(write.document(done), f"“{done.name}” is off.")


@click.command("backtest", cls=DatabaseCommand)
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


def _standing(name: str) -> AlertRule | None:
    try:
        return read.rule_named(name)
    except ConfigurationError:
        return None


RULES: tuple[click.Command, ...] = (rules, set_, accept, enable, disable, backtest_)
