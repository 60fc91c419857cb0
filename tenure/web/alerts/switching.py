"""Switching a rule on with eyes open, off again, and deleting it."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tenure.access import read as access
from tenure.alerts import read, write
from tenure.alerts.holding import Holding, holding
from tenure.alerts.models import AlertRule
from tenure.core.errors import ConfigurationError
from tenure.notify.read import coming_of, foreseen_for
from tenure.segments.question import TooCostly, question
from tenure.web.alerts.rule_editor import rule_of
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_alert_rules, only

MANY = 50


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_edit_alert_rules)
def on(request: HttpRequest, pk: int) -> HttpResponse:
    """For how many accounts it holds already, and whether those get alerts; then switch it on."""
    found, now = rule_of(pk), settings.TENURE_CLOCK.now()
    existing = {"yes": True, "no": False}.get(request.POST.get("existing", ""))
    if request.method == "POST" and existing is not None:
        try:
            write.enable(found, now=now, existing=existing, member=member_of(request))
        except ConfigurationError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(reverse("alert_rule", args=[pk]))
        count = read.inbox(rule_id=pk).count()
        words = f"{count:,} alert{'' if count == 1 else 's'} opened" if existing else "It waits"
        rest = "." if existing else " for what becomes true from now on."
        messages.success(request, f"“{found.name}” is on. {words}{rest}")
        return HttpResponseRedirect(reverse("alert_rules"))
    return render(request, "web/alerts/switch_on.html", _shown(found))


def _shown(found: AlertRule) -> dict[str, object]:
    names = {one.pk: str(one) for one in access.members()}
    held, problem = _held(found)
    owners = held.per_owner[:8] if held else ()
    return {
        "rule": found,
        "held": held,
        "problem": problem,
        "owners": [(names.get(owner or 0, "Nobody"), count) for owner, count in owners],
        "many": held is not None and held.count > MANY,
        "told": foreseen_for([coming_of(found)])[0],
    }


def _held(found: AlertRule) -> tuple[Holding | None, str]:
    scope = [one.pk for one in found.scope.all()]
    try:
        return holding(question(found.rule, settings.TENURE_CLOCK.now()), scope), ""
    except (ConfigurationError, TooCostly) as error:
        return None, str(error)


@require_POST
@only(may_edit_alert_rules)
def off(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch it off; its open alerts stay."""
    found = rule_of(pk)
    write.disable(found, now=settings.TENURE_CLOCK.now(), member=member_of(request))
    messages.success(request, f"“{found.name}” is off. Its open alerts stay, for people to close.")
    return HttpResponseRedirect(reverse("alert_rules"))


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_edit_alert_rules)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete it, once somebody has seen what goes with it."""
    found = rule_of(pk)
    if request.method == "POST":
        write.remove(found)
        messages.success(request, f"“{found.name}” is deleted with its alerts.")
        return HttpResponseRedirect(reverse("alert_rules"))
    counts = {
        "open": read.inbox(rule_id=pk, states=("new", "acknowledged", "snoozed")).count(),
        "all": read.inbox(rule_id=pk, states=()).count(),
    }
    return render(request, "web/alerts/delete.html", {"rule": found, "counts": counts})
