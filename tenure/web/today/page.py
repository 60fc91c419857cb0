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
from tenure.health.moves import moved_since
from tenure.metrics import attention as read
from tenure.metrics.days import local_day
from tenure.metrics.models import AccountFacts
from tenure.metrics.settings import zone
from tenure.tasks import read as tasks
from tenure.tasks.models import Task
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, may_sync
from tenure.web.runs.freshness import standings_for

MOST = 8
SEEN = "today_seen"
WEEK, AHEAD = timedelta(days=7), 30


@dataclass(frozen=True, slots=True)
class Ahead:
    """A renewal or an end of a term that comes: whose, when, and what it is worth."""

    account: Account
    day: date
    renews: bool
    mrr: tuple[Money, ...]


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
    since = _seen(request, now)
    shown = {
        "everyone": everyone,
        "nothing_mine": nothing_mine,
        "alerts": inbox[:MOST],
        "alert_count": inbox.count(),
        "tasks": _tasks(member, day, everyone=everyone),
        "today": day,
        "moved": moved_since(since, limit=MOST, owner_id=owner_id),
        "since": since,
        "ahead": _ahead(day, owner_id),
        "overdue": _overdue(owner_id),
        "trouble": _trouble(request, member),
        "may_edit": may_edit_customers(member),
    }
    response = render(request, "web/today/page.html", shown)
    response.set_cookie(SEEN, now.isoformat(), max_age=90 * 86_400, httponly=True, samesite="Lax")
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


def _seen(request: HttpRequest, now: datetime) -> datetime:
    """When this page was looked at before; a week ago for who never did, or not lately."""
    try:
        seen = datetime.fromisoformat(request.COOKIES.get(SEEN, ""))
    except ValueError:
        return now - WEEK
    recent = seen.tzinfo is not None and now - WEEK <= seen <= now - timedelta(hours=8)
    return seen if recent else now - WEEK


def _ahead(day: date, owner_id: int | None) -> list[Ahead]:
    """Renewals and ends of terms within a month, the soonest first."""
    found = read.terms_ending(day, day + timedelta(days=AHEAD), owner_id, limit=MOST)
    return [
        Ahead(
            facts.account,
            facts.term_end_date,
            facts.next_renewal_date == facts.term_end_date,
            facts.money("mrr"),
        )
        for facts in found
        if facts.term_end_date
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
