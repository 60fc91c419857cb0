"""Today: what wants a member's attention, worst first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tenure.access.models import Member
from tenure.alerts import read as alerts
from tenure.alerts.models import State
from tenure.core.clock import SystemClock
from tenure.core.money import Money
from tenure.customers.models import Account
from tenure.customers.read import owns_any
from tenure.health.moves import Moved, moved_since
from tenure.metrics import attention as read
from tenure.metrics.days import local_day
from tenure.metrics.models import AccountFacts, SubscriptionFacts
from tenure.metrics.settings import zone
from tenure.tasks import read as tasks
from tenure.tasks.models import Task
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, may_sync
from tenure.web.runs.freshness import standings_for
from tenure.web.today.causes import causes_of

MOST = 8
SEEN = "today_seen"
WEEK, AHEAD, VISIT = timedelta(days=7), 30, timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A renewal, or the end of a term or trial, that comes: whose, when, and what it is worth."""

    account: Account
    day: date
    renews: bool
    mrr: tuple[Money, ...]
    trial: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice that failed, or is due soon."""

    account: Account
    pk: int
    name: str
    failed: bool
    day: date | None
    balance: Money


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where a member begins: Today for whoever has accounts, open alerts or tasks of their own, the
    list of accounts for everybody else."""
    member = member_of(request)
    return HttpResponseRedirect(reverse("today" if _has_anything(member) else "accounts"))


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The member's own with ``?whose=mine``, everyone's with ``?whose=all``; asked for neither, their
    own where anything is theirs."""
    member, now = member_of(request), settings.TENURE_CLOCK.now()
    whose = request.GET.get("whose")
    nothing_mine = whose not in ("all", "mine") and not _has_anything(member)
    everyone = whose == "all" or nothing_mine
    owner_id = None if everyone else member.pk
    day = local_day(now, zone())
    states = (State.NEW, State.ACKNOWLEDGED)
    inbox = alerts.inbox(owner_id=owner_id, states=states)
    since, visit = _visits(request, member, now)
    shown = {
        "everyone": everyone,
        "nothing_mine": nothing_mine,
        "alerts": inbox[:MOST],
        "alert_count": inbox.count(),
        "tasks": _tasks(member, day, everyone=everyone),
        "today": day,
        "moved": _moved(since, owner_id),
        "since": since,
        "ahead": _ahead(day, owner_id),
        "overdue": _overdue(owner_id),
        "bills": _bills(now, owner_id),
        "trouble": _trouble(request, member),
        "may_edit": may_edit_customers(member),
    }
    response = render(request, "web/today/page.html", shown)
    name, months = f"{SEEN}_{member.pk}", 90 * 86_400
    response.set_cookie(name, visit, max_age=months, httponly=True, samesite="Lax")
    return response


def _has_anything(member: Member) -> bool:
    """True when an account, an alert to work on or an open task is this member's."""
    return (
        owns_any(member)
        or alerts.inbox(owner_id=member.pk, states=(State.NEW, State.ACKNOWLEDGED)).exists()
        or tasks.tasks(owner_id=member.pk).exists()
    )


def _tasks(member: Member, day: date, *, everyone: bool) -> Sequence[Task]:
    found = tasks.tasks(owner_id=None if everyone else member.pk)
    return list(found.filter(due__lte=day + timedelta(days=1))[:20])


def _visits(request: HttpRequest, member: Member, now: datetime) -> tuple[datetime, str]:
    """When the visit before this one was, at most a week ago, and what to remember of both. Looking
    again within hours is the same visit, which goes on telling what it told."""
    try:
        told = request.COOKIES.get(f"{SEEN}_{member.pk}", "").split("~")
        since, last = (datetime.fromisoformat(one) for one in told)
        same = timedelta(0) <= now - last < VISIT
        found = max(since if same else last, now - WEEK)
        found = found if found <= now else now - WEEK
    except (ValueError, TypeError):  # never here, or a cookie nobody wrote
        found = now - WEEK
    return found, f"{found.isoformat()}~{now.isoformat()}"


def _ahead(day: date, owner_id: int | None) -> list[Ahead]:
    """Renewals, and ends of terms and trials, within a month, the soonest first."""
    last = day + timedelta(days=AHEAD)
    found = read.terms_ending(day, last, owner_id, limit=MOST)
    trials = [
        Ahead(one.account, one.trial_ends_on, False, _monthly(one), one.plan_code or "a plan")
        for one in read.trials_ending(day, last, owner_id, limit=MOST)
        if one.trial_ends_on
    ]
    terms = [
        Ahead(
            facts.account,
            facts.term_end_date,
            facts.next_renewal_date == facts.term_end_date,
            facts.money("mrr"),
        )
        for facts in found
        if facts.term_end_date
    ]
    return sorted([*trials, *terms], key=lambda one: one.day)[:MOST]


def _monthly(one: SubscriptionFacts) -> tuple[Money, ...]:
    return () if one.monthly is None else (Money(one.monthly, one.currency),)


def _moved(since: datetime, owner_id: int | None) -> list[tuple[Moved, str]]:
    """Who stands in another band than at the visit before, and what did most of it."""
    found = moved_since(since, limit=MOST, owner_id=owner_id)
    causes = causes_of(found, since)
    return [(one, causes.get(one.account_id, "")) for one in found]


def _bills(now: datetime, owner_id: int | None) -> list[Bill]:
    """Invoices that failed or are due soon, as the page shows them."""
    days = zone()
    return [
        Bill(
            one.account,
            one.pk,
            str(one),
            one.state == "failed",
            local_day(due, days)
            if (due := one.closed_at if one.state == "failed" else one.due_at)
            else None,
            Money(one.balance, one.currency),
        )
        for one in read.failed_or_due(now, owner_id, limit=MOST)
        if one.account and one.balance is not None
    ]


def _overdue(owner_id: int | None) -> Sequence[tuple[AccountFacts, tuple[Money, ...]]]:
    """Accounts that owe what is late, the most first."""
    found = read.most_overdue(owner_id, limit=MOST)
    return [(facts, facts.money("past_due")) for facts in found]


def _trouble(request: HttpRequest, member: Member) -> Sequence[object]:
    """Sites that could not be read lately; for those who can do something about it."""
    if not may_sync(member):
        return ()
    late = SystemClock().now() - timedelta(days=2)
    return [
        one
        for one in standings_for(request)
        if one.site.state != "active" or (one.good_at is not None and one.good_at < late)
    ]
