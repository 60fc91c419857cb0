"""The editor of a definition: whom it is for and what counts, with what it would do beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tenure.core.errors import ConfigurationError
from tenure.customers.write import By, ValueRefused
from tenure.health import definitions, versions
from tenure.health.applies import Conditions
from tenure.health.definitions import document_of
from tenure.health.differing import differences
from tenure.health.membership import Who
from tenure.health.models import DefinitionVersion
from tenure.health.score import DEFAULT
from tenure.metrics.settings import current
from tenure.segments import deciding
from tenure.segments import read as segments
from tenure.web.frame import member_of
from tenure.web.health.form import Fault, Form, document_from, opened, rule_from, typed
from tenure.web.permissions import REFUSALS, may_define_health, only
from tenure.web.rules.said import said_of


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version with what it changed."""

    version: DefinitionVersion
    changes: Sequence[tuple[str, str, str]] = field(default_factory=list)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A definition from scratch, or with what another one is made of (``?like=``)."""
    versions.ready(settings.TENURE_CLOCK.now())
    if request.method == "POST":
        return _create(request)
    like = request.GET.get("like", "")
    found = newest(int(like)) if like.isdecimal() and len(like) < 10 else None
    document = found.document if found else document_of(DEFAULT)
    return _shown(request, None, opened(None, document), like=found)


@only(may_define_health)
def _create(request: HttpRequest) -> HttpResponse:
    by = By(member=member_of(request), reason=request.POST.get("reason", ""))
    try:
        made = versions.create(
            request.POST.get("name", ""),
            document_from(request.POST),
            deciding.who(rule_from(request.POST)),
            by,
            now=settings.TENURE_CLOCK.now(),
        )
    except ConfigurationError as error:
        return _shown(request, None, typed(request.POST, fault_of(error)), status=422)
    text = f"“{made.name}” is made, the last before the one for everyone. Scores follow within a minute."
    messages.success(request, text)
    return HttpResponseRedirect(reverse("health_definitions"))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form; posted, the next version."""
    last = newest(pk)
    if request.method == "POST":
        return _save(request, last)
    return _shown(request, last, opened(last, last.document))


@only(may_define_health)
def _save(request: HttpRequest, last: DefinitionVersion) -> HttpResponse:
    by = By(member=member_of(request), reason=request.POST.get("reason", ""))
    based_on = request.POST.get("based_on", "")
    try:
        made = versions.save(
            last.definition_id,
            document_from(request.POST),
            by,
            now=settings.TENURE_CLOCK.now(),
            who=who_said(request, last),
            name=request.POST.get("name"),
            based_on=int(based_on) if based_on.isdecimal() and len(based_on) < 9 else None,
        )
    except ConfigurationError as error:
        return _shown(request, last, typed(request.POST, fault_of(error)), status=422)
    text = f"Saved as version {made.number}. Scores follow within a minute."
    messages.success(request, text)
    return HttpResponseRedirect(reverse("health_definitions"))


def who_said(request: HttpRequest, last: DefinitionVersion | None) -> Who | None:
    """Whom the sent form is for; None where it does not ask. Raises RuleRefused."""
    if (last and last.definition.is_fallback) or "by" not in request.POST:
        return None
    return deciding.who(rule_from(request.POST))


def fault_of(error: ConfigurationError) -> Fault:
    where = error.field if isinstance(error, ValueRefused) else "rule"
    return Fault(where, error.message, error.next_step)


def _shown(
    request: HttpRequest,
    last: DefinitionVersion | None,
    form: Form,
    status: int = 200,
    like: DefinitionVersion | None = None,
) -> HttpResponse:
    member = member_of(request)
    may = may_define_health(member)
    shown = {
        "last": last,
        "like": like,
        "form": form,
        "said": said_of(form.whom.rule, settings.TENURE_CLOCK.now()),
        "segments": [one.name for one in segments.segments()],
        "lines": _lines(last.definition_id) if last else [],
        "cap_fault": _cap_fault(last) if last else None,
        "may_define": may,
        "refusal": "" if may else REFUSALS[may_define_health],
        "workspace_coverage": f"{float(current().min_coverage):g}",
    }
    return render(request, "web/health/definition.html", shown, status=status)


def _cap_fault(last: DefinitionVersion) -> Fault | None:
    """What is wrong with a cap that was saved, since the attribute it asks for is gone perhaps."""
    try:
        Conditions(settings.TENURE_CLOCK.now()).check_caps(definitions.read(last.document))
    except ValueRefused as error:
        return fault_of(error)
    return None


def changes_of(
    old: DefinitionVersion, document: object, who: Who | None
) -> list[tuple[str, str, str]]:
    """What differs from a version, in people's words: what, before, after."""
    found = differences(definitions.read(old.document), definitions.read(document))
    if who is not None and who.rule != old.rule:
        found.insert(0, ("For", old.rule or "everyone", who.rule or "everyone"))
    return found


@require_POST
@only(may_define_health)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """An earlier version, saved anew as the newest."""
    old = DefinitionVersion.objects.select_related("definition").filter(pk=pk).first()
    if old is None:
        raise Http404("There is no such version.")
    by = By(member=member_of(request), reason=request.POST.get("reason", ""))
    try:
        made = deciding.restore(old, by, now=settings.TENURE_CLOCK.now())
    except ValueRefused as error:
        messages.error(request, error.message)
    else:
        text = f"Version {old.number} is back, as version {made.number}. Scores follow within a minute."
        messages.success(request, text)
    return HttpResponseRedirect(reverse("health_definition", args=[old.definition_id]))


def newest(pk: int) -> DefinitionVersion:
    rows = versions.of_definition(pk)
    if not rows:
        raise Http404("There is no such definition of health.")
    return rows[0]


def _lines(definition_id: int) -> list[VersionLine]:
    rows = versions.of_definition(definition_id)[:31]
    return [
        VersionLine(newer, _between(older, newer) if older else [])
        for newer, older in zip(rows[:30], [*rows[1:], None], strict=False)
    ]


def _between(older: DefinitionVersion, newer: DefinitionVersion) -> list[tuple[str, str, str]]:
    found = changes_of(older, newer.document, Who(newer.rule, newer.segments))
    if older.name != newer.name:
        found.insert(0, ("Name", older.name, newer.name))
    rules = older.segments
    found += [
        (f"Segment “{name}”", rules[name], rule)
        for name, rule in newer.segments.items()
        if name in rules and rules[name] != rule
    ]
    return found
