"""Alerts: what became true of an account, and what people do with it."""

from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.access.read import NOBODY, member_of
from tenure.alerts import actions, mutes, read, shapes
from tenure.alerts.actions import Who
from tenure.alerts.models import Alert as Row
from tenure.alerts.models import Outcome
from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.listing import CURSOR, LIMIT
from tenure.api.problems import not_found
from tenure.api.resource import Resource
from tenure.api.resources.tasks import Task
from tenure.api.schemas import Body, Day, Instant, Money, Number, PageOf, Shape
from tenure.customers.paging import cursor_of, number
from tenure.tasks import write as tasks
from tenure.tasks.read import task_json
from tenure.tasks.write import Maker

resource = Resource("alerts")
NOTE = Field("", max_length=actions.LONGEST_NOTE)


class Alert(Shape):
    """An alert; what is said of the moment it opened is frozen."""

    id: int
    rule: str
    account: str
    state: Literal["new", "acknowledged", "snoozed", "resolved", "closed"]
    severity: str
    opened_at: str | None
    reason: str
    evidence: list[dict[str, Any]]
    at_stake: Money | None
    owner: str | None
    outcome: str | None


class Alerts(Body):
    """Which alerts."""

    state: Literal["open", "new", "acknowledged", "snoozed", "resolved", "closed", "all"] = "open"
    rule: str | None = Field(None, max_length=120)
    account: str | None = Field(None, max_length=finding.LONGEST)
    owner: str | None = Field(
        None, max_length=254, description="A member's e-mail, or `nobody`: those without an owner."
    )
    type: Literal["onboarding", "renewal", "upsell", "risk"] | None = None
    severity: Literal["low", "medium", "high", "critical"] | None = None
    limit: int = LIMIT
    cursor: str | None = CURSOR


class WithNote(Body):
    """A word with it."""

    note: str = NOTE


class Snooze(Body):
    """Until when it sleeps; without a time until what it is about changes."""

    until: Instant | None = None
    note: str = NOTE


class Assign(Body):
    """Whose it is."""

    owner: str | None = Field(description="A member's e-mail; null for nobody.", max_length=254)


class Close(Body):
    """What came of it."""

    outcome: Literal["acted-saved", "acted-lost", "not-a-risk", "duplicate", "wrong-data"]
    note: str = NOTE


class AlertTask(Body):
    """A task for the alert's account; the history of the alert tells of it."""

    title: str = Field(min_length=1, max_length=tasks.LONGEST_TITLE)
    due: Day | None = None
    owner: str | None = Field(None, max_length=254, description="A member's e-mail.")


class MuteRule(Body):
    """Keep the rule silent for this account."""

    until: Day
    reason: str = Field(min_length=1, max_length=actions.LONGEST_NOTE)


@resource.get("", PageOf[Alert])
def list_alerts(request: HttpRequest, how: Query[Alerts]) -> HttpResponse:
    """List alerts, the newest first."""
    rows = read.inbox(
        states=read.STATES[how.state],
        owner_id=member_of(how.owner).pk if how.owner and how.owner != NOBODY else None,
        unowned=how.owner == NOBODY,
        rule_id=read.rule_named(how.rule).pk if how.rule else None,
        account_id=finding.account(how.account).pk if how.account else None,
        kind=how.type or "",
        severity=how.severity or "",
    )
    if how.cursor:
        rows = rows.filter(pk__lt=number(how.cursor, "alerts"))
    found = list(rows.order_by("-pk")[: how.limit + 1])
    shown = found[: how.limit]
    following = cursor_of("alerts", shown[-1].pk) if len(found) > how.limit else None
    return answers.page([shapes.alert(one) for one in shown], following)


@resource.get("/{number}", Alert)
def show(request: HttpRequest, number: Number) -> HttpResponse:
    """Show an alert with its history, and what its rule sees now beside what it saw then."""
    return _answer(request, number)


@resource.post("/{number}/acknowledge", Alert)
def acknowledge(request: HttpRequest, number: Number, body: WithNote) -> HttpResponse:
    """Say that somebody looks after it."""
    _alert(number)
    actions.acknowledge(number, _who(request), now=_now(), note=body.note)
    return _answer(request, number)


@resource.post("/{number}/snooze", Alert)
def snooze(request: HttpRequest, number: Number, body: Snooze) -> HttpResponse:
    """Let it sleep until a time, or until what it is about changes."""
    _alert(number)
    actions.snooze(number, _who(request), now=_now(), until=body.until, note=body.note)
    return _answer(request, number)


@resource.post("/{number}/wake", Alert)
def wake(request: HttpRequest, number: Number) -> HttpResponse:
    """End a snooze before its time."""
    _alert(number)
    actions.wake(number, _who(request), now=_now())
    return _answer(request, number)


@resource.post("/{number}/assign", Alert)
def assign(request: HttpRequest, number: Number, body: Assign) -> HttpResponse:
    """Give it to a member, or to nobody."""
    _alert(number)
    owner = member_of(body.owner) if body.owner else None
    actions.assign(number, owner, _who(request), now=_now())
    return _answer(request, number)


@resource.post("/{number}/note", Alert)
def note(request: HttpRequest, number: Number, body: WithNote) -> HttpResponse:
    """Write something down on it."""
    _alert(number)
    actions.note(number, body.note, _who(request), now=_now())
    return _answer(request, number)


@resource.post("/{number}/task", Task, status=201)
def task(request: HttpRequest, number: Number, body: AlertTask) -> HttpResponse:
    """Make a task for its account."""
    found = _alert(number)
    owner = member_of(body.owner) if body.owner else None
    maker = Maker(name=caller(request).name)
    made = tasks.add_task_of(found, body.title, maker, now=_now(), due=body.due, owner=owner)
    location = f"/api/v1/tasks/{made.pk}"
    return answers.one(request, task_json(made), status=201, location=location)


@resource.post("/{number}/close", Alert)
def close(request: HttpRequest, number: Number, body: Close) -> HttpResponse:
    """End it with what came of it."""
    _alert(number)
    actions.close(number, Outcome(body.outcome), _who(request), now=_now(), note=body.note)
    return _answer(request, number)


@resource.post("/{number}/reopen", Alert)
def reopen(request: HttpRequest, number: Number, body: WithNote) -> HttpResponse:
    """Take an end back."""
    _alert(number)
    actions.reopen(number, _who(request), now=_now(), note=body.note)
    return _answer(request, number)


@resource.post("/{number}/mute", Alert)
def mute(request: HttpRequest, number: Number, body: MuteRule) -> HttpResponse:
    """Keep its rule silent for its account through a day."""
    mutes.mute(_alert(number), body.until, body.reason, _who(request), now=_now())
    return _answer(request, number)


def _alert(number: int) -> Row:
    found = Row.objects.select_related("alert_rule", "account", "owner").filter(pk=number).first()
    if found is None:
        raise not_found(f"There is no alert {number}.", "List them with GET /api/v1/alerts.")
    return found


def _answer(request: HttpRequest, number: int) -> HttpResponse:
    found = _alert(number)
    return answers.one(request, shapes.in_full(found, read.now_of(found, _now())))


def _who(request: HttpRequest) -> Who:
    return Who(name=caller(request).name)


def _now() -> Any:
    return settings.TENURE_CLOCK.now()
