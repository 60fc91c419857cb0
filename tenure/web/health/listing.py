"""The definitions in the order in which they are tried, and what is done to them as wholes."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenure.core.errors import ConfigurationError
from tenure.customers.write import By, ValueRefused
from tenure.health import ordering, placing, preview, read, versions
from tenure.health.applies import who_of
from tenure.health.models import DefinitionEvent, DefinitionVersion
from tenure.metrics.asking import TooCostly
from tenure.rules.text import literal_text
from tenure.segments.models import Segment
from tenure.web.frame import member_of
from tenure.web.health.form import Fault
from tenure.web.health.previewing import behind, told, which_of
from tenure.web.permissions import REFUSALS, may_define_health, only


@dataclass(frozen=True, slots=True)
class Row:
    """A definition with how many accounts it scores, and the segment it is for, if it is one."""

    version: DefinitionVersion
    accounts: int
    segment: str
    segment_pk: int | None
    place: int
    first: bool
    last: bool

    @property
    def query(self) -> str:
        """The list of the accounts it scores, as the query of an address."""
        name = literal_text(self.version.definition.name)
        return urlencode({"rule": f"health_definition = {name}"})


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every definition, in order."""
    now = settings.TENURE_CLOCK.now()
    versions.ready(now)
    events = ordering.events()
    shown = {
        "deleted": versions.deleted(),
        "events": events,
        "undoable": next((one.pk for one in events if one.undone_at is None), None),
        "waiting": placing.waiting(now),
    }
    return render(request, "web/health/definitions.html", shown | _listed(request))


def _listed(request: HttpRequest) -> dict[str, object]:
    counts = read.accounts_by_definition()
    found = versions.listed()
    last = len(found) - 2  # the fallback stays behind it
    names = {who_of(one).segment for one in found if one.rule}
    keys = dict(Segment.objects.filter(name__in=names).values_list("name", "pk"))
    rows = []
    for place, one in enumerate(found):
        segment = who_of(one).segment if one.rule else ""
        count, key = counts.get(one.definition_id, 0), keys.get(segment)
        rows.append(Row(one, count, segment, key, place + 1, place == 0, place == last))
    may = may_define_health(member_of(request))
    return {"rows": rows, "may_define": may, "refusal": "" if may else REFUSALS[may_define_health]}


@require_POST
@only(may_define_health)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """One place up or down; asked for by a script, the list alone comes back."""
    version, way = _newest(pk), request.POST.get("way", "")
    order = [one.definition_id for one in versions.listed()]
    if pk not in order or way not in ("up", "down"):
        raise Http404("There is nothing to move.")
    place = order.index(pk) + (1 if way == "down" else -1)
    try:
        ordering.move(pk, place, _by(request), now=settings.TENURE_CLOCK.now())
    except ValueRefused as error:
        messages.error(request, str(error))
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(reverse("health_definitions"))
    shown = _listed(request) | {"moved": pk, "way": way, "name": version.definition.name}
    return render(request, "web/health/order.html", shown)


@require_POST
@only(may_define_health)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Use it, or do not."""
    on, name = request.POST.get("on") == "1", _newest(pk).definition.name
    words = "is on" if on else "is off; the next one that is for its accounts decides"
    return _done(
        request,
        lambda by: ordering.switch(pk, by, on=on, now=settings.TENURE_CLOCK.now()),
        f"“{name}” {words}. Scores follow within a minute.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_define_health)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete it, once somebody has seen which definitions its accounts go to."""
    version, now = _newest(pk), settings.TENURE_CLOCK.now()
    if request.method == "POST":
        return _done(
            request,
            lambda by: ordering.delete(pk, by, now=now),
            f"“{version.definition.name}” is deleted. It can be brought back below.",
        )
    if version.definition.is_fallback or version.definition.retired_at:
        raise Http404("This definition cannot be deleted.")
    shown: dict[str, object] = {"last": version}
    try:
        order = preview.order_without(version, now=now)
        shown |= told(preview.compare(order))
        if which := which_of(request.GET.get("which", "")):
            shown["of"] = behind(order, which)
    except ConfigurationError as error:
        shown["of"] = {"fault": Fault("", error.message, error.next_step)}
    except TooCostly as error:
        shown["slow"] = error.message
    return render(request, "web/health/delete.html", shown)


@require_POST
@only(may_define_health)
def bring_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Use a deleted one again."""
    name = _newest(pk).definition.name
    return _done(
        request,
        lambda by: ordering.bring_back(pk, by, now=settings.TENURE_CLOCK.now()),
        f"“{name}” is back, at the place it had. Scores follow within a minute.",
    )


@require_POST
@only(may_define_health)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the newest step back."""
    return _done(
        request,
        lambda by: ordering.undo(pk, by, now=settings.TENURE_CLOCK.now()),
        "Taken back. Scores follow within a minute.",
    )


def _done(
    request: HttpRequest, act: Callable[[By], DefinitionEvent | None], words: str
) -> HttpResponse:
    try:
        if act(_by(request)) is None:
            words = "That was so already."
    except ValueRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return HttpResponseRedirect(reverse("health_definitions"))


def _by(request: HttpRequest) -> By:
    return By(member=member_of(request), reason=request.POST.get("reason", ""))


def _newest(pk: int) -> DefinitionVersion:
    rows = versions.of_definition(pk)
    if not rows:
        raise Http404("There is no such definition of health.")
    return rows[0]
