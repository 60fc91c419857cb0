"""What somebody typed into the rule editor: kept as typed, read as a draft, faults by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.http import QueryDict

from tenure.access import read as access
from tenure.alerts import write
from tenure.alerts.firing import possible_severities
from tenure.alerts.message import problems
from tenure.alerts.models import AlertRule, Kind, Severity
from tenure.alerts.write import Draft, RuleNotSaved
from tenure.core.errors import ConfigurationError
from tenure.notify.foreseen import Coming
from tenure.rules.errors import RuleRefused
from tenure.rules.tree import EVERYTHING
from tenure.segments.models import Segment
from tenure.segments.question import question
from tenure.segments.read import segments

TEXTS = ("name", "rule", "message", "resolve", "task", "note", "compare")
DAYS = {"for_days": 0, "settle_days": 1, "cooldown_days": 7}
LEVELS = ("medium_from", "high_from", "critical_from")
LONGEST_NUMBER = 20


@dataclass(frozen=True)
class Given:
    """The fields as text; ``faults`` has a sentence for each field that is wrong."""

    values: Mapping[str, str]
    scope: Sequence[int] = ()
    faults: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def begun(draft: Draft) -> Given:
    """The fields of a draft."""
    levels = dict(zip(LEVELS, (f"{one.normalize():f}" for one in draft.thresholds), strict=False))
    return Given(
        {
            "name": draft.name,
            "kind": draft.kind,
            "rule": draft.rule,
            "message": draft.message,
            "resolve": draft.resolve,
            "task": draft.task,
            "note": draft.note,
            "severity": draft.severity,
            "fallback": draft.fallback.email if draft.fallback else "",
            "suggested": draft.suggested,
            **{name: str(getattr(draft, name)) for name in DAYS},
            **levels,
        },
        [one.pk for one in draft.scope],
    )


def of_rule(rule: AlertRule) -> Given:
    """The fields of a saved rule."""
    return begun(write.draft_of(rule))


def posted(sent: QueryDict) -> Given:
    """The fields as a form sent them."""
    names = (*TEXTS, *DAYS, *LEVELS, "kind", "severity", "fallback", "suggested")
    values = {name: sent.get(name, "").replace("\x00", "")[:10_001] for name in names}
    values["rule"] = values["rule"].replace("\r\n", "\n")
    scope = [int(one) for one in sent.getlist("scope") if one.isdecimal() and len(one) < 18]
    return Given(values, scope)


def draft_of(
    given: Given, now: datetime, found: AlertRule | None
) -> tuple[Draft | None, Mapping[str, str]]:
    """The draft, or a sentence for each field that keeps it from being one."""
    faults: dict[str, str] = {}
    _said(given, found, faults)
    days = {name: _days(given, name, faults) for name in DAYS}
    thresholds = _thresholds(given, faults)
    fallback = None
    if given["fallback"]:
        try:
            fallback = access.member_of(given["fallback"])
        except ConfigurationError as error:
            faults["fallback"] = str(error)
    scope = _segments(given.scope)
    if len(scope) < len(set(given.scope)):
        # Without them the rule would be for more accounts than somebody meant, or for all.
        faults["scope"] = (
            "A segment that was ticked is not there any more. Look at what is ticked now, and save again."
        )
    for name in ("rule", "resolve"):
        if given[name].strip():
            _ask(name, given[name], now, faults)
    draft = Draft(
        given["name"],
        given["rule"],
        given["message"],
        kind=given["kind"] or Kind.RISK,
        scope=scope,
        resolve=given["resolve"],
        severity=given["severity"] or Severity.AUTO,
        thresholds=thresholds,
        task=given["task"],
        note=given["note"],
        fallback=fallback,
        suggested=given["suggested"][:40],
        **days,
    )
    if faults:
        return None, faults
    try:
        write.checked(draft, now)
    except RuleNotSaved as error:
        return None, {error.field: str(error)}
    except RuleRefused as error:
        return None, {"rule": str(error)}
    return draft, {}


def coming(given: Given, found: AlertRule | None) -> Coming:
    """What is known of the alerts of the rule in the form; what is wrong in it counts as not said."""
    severity = given["severity"] if given["severity"] in Severity.values else Severity.AUTO
    levels = _thresholds(given, {})
    limits = levels if levels == sorted(levels) else []
    fallback = next((one for one in access.members() if one.email == given["fallback"]), None)
    kind = given["kind"] or Kind.RISK
    return Coming(
        found.pk if found else None, kind, possible_severities(severity, limits), fallback
    )


def _said(given: Given, found: AlertRule | None, faults: dict[str, str]) -> None:
    """What no rule can be without: a name of its own, a condition, a text."""
    try:
        write.named(given["name"], found)
    except RuleNotSaved as error:
        faults["name"] = str(error)
    if not given["message"].strip():
        (nothing,) = problems("", EVERYTHING)
        faults["message"] = f"{nothing.message} {nothing.hint}"
    if not given["rule"].strip():
        faults["rule"] = str(write.without_condition())


def _ask(name: str, text: str, now: datetime, faults: dict[str, str]) -> None:
    try:
        question(text, now)
    except RuleRefused as error:
        faults[name] = str(error)


def _segments(ids: Sequence[int]) -> list[Segment]:
    wanted = set(ids)
    return [one for one in segments() if one.pk in wanted]


def _days(given: Given, name: str, faults: dict[str, str]) -> int:
    text = given[name].strip() or str(DAYS[name])
    if text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= write.LONGEST_DAYS:
        return int(text)
    faults[name] = f"The number of days is from 0 to {write.LONGEST_DAYS}."
    return 0


def _thresholds(given: Given, faults: dict[str, str]) -> list[Decimal]:
    texts = [given[name].strip().replace(",", "") for name in LEVELS]
    if not any(texts):
        return []
    for text in texts:
        bare = text.replace(".", "", 1)
        if not (bare.isascii() and bare.isdecimal() and len(text) <= LONGEST_NUMBER):
            faults["thresholds"] = "Severities need three amounts that rise, as 200, 1000 and 5000."
            return []
    return [Decimal(text) for text in texts]
