"""The editor of an alert rule, with what it would have done beside it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tenure.access import read as access
from tenure.alerts import read, write
from tenure.alerts.firing import THRESHOLDS
from tenure.alerts.holding import Holding, holding
from tenure.alerts.message import ALWAYS, operands, problems, rendered
from tenure.alerts.models import AlertRule, Kind, Severity
from tenure.alerts.suggested import SUGGESTED
from tenure.alerts.write import Draft, RuleNotSaved
from tenure.customers import read as customers
from tenure.notify.read import foreseen_for
from tenure.segments.explain import explain
from tenure.segments.question import Question, TooCostly
from tenure.segments.read import segments
from tenure.web.alerts import rule_form, trial
from tenure.web.alerts.rule_form import Given
from tenure.web.frame import member_of
from tenure.web.permissions import REFUSALS, may_edit_alert_rules, may_route
from tenure.web.rules.said import cleaned, said_of

GONE = "There is no such rule. It may have been deleted."
ASKED = require_http_methods(["GET", "HEAD", "POST"])


@ASKED
def new(request: HttpRequest) -> HttpResponse:
    """A rule to be, empty or begun from a suggestion."""
    suggested = SUGGESTED.get(request.GET.get("suggestion", ""))
    return _page(request, None, rule_form.begun(suggested or Draft("", "", "")))


@ASKED
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A rule there is."""
    found = rule_of(pk)
    return _page(request, found, rule_form.of_rule(found))


def rule_of(pk: int) -> AlertRule:
    """The rule. Raises Http404 with a sentence when there is none."""
    found = read.rule(pk)
    if found is None:
        raise Http404(GONE)
    return found


def _page(request: HttpRequest, found: AlertRule | None, begun: Given) -> HttpResponse:
    """Show it, check it, try it or save it. Trying and checking change nothing and are for everyone."""
    now = settings.TENURE_CLOCK.now()
    given = rule_form.posted(request.POST) if request.method == "POST" else begun
    if request.method != "POST" and request.GET.get("compare"):
        other = cleaned(request.GET["compare"])
        given = Given({**given.values, "compare": other}, given.scope)
    doing = request.POST.get("do") if request.method == "POST" else request.GET.get("do")
    match request.headers.get("HX-Target"):
        case "message-check":
            return render(request, "web/alerts/message_check.html", _live(given, now))
        case "told":
            return render(request, "web/alerts/told.html", _told(request, found, given))
        case "trials":
            return render(request, "web/alerts/trials.html", _trials(request, given, now))
    if request.method == "POST" and doing == "save":
        return _save(request, found, given, now)
    more = _trials(request, given, now) if doing == "trial" else {}
    return render(request, "web/alerts/rule.html", _shown(request, found, given, now) | more)


def _save(
    request: HttpRequest, found: AlertRule | None, given: Given, now: datetime
) -> HttpResponse:
    member = member_of(request)
    if not may_edit_alert_rules(member):
        raise PermissionDenied(REFUSALS[may_edit_alert_rules])
    draft, faults = rule_form.draft_of(given, now, found)
    if older := _older(request.POST.get("version", ""), found):
        draft, faults = None, {"version": older, **faults}
    if draft is not None:
        try:
            saved = write.save(draft, now=now, member=member, alert_rule=found)
        except RuleNotSaved as error:
            faults = {error.field: str(error)}
        else:
            state = "It is switched on." if saved.enabled else "It is off until you switch it on."
            messages.success(request, f"Saved “{saved.name}” as version {saved.version}. {state}")
            return HttpResponseRedirect(reverse("alert_rule", args=[saved.pk]))
    kept = Given(given.values, given.scope, faults)
    return render(request, "web/alerts/rule.html", _shown(request, found, kept, now), status=422)


def _older(version: str, found: AlertRule | None) -> str:
    """What to say where somebody else saved the rule while the form stood open; else nothing."""
    if found is None or not version or version == str(found.version):
        return ""
    last = found.versions.order_by("-number").first()
    who = f" by {last.by}" if last and last.by else ""
    return (
        f"It was changed{who} while you had it open: it is version {found.version} now. Nothing of"
        " yours is lost. Save again to put it in place of theirs."
    )


def _shown(
    request: HttpRequest, found: AlertRule | None, given: Given, now: datetime
) -> dict[str, Any]:
    levels = [f"{one:f}" for one in THRESHOLDS]
    return {
        "rule": found,
        "given": given,
        "v": given.values,
        "faults": given.faults,
        "said": said_of(given["rule"], now),
        "said_resolve": said_of(given["resolve"], now),
        "said_compare": said_of(given["compare"], now),
        "kinds": Kind.choices,
        "severities": Severity.choices,
        "segments": list(segments()),
        "members": [one for one in access.members() if one.is_active],
        "levels": list(zip(rule_form.LEVELS, ("Medium", "High", "Critical"), levels, strict=True)),
        "may_edit": may_edit_alert_rules(member_of(request)),
        "since": trial.SINCE,
        "horizons": trial.HORIZONS,
        "days": _whole(request, "days", 90),
        "horizon": _whole(request, "horizon", 30),
        **_live(given, now),
        **_told(request, found, given),
    }


def _told(request: HttpRequest, found: AlertRule | None, given: Given) -> dict[str, Any]:
    """Who will be told of the alerts of the rule as it stands in the form."""
    (foreseen,) = foreseen_for([rule_form.coming(given, found)])
    return {"foreseen": foreseen, "rule": found, "may_route": may_route(member_of(request))}


def _live(given: Given, now: datetime) -> dict[str, Any]:
    """What can be said while somebody types: for whom it holds now, and the text for one of them."""
    said = said_of(given["rule"], now)
    if said.asked is None or not given["rule"].strip():
        return {"able": ALWAYS, "begun": bool(given["rule"].strip())}
    shown: dict[str, Any] = {
        "able": (*ALWAYS, *operands(said.asked.meant)),
        "begun": True,
        "lint": problems(given["message"], said.asked.meant) if given["message"].strip() else (),
    }
    try:
        held = holding(said.asked, given.scope)
    except TooCostly as error:
        return shown | {"costly": str(error)}
    # Of segments the rule is limited to, the list would have to be asked too.
    shown["list_rule"] = "" if given.scope else said.asked.text
    return shown | {"held": held, "sample": _sample(given["message"], said.asked, held)}


def _sample(template: str, asked: Question, held: Holding) -> str:
    """The text as one of the accounts would have it; nothing without one."""
    if held.first is None or not template.strip():
        return ""
    account = customers.get_account(held.first)
    stake = f"{held.mrr[0].rounded().amount:,} {held.mrr[0].currency}" if held.mrr else "unknown"
    about = {
        "name": account.name,
        "identifier": account.identifier,
        "owner": str(account.owner) if account.owner else "nobody",
        "at_stake": stake if held.count == 1 else "…",
    }
    return rendered(template, explain(asked, account.pk).lines, about, asked.catalogue)


def _trials(request: HttpRequest, given: Given, now: datetime) -> dict[str, Any]:
    """The rule as it stands and, where there is one, another condition to hold against it."""
    days, horizon = _whole(request, "days", 90), _whole(request, "horizon", 30)
    delays = {name: _number(given[name], default) for name, default in rule_form.DAYS.items()}
    drafts = [("This rule", given["rule"]), ("The other condition", given["compare"])]
    found = [
        _tried(name, text, given.scope, delays, days, horizon, now)
        for name, text in drafts
        if text.strip()
    ]
    return {"trials": found, "beside": trial.beside(found)}


def _tried(
    name: str,
    text: str,
    scope: Sequence[int],
    delays: dict[str, int],
    days: int,
    horizon: int,
    now: datetime,
) -> trial.Trial:
    wanted = trial.Asked(text, days, horizon, delays["for_days"], delays["cooldown_days"], scope)
    return trial.tried(name, wanted, now)


def _whole(request: HttpRequest, name: str, default: int) -> int:
    sent = request.POST if request.method == "POST" else request.GET
    return min(365, max(1, _number(sent.get(name, ""), default)))


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else default
