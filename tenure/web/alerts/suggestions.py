"""Rules to begin with, each with what it would have done; off until somebody switches one on."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.alerts import suggested
from tenure.alerts.models import Kind
from tenure.alerts.write import Draft, RuleNotSaved
from tenure.core.errors import ConfigurationError
from tenure.segments.question import question
from tenure.web.alerts import trial as trying
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_alert_rules, only

GONE = "There is no such suggestion."


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggestion with its condition in words."""

    key: str
    draft: Draft
    words: str

    @property
    def kind(self) -> str:
        """What its alerts are about."""
        return Kind(self.draft.kind).label


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Those nobody has accepted yet; each is tried on history once the page is there."""
    now = settings.TENURE_CLOCK.now()
    found = []
    for key, draft in suggested.open_suggestions().items():
        try:
            found.append(Suggestion(key, draft, question(draft.rule, now).words))
        except ConfigurationError:
            continue  # it names something this workspace does not have
    shown = {"suggestions": found, "may_edit": may_edit_alert_rules(member_of(request))}
    return render(request, "web/alerts/suggestions.html", shown)


@require_safe
def trial(request: HttpRequest, name: str) -> HttpResponse:
    """What one of them would have done in the last 90 days."""
    draft = _draft(name)
    found = trying.tried("", trying.Asked(draft.rule), settings.TENURE_CLOCK.now())
    return render(request, "web/alerts/trials.html", {"trials": [found], "brief": True})


@require_POST
@only(may_edit_alert_rules)
def accept(request: HttpRequest, name: str) -> HttpResponse:
    """Make a rule of it, and go on to switching it on."""
    _draft(name)
    try:
        made = suggested.accept(name, now=settings.TENURE_CLOCK.now(), member=member_of(request))
    except RuleNotSaved as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("suggested_rules"))
    messages.success(request, f"“{made.name}” is a rule now. It is off until you switch it on.")
    return HttpResponseRedirect(reverse("alert_rule_on", args=[made.pk]))


def _draft(key: str) -> Draft:
    if key not in suggested.SUGGESTED:
        raise Http404(GONE)
    return suggested.SUGGESTED[key]
