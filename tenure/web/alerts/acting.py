"""Doing something with alerts: with one, from its pane or its keys, or with many at once."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tenure.access.models import Member
from tenure.access.read import members
from tenure.alerts import actions, mutes, read
from tenure.alerts.actions import Who
from tenure.alerts.lifecycle import ActionRefused
from tenure.alerts.models import Alert, Outcome
from tenure.alerts.until import CHANGE, SOON, until
from tenure.core.errors import ConfigurationError
from tenure.tasks import write as tasks
from tenure.tasks.write import Maker
from tenure.web import moments
from tenure.web.alerts import asked as asking
from tenure.web.alerts.inbox import COUNT_CAP, alert_of, detail_of
from tenure.web.frame import member_of
from tenure.web.permissions import may_triage, only
from tenure.web.today import typed

MOST_AT_ONCE = 1_000
SHOWN_REFUSALS = 3


@require_POST
@only(may_triage)
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do one thing with one alert. The answer is the alert as it stands then: a row for the list,
    and its pane where that is what is looked at; without JavaScript, the page it came from."""
    found, now = alert_of(pk), settings.TENURE_CLOCK.now()
    try:
        words = _do(request.POST, found, member_of(request), now)
    except ConfigurationError as error:
        return _answer(request, alert_of(pk), str(error), refused=True)
    return _answer(request, alert_of(pk), words)


@require_POST
@only(may_triage)
def bulk(request: HttpRequest) -> HttpResponse:
    """Do one thing with those picked, or with all that the address asks for."""
    member, now = member_of(request), settings.TENURE_CLOCK.now()
    one = asking.asked(request.POST)
    if request.POST.get("all"):
        ids = list(one.rows(member).values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    else:
        ids = [int(pk) for pk in request.POST.getlist("alert") if pk.isdecimal() and len(pk) < 18]
    more, ids = len(ids) > MOST_AT_ONCE, ids[:MOST_AT_ONCE]
    try:
        action, words = _of_many(request.POST, member, now)
    except ConfigurationError as error:
        messages.error(request, str(error))
        return back(request)
    done, refused = actions.each(ids, action)
    _tell(request, words, len(done), refused, more=more)
    return back(request)


def _do(given: QueryDict, alert: Alert, member: Member, now: datetime) -> str:
    """Do what the form says; the answer is what was done, in words."""
    who, note = Who(member), given.get("note", "")
    match given.get("action"):
        case "acknowledge":
            actions.acknowledge(alert.pk, who, now=now, note=note)
            return "Acknowledged."
        case "assign":
            owner = _member(given.get("owner", ""), member)
            actions.assign(alert.pk, owner, who, now=now)
            return f"Assigned to {owner}." if owner else "Assigned to nobody."
        case "snooze":
            wakes = _until(given, member, now)
            actions.snooze(alert.pk, who, now=now, until=wakes, note=note)
            zone = moments.zone_of(member.time_zone)
            return (
                f"Snoozed until {moments.absolute(wakes, zone) if wakes else 'something changes'}."
            )
        case "wake":
            actions.wake(alert.pk, who, now=now)
            return "Woken."
        case "close":
            outcome = given.get("outcome", "")
            actions.close(alert.pk, outcome, who, now=now, note=note)
            return f"Closed: {Outcome(outcome).label.lower()}."
        case "reopen":
            actions.reopen(alert.pk, who, now=now, note=note)
            return "Open again."
        case "note":
            actions.note(alert.pk, note, who, now=now)
            return "Note kept."
        case "task":
            return _make_task(given, alert, member, now)
        case "mute":
            until_day = _day(given.get("until", ""))
            mutes.mute(alert, until_day, given.get("reason", ""), who, now=now)
            return f"“{alert.alert_rule}” is silent for this account through {until_day}."
    raise ActionRefused("action", "It is not clear what to do.", "Choose one of the buttons.")


def _make_task(given: QueryDict, alert: Alert, member: Member, now: datetime) -> str:
    """A task for the alert's account; the history of the alert tells of it."""
    due, owner = tasks.day_said(given.get("due", "")), typed.owner(given.get("owner", ""))
    with transaction.atomic():
        made = tasks.add_task_of(
            alert, given.get("title", ""), Maker(member), now=now, due=due, owner=owner
        )
    return f"Task made for {owner or 'nobody yet'}: {made.title}"


def _of_many(given: QueryDict, member: Member, now: datetime) -> tuple[Callable[[int], Any], str]:
    """What to do with each, and what to call it. Raises ActionRefused when something is missing."""
    who, note = Who(member), given.get("note", "")
    match given.get("action"):
        case "close":
            outcome = given.get("outcome", "")
            if outcome not in Outcome.values:
                raise ActionRefused(
                    "outcome", "Closing needs an outcome.", "Choose one of the five."
                )
            label = Outcome(outcome).label.lower()
            return lambda pk: actions.close(
                pk, outcome, who, now=now, note=note
            ), f"closed as {label}"
        case "assign":
            owner = _member(given.get("owner", ""), member)
            return lambda pk: actions.assign(
                pk, owner, who, now=now
            ), f"assigned to {owner or 'nobody'}"
        case "snooze":
            wakes = _until(given, member, now)
            return lambda pk: actions.snooze(pk, who, now=now, until=wakes, note=note), "snoozed"
        case "acknowledge":
            return lambda pk: actions.acknowledge(pk, who, now=now, note=note), "acknowledged"
    raise ActionRefused("action", "It is not clear what to do.", "Choose one of the buttons.")


def _member(email: str, asking_member: Member) -> Member | None:
    """The member a form names: by e-mail, ``me``, or nobody."""
    if not email:
        return None
    if email == "me":
        return asking_member
    for one in members():
        if one.is_active and one.email == email:
            return one
    raise ActionRefused("owner", "There is no such member.", "Choose one from the list.")


def _until(given: QueryDict, member: Member, now: datetime) -> datetime | None:
    """The morning a snooze ends, in the member's zone; None is until something changes."""
    how = given.get("until", "")
    said = how if how in (CHANGE, *SOON) else given.get("day", "") or how
    return until(said, moments.zone_of(member.time_zone), now)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ActionRefused(
            "until", "It is not clear until which day.", "Choose a day from the calendar."
        ) from None


def _answer(
    request: HttpRequest, found: Alert, words: str, *, refused: bool = False
) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        (messages.error if refused else messages.success)(request, words)
        return back(request)
    one = asking.asked(request.POST)
    rows = one.rows(member_of(request))
    fits = rows.filter(pk=found.pk).exists()
    count = rows[:COUNT_CAP].count()
    shown = detail_of(request, found, one) | {
        "alert": found,
        "count": count,
        "cap": COUNT_CAP,
        "at_stake": read.at_stake(rows) if count < COUNT_CAP else None,
        "fits": fits or refused,
        "words": words,
        "level": "error" if refused else "success",
        "pane": bool(request.POST.get("pane")) or refused,
        "reopens": request.POST.get("action") == "close" and not refused,
    }
    return render(request, "web/alerts/acted.html", shown)


def _tell(request: HttpRequest, words: str, count: int, refused: list[str], *, more: bool) -> None:
    if count:
        said = f"{count:,} alert{'' if count == 1 else 's'} {words}."
        if more:
            said += f" More match: {MOST_AT_ONCE:,} are done at once. Do it again for the next."
        messages.success(request, said)
    elif not refused:
        messages.error(request, "No alert was selected. Tick some first.")
    if refused:
        sample = " ".join(dict.fromkeys(refused[:SHOWN_REFUSALS]))
        messages.error(request, f"{len(refused):,} could not be {words}: {sample}")


def back(request: HttpRequest, default: str = "alerts") -> HttpResponse:
    """The page the form stood on. Never another host's."""
    wanted = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = reverse(default)
    return HttpResponseRedirect(wanted)
