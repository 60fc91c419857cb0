"""Alert rules: conditions that open alerts where they become true, tried on history before."""

from collections.abc import Sequence
from typing import Any, Literal

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.access.read import member_of
from tenure.alerts import backtest, read, shapes, write
from tenure.alerts.models import AlertRule as Row
from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.problems import not_found
from tenure.api.resource import ADMIN, READ, Resource
from tenure.api.schemas import Body, Day, Flag, PageOf, Shape
from tenure.core.errors import ConfigurationError
from tenure.notify.read import channels_of, coming_of, foreseen_for
from tenure.notify.shapes import foreseen
from tenure.notify.write import send_to
from tenure.segments.read import segment_named

resource = Resource("alert-rules")
Days = Field(ge=0, le=write.LONGEST_DAYS)
Severity = Literal["auto", "low", "medium", "high", "critical"]


class Told(Shape):
    """One way the alerts of a rule go; `route` is null for a webhook that hears of every alert."""

    whom: str
    when: str
    route: str | None


class AlertRule(Shape):
    """A rule that opens alerts."""

    name: str
    type: str
    rule: str
    scope: list[str]
    for_days: int
    resolve: str | None
    cooldown_days: int
    severity: str
    message: str
    channels: list[str]
    told: list[Told]
    enabled: bool
    version: int


class AlertRuleBody(Body):
    """An alert rule to be; it is switched on by itself alone."""

    name: str = Field(min_length=1, max_length=write.LONGEST_NAME)
    type: Literal["onboarding", "renewal", "upsell", "risk"] = "risk"
    rule: str = Field(min_length=1, max_length=10_000)
    scope: list[str] = Field([], max_length=50, description="Names of segments; none is everyone.")
    for_days: int = Field(0, strict=True, ge=0, le=write.LONGEST_DAYS)
    resolve: str = Field("", max_length=10_000)
    settle_days: int = Field(1, strict=True, ge=0, le=write.LONGEST_DAYS)
    cooldown_days: int = Field(7, strict=True, ge=0, le=write.LONGEST_DAYS)
    severity: Severity = "auto"
    thresholds: list[str] = Field([], max_length=3)
    message: str = Field(min_length=1, max_length=1000)
    task: str = Field(
        "", max_length=1000, description="What its owner is to do, with {name} as in the message."
    )
    note: str = Field("", max_length=1000, description="What is written down on the account.")
    fallback: str | None = Field(None, max_length=254)
    channels: list[str] | None = Field(
        None,
        max_length=20,
        description="Shared channels, by name, where every alert of it is told; left out, they stay."
        " Needs the scope admin.",
    )


class SwitchOn(Body):
    """How to switch a rule on."""

    existing: Flag = Field(
        False, description="Accounts for which it holds already get an alert as well."
    )


class TrialOfRules(Body):
    """Rules to try side by side on stored history."""

    rules: list[str] = Field(min_length=1, max_length=2)
    since: Day
    for_days: int = Field(0, strict=True, ge=0, le=write.LONGEST_DAYS)
    cooldown_days: int = Field(7, strict=True, ge=0, le=write.LONGEST_DAYS)
    horizon_days: int = Field(30, strict=True, ge=1, le=write.LONGEST_DAYS)


class Backtests(Shape):
    """What each rule would have done."""

    data: list[dict[str, Any]]


@resource.get("", PageOf[AlertRule])
def list_rules(request: HttpRequest) -> HttpResponse:
    """List alert rules with what came of each."""
    now = settings.TENURE_CLOCK.now()
    found = read.records(now)
    told = _told([one.rule for one in found])
    return answers.page([shapes.record(one) | told[one.rule.pk] for one in found], None)


@resource.post("", AlertRule, status=201)
def create(request: HttpRequest, body: AlertRuleBody) -> HttpResponse:
    """Make an alert rule, switched off."""
    saved = _save(request, body, None)
    address = f"/api/v1/alert-rules/{finding.quoted(saved.name)}"
    return answers.one(request, _document(saved), status=201, location=address)


@resource.post("/backtest", Backtests, scope=READ)
def try_rules(request: HttpRequest, body: TrialOfRules) -> HttpResponse:
    """Try one or two rules on stored history: firings, MRR, and what came after; nothing is saved.

    Each day is asked with what was known at its end.
    """
    now = settings.TENURE_CLOCK.now()
    found = [
        backtest.backtest(
            rule,
            body.since,
            now=now,
            for_days=body.for_days,
            cooldown_days=body.cooldown_days,
            horizon_days=body.horizon_days,
        )
        for rule in body.rules
    ]
    return answers.plain({"data": [shapes.backtest(one) for one in found]})


@resource.get("/{name}", AlertRule)
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show an alert rule."""
    return answers.one(request, _document(_rule(name)))


@resource.put("/{name}", AlertRule)
def replace(request: HttpRequest, name: str, body: AlertRuleBody) -> HttpResponse:
    """Change an alert rule; its version before stays."""
    found = _rule(name)
    answers.refuse_stale(request, _document(found))
    return answers.one(request, _document(_save(request, body, found)))


@resource.post("/{name}/enable", AlertRule)
def enable(request: HttpRequest, name: str, body: SwitchOn) -> HttpResponse:
    """Switch a rule on."""
    now = settings.TENURE_CLOCK.now()
    by = caller(request).name
    done = write.enable(_rule(name), now=now, existing=body.existing, by=by)
    return answers.one(request, _document(done))


@resource.post("/{name}/disable", AlertRule)
def disable(request: HttpRequest, name: str) -> HttpResponse:
    """Switch a rule off; its open alerts stay."""
    done = write.disable(_rule(name), now=settings.TENURE_CLOCK.now(), by=caller(request).name)
    return answers.one(request, _document(done))


@resource.delete("/{name}", None, status=204)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Delete a rule with all its alerts."""
    _rule(name).delete()
    return HttpResponse(status=204)


def _document(rule: Row) -> dict[str, Any]:
    return write.document(rule) | _told([rule])[rule.pk]


def _told(rules: Sequence[Row]) -> dict[int, dict[str, Any]]:
    """Where the alerts of each rule are told: its own channels, and every way that takes them."""
    channels = channels_of(one.pk for one in rules)
    ways = foreseen_for(coming_of(one) for one in rules)
    return {
        one.pk: {"channels": channels.get(one.pk, []), "told": foreseen(way)}
        for one, way in zip(rules, ways, strict=True)
    }


def _rule(name: str) -> Row:
    try:
        return read.rule_named(name)
    except ConfigurationError as error:
        raise not_found(error.message, error.next_step) from error


def _save(request: HttpRequest, body: AlertRuleBody, found: Row | None) -> Row:
    if body.channels is not None:
        ADMIN.authenticate(request, "")  # who is told is an administrator's to say
    draft = write.Draft(
        name=body.name,
        rule=body.rule,
        message=body.message,
        kind=body.type,
        scope=[segment_named(name) for name in body.scope],
        for_days=body.for_days,
        resolve=body.resolve,
        settle_days=body.settle_days,
        cooldown_days=body.cooldown_days,
        severity=body.severity,
        thresholds=write.amounts(body.thresholds),
        task=body.task,
        note=body.note,
        fallback=member_of(body.fallback) if body.fallback else None,
        suggested=found.suggested if found else "",
    )
    now = settings.TENURE_CLOCK.now()
    with transaction.atomic():
        saved = write.save(draft, now=now, by=caller(request).name, alert_rule=found)
        if body.channels is not None:
            send_to(saved, body.channels)
    return saved
