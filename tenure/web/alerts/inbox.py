"""The inbox: alerts on the left, the one that is looked at on the right, all of it in the address."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from tenure.access import read as access
from tenure.alerts import read
from tenure.alerts.models import Alert, Kind, Outcome
from tenure.core.clock import SystemClock
from tenure.customers import read as customers
from tenure.web.alerts import asked as asking
from tenure.web.alerts.detail import detail
from tenure.web.frame import member_of
from tenure.web.permissions import may_triage
from tenure.web.runs.freshness import freshness, standings_for

PAGE = 50
COUNT_CAP = 10_000
GONE = "There is no such alert. It may have gone together with its rule or its account."


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The page, or only the list of alerts or the detail when that is what was asked for."""
    one = asking.asked(request.GET)
    chosen = asking.number(request.GET, "alert")
    match request.headers.get("HX-Target"):
        case "alert-detail":
            shown = detail_of(request, alert_of(chosen or 0), one)
            response = render(request, "web/alerts/detail.html", shown)
        case _:
            response = render(request, "web/alerts/inbox.html", page_of(request, one, chosen))
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


@require_safe
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """One alert by its own address, as messages link to it."""
    shown = detail_of(request, alert_of(pk), asking.Asked())
    if request.headers.get("HX-Target") == "drawer-content":
        return render(request, "web/alerts/detail.html", shown | {"may_triage": False})
    response = render(request, "web/alerts/alone.html", shown)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def page_of(request: HttpRequest, one: asking.Asked, chosen: int | None) -> dict[str, Any]:
    """What the page of both panes shows."""
    member, page = member_of(request), asking.number(request.GET, "page") or 1
    rows = one.rows(member)
    start = (page - 1) * PAGE
    found = list(rows[start : start + PAGE + 1])
    listed, count = found[:PAGE], rows[:COUNT_CAP].count()
    picked = alert_of(chosen) if chosen else next(iter(listed), None)
    rules = {rule.pk: rule.name for rule in read.rules()}
    account = customers.named([one.account]).get(one.account) if one.account else None
    shown = {
        "alerts": listed,
        "count": count,
        "cap": COUNT_CAP,
        "at_stake": read.at_stake(rows) if count < COUNT_CAP else None,
        "asked": one,
        "chosen": chosen,
        "page": page,
        "earlier": page - 1 if page > 1 else None,
        "later": page + 1 if len(found) > PAGE else None,
        "whose": [(key, label, asking.address(one, whose=key)) for key, label in asking.WHOSE],
        "states": [(key, label, asking.address(one, state=key)) for key, label, _ in asking.STATES],
        "types": Kind.choices,
        "severities": asking.SEVERITIES,
        "sorts": asking.SORTS,
        "rules": rules,
        "chips": asking.chips(one, rules, account),
        "members": _members(),
    }
    if picked:
        return shown | detail_of(request, picked, one)
    return shown | _common(request, one)


def detail_of(request: HttpRequest, found: Alert, one: asking.Asked) -> dict[str, Any]:
    """What the right pane shows of an alert."""
    now = settings.TENURE_CLOCK.now()
    return _common(request, one) | {
        "d": detail(found, now),
        "members": _members(),
        "data_age": freshness(SystemClock().now(), standings_for(request)),
    }


def alert_of(pk: int) -> Alert:
    """The alert. Raises Http404 with a sentence when there is none."""
    found = read.one(pk)
    if found is None:
        raise Http404(GONE)
    return found


def _common(request: HttpRequest, one: asking.Asked) -> dict[str, Any]:
    return {
        "asked": one,
        "kept": one.query.items(),
        "outcomes": list(enumerate(Outcome.choices, 1)),
        "may_triage": may_triage(member_of(request)),
    }


def _members() -> list[Any]:
    return [member for member in access.members() if member.is_active]
