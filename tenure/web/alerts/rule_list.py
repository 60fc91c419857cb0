"""The rules with what came of them, and the versions of one."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.alerts import read, suggested
from tenure.alerts.models import Outcome
from tenure.alerts.read import RuleRecord
from tenure.alerts.tuning import Tuning, tuning
from tenure.notify.foreseen import Foreseen
from tenure.notify.read import coming_of, foreseen_for
from tenure.web.alerts.rule_editor import rule_of
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_alert_rules

LABELS = {
    "name": "Name",
    "type": "Type",
    "rule": "Condition",
    "scope": "Segments",
    "for_days": "For days",
    "resolve": "Resolves when",
    "settle_days": "Calm days",
    "cooldown_days": "Cool-down days",
    "severity": "Severity",
    "thresholds": "Severity from MRR",
    "message": "Text",
    "task": "Task",
    "note": "Note",
    "fallback": "Owner when there is none",
    "enabled": "Switched on",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A rule's record with its closures in words, the most frequent first, and who is told of it."""

    record: RuleRecord
    outcomes: list[tuple[str, int]]
    closed: int
    tuning: Tuning | None
    told: Foreseen


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every rule, and how many suggestions wait."""
    records = read.records(settings.TENURE_CLOCK.now())
    told = foreseen_for(coming_of(one.rule) for one in records)
    shown = {
        "lines": [_line(one, way) for one, way in zip(records, told, strict=True)],
        "waiting": len(suggested.open_suggestions()),
        "may_edit": may_edit_alert_rules(member_of(request)),
    }
    return render(request, "web/alerts/rules.html", shown)


@require_safe
def versions(request: HttpRequest, pk: int) -> HttpResponse:
    """How the rule was at each time it was saved or switched: what changed, by whom, when."""
    found = rule_of(pk)
    listed = read.versions(found)
    older = [*listed[1:], None]
    shown = {
        "rule": found,
        "versions": [
            (one, _changed(before.document if before else {}, one.document))
            for one, before in zip(listed, older, strict=True)
        ],
    }
    return render(request, "web/alerts/versions.html", shown)


def _line(one: RuleRecord, told: Foreseen) -> Line:
    counted = sorted(one.outcomes.items(), key=lambda pair: -pair[1])
    words = [(Outcome(key).label if key in Outcome.values else key, n) for key, n in counted]
    hint = tuning(one.rule) if one.mostly_no_risk else None
    return Line(one, words, sum(one.outcomes.values()), hint, told)


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (label, _said(before.get(name)) if before else "", _said(after.get(name)))
        for name, label in LABELS.items()
        if before.get(name) != after.get(name)
    ]


def _said(value: Any) -> str:
    match value:
        case None | "" | []:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
    return str(value)
