"""The mutes that stand, and taking one back."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from tenure.alerts import mutes
from tenure.alerts.actions import Who
from tenure.core.errors import ConfigurationError
from tenure.web.alerts import asked as asking
from tenure.web.alerts.acting import back
from tenure.web.frame import member_of
from tenure.web.permissions import may_triage, only

PAGE = 100


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Which rules are silent for which accounts, the soonest to end first."""
    number = asking.number(request.GET, "page") or 1
    standing = mutes.standing(settings.TENURE_CLOCK.now())
    found = list(standing[(number - 1) * PAGE : number * PAGE + 1])
    shown = {
        "mutes": found[:PAGE],
        "count": standing.count(),
        "earlier": number - 1 if number > 1 else None,
        "later": number + 1 if len(found) > PAGE else None,
        "may_triage": may_triage(member_of(request)),
    }
    return render(request, "web/alerts/mutes.html", shown)


@require_POST
@only(may_triage)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a rule speak of an account again."""
    try:
        found = mutes.take_back(pk, Who(member_of(request)), now=settings.TENURE_CLOCK.now())
    except ConfigurationError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            f"“{found.alert_rule}” speaks of {found.account.name} again. Where it holds, its alert"
            " opens within minutes.",
        )
    return back(request, "mutes")
