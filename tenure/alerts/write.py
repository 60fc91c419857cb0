"""Saving alert rules, and switching them on with eyes open."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from tenure.access.models import Member
from tenure.alerts import judge
from tenure.alerts.message import problems
from tenure.alerts.models import AlertRule, AlertRuleVersion, Kind, Severity
from tenure.core.errors import ConfigurationError
from tenure.rules.tree import EVERYTHING
from tenure.segments.models import Segment
from tenure.segments.question import Question, question

LONGEST_NAME, LONGEST_DAYS = 120, 365


class RuleNotSaved(ConfigurationError):
    """An alert rule that cannot be saved like this; ``field`` names what is at fault."""

    def __init__(self, field_name: str, message: str, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.field = field_name


@dataclass(frozen=True, slots=True)
class Draft:
    """An alert rule as somebody wants it; see ``AlertRule`` for what the fields mean."""

    name: str
    rule: str
    message: str
    kind: str = Kind.RISK
    scope: Sequence[Segment] = ()
    for_days: int = 0
    resolve: str = ""
    settle_days: int = 1
    cooldown_days: int = 7
    severity: str = Severity.AUTO
    thresholds: Sequence[Decimal] = field(default=())
    task: str = ""
    note: str = ""
    fallback: Member | None = None
    suggested: str = ""


def draft_of(alert_rule: AlertRule) -> Draft:
    """A saved rule as a draft of its next version."""
    same = (
        "name",
        "rule",
        "message",
        "kind",
        "for_days",
        "resolve",
        "settle_days",
        "cooldown_days",
    )
    more = ("severity", "task", "note", "fallback", "suggested")
    return Draft(
        **{name: getattr(alert_rule, name) for name in (*same, *more)},
        scope=list(alert_rule.scope.all()),
        thresholds=[Decimal(one) for one in alert_rule.thresholds],
    )


def amounts(texts: Sequence[str]) -> list[Decimal]:
    """Amounts as people and programs write them, bare. Raises RuleNotSaved."""
    found = []
    for text in texts:
        bare = text.strip()
        if not bare.replace(".", "", 1).isdigit() or not bare.isascii() or len(bare) > 20:
            raise RuleNotSaved(
                "thresholds", f"{bare[:40]!r} is not an amount.", 'Write "1000", for example.'
            )
        found.append(Decimal(bare))
    return found


def save(
    draft: Draft,
    *,
    now: datetime,
    member: Member | None = None,
    by: str = "",
    alert_rule: AlertRule | None = None,
) -> AlertRule:
    """Make a rule, switched off, or change one. Raises RuleRefused or RuleNotSaved with nothing
    changed. One that is switched on is judged anew at once."""
    asked = checked(draft, now)
    held = alert_rule or AlertRule(created_at=now, created_by=member, version=0)
    held.name, held.rule = named(draft.name, alert_rule), asked.text
    held.kind, held.message, held.task = draft.kind, draft.message.strip(), draft.task.strip()
    held.note = draft.note.strip()
    held.for_days, held.settle_days = draft.for_days, draft.settle_days
    held.resolve, held.cooldown_days = draft.resolve.strip(), draft.cooldown_days
    held.severity, held.thresholds = draft.severity, [f"{one:f}" for one in draft.thresholds]
    held.fallback, held.updated_at, held.fault = draft.fallback, now, ""
    held.suggested = draft.suggested
    held.version += 1
    with transaction.atomic():
        try:
            with transaction.atomic():
                held.save()
        except IntegrityError:
            raise _taken(held.name) from None
        held.scope.set(draft.scope)
        _keep(held, member, by, now)
    if held.enabled:
        judge.judge_all(now, [held])
    return held


def enable(
    alert_rule: AlertRule,
    *,
    now: datetime,
    existing: bool,
    member: Member | None = None,
    by: str = "",
) -> AlertRule:
    """Switch it on. With ``existing`` the accounts for which it holds already get an alert; else only
    those for which it becomes true from now on."""
    with transaction.atomic():
        alert_rule.watches.all().delete()
        alert_rule.enabled, alert_rule.updated_at = True, now
        alert_rule.version += 1
        alert_rule.save()
        if not existing:
            judge.baseline(alert_rule, now)
        _keep(alert_rule, member, by, now)
    judge.judge_all(now, [alert_rule])
    return alert_rule


def disable(
    alert_rule: AlertRule, *, now: datetime, member: Member | None = None, by: str = ""
) -> AlertRule:
    """Switch it off. Its open alerts stay, for people to close."""
    with transaction.atomic():
        alert_rule.enabled, alert_rule.updated_at = False, now
        alert_rule.version += 1
        alert_rule.save()
        alert_rule.watches.all().delete()
        _keep(alert_rule, member, by, now)
    return alert_rule


def remove(alert_rule: AlertRule) -> None:
    """Delete a rule with its versions, mutes and alerts."""
    alert_rule.delete()


def checked(draft: Draft, now: datetime) -> Question:
    """The draft's condition, ready to be asked. Raises RuleRefused or RuleNotSaved."""
    asked = question(draft.rule, now)
    if asked.tree == EVERYTHING:
        raise without_condition()
    if draft.resolve.strip():
        question(draft.resolve, now, known=asked.catalogue, when=asked.context)
    for name, text in _texts(draft):
        if wrong := problems(text, asked.meant):
            raise RuleNotSaved(name, wrong[0].message, wrong[0].hint)
    for name in ("for_days", "settle_days", "cooldown_days"):
        if not 0 <= getattr(draft, name) <= LONGEST_DAYS:
            raise RuleNotSaved(name, f"The number of days is from 0 to {LONGEST_DAYS}.")
    if draft.kind not in Kind.values:
        raise RuleNotSaved(
            "type", f"“{draft.kind}” is not a type of alert.", f"It is {', '.join(Kind.values)}."
        )
    if draft.severity not in Severity.values:
        raise RuleNotSaved(
            "severity",
            f"“{draft.severity}” is no severity.",
            f"It is {', '.join(Severity.values)}.",
        )
    limits = list(draft.thresholds)
    if limits and (len(limits) != 3 or limits != sorted(limits) or limits[0] < 0):
        raise RuleNotSaved(
            "thresholds", "Severities need three amounts that rise.", "Write 200, 1000, 5000."
        )
    return asked


def without_condition() -> RuleNotSaved:
    """What is said of a rule that every account would meet."""
    return RuleNotSaved("rule", "An alert needs a condition.", "Write past_due > 0, for example.")


def _texts(draft: Draft) -> list[tuple[str, str]]:
    """The templates by the field they stand in; a task and a note are asked for or not."""
    begun = [(name, getattr(draft, name)) for name in ("task", "note")]
    return [("message", draft.message), *((name, text) for name, text in begun if text.strip())]


def document(alert_rule: AlertRule) -> dict[str, Any]:
    """The rule as the API and its versions show it (CONTRACT section 4)."""
    return {
        "name": alert_rule.name,
        "type": alert_rule.kind,
        "rule": alert_rule.rule,
        "scope": [segment.name for segment in alert_rule.scope.all()],
        "for_days": alert_rule.for_days,
        "resolve": alert_rule.resolve or None,
        "settle_days": alert_rule.settle_days,
        "cooldown_days": alert_rule.cooldown_days,
        "severity": alert_rule.severity,
        "thresholds": alert_rule.thresholds,
        "message": alert_rule.message,
        "task": alert_rule.task or None,
        "note": alert_rule.note or None,
        "fallback": alert_rule.fallback.email if alert_rule.fallback else None,
        "enabled": alert_rule.enabled,
        "version": alert_rule.version,
    }


def _keep(alert_rule: AlertRule, member: Member | None, by: str, now: datetime) -> None:
    AlertRuleVersion.objects.create(
        alert_rule=alert_rule,
        number=alert_rule.version,
        document=document(alert_rule),
        member=member,
        by=by or (member.email if member else ""),
        at=now,
    )


def named(wanted: str, alert_rule: AlertRule | None) -> str:
    """The name as it is kept. Raises RuleNotSaved for one that cannot be, or is another rule's."""
    name = " ".join(wanted.split())
    if not name or len(name) > LONGEST_NAME:
        raise RuleNotSaved(
            "name",
            f"A rule's name has 1 to {LONGEST_NAME} characters.",
            "Write one that tells it apart.",
        )
    taken = AlertRule.objects.filter(name__iexact=name)
    if alert_rule is not None:
        taken = taken.exclude(pk=alert_rule.pk)
    if taken.exists():
        raise _taken(name)
    return name


def _taken(name: str) -> RuleNotSaved:
    return RuleNotSaved("name", f"There is a rule “{name}” already.", "Choose another name.")
