"""Settings › Attributes: which field each attribute is read from, and the fields that wait to be mapped.

The parts of the page stand alone, so that a set-up can show them too: ``waiting`` and ``mapped`` give
their contexts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from tenure.connections.read import workspace
from tenure.core.clock import SystemClock
from tenure.core.errors import TenureError
from tenure.customers import fields, mapping, overview
from tenure.customers.mapping import Changed
from tenure.customers.models import Change, Origin
from tenure.customers.write import By
from tenure.sync import replays
from tenure.sync.models import Replay
from tenure.web.frame import member_of
from tenure.web.permissions import may_map, only

SHOWN_FOR = timedelta(minutes=10)  # how long a finished replay is still told of
OBJECTS = {fields.ACCOUNT: "Accounts", fields.SUBSCRIPTION: "Subscriptions"}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every attribute, and what could become one."""
    shown = {
        **mapped(request),
        **waiting(request),
        "replay": recent_replay(),
        "history": [_told(change) for change in mapping.history(limit=12)],
        "maps_new_fields": workspace().maps_new_fields,
    }
    return render(request, "web/settings/attributes.html", shown)


def mapped(request: HttpRequest) -> dict[str, Any]:
    """What ``attributes_mapped.html`` shows: attributes by the object that has them."""
    listed = overview.listing()
    groups = [
        (kind, label, [one for one in listed if one.attribute.object_kind == kind])
        for kind, label in OBJECTS.items()
    ]
    return {
        "groups": [group for group in groups if group[2] or group[0] == fields.ACCOUNT],
        "vanished": [one for one in listed if one.status == "vanished"],
        "may_map": may_map(member_of(request)),
    }


def waiting(request: HttpRequest) -> dict[str, Any]:
    """What ``attributes_waiting.html`` shows: custom fields that no attribute reads. ``back`` is where
    mapping one of them leads."""
    return {
        "waiting": overview.unmapped(),
        "may_map": may_map(member_of(request)),
        "back": request.path,
    }


def recent_replay() -> Replay | None:
    """The newest replay while it goes on, and a while after."""
    found = replays.newest()
    if found and found.finished_at and SystemClock().now() - found.finished_at > SHOWN_FOR:
        return None
    return found


@require_safe
def replay_live(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a replay is."""
    try:
        found = replays.get(pk)
    except Replay.DoesNotExist:
        raise Http404("There is no such replay.") from None
    return render(request, "web/settings/attributes_replay.html", {"replay": found})


@require_POST
@only(may_map)
def map_fields(request: HttpRequest) -> HttpResponse:
    """Map the chosen custom fields as suggested, or all that wait."""
    chosen = request.POST.getlist("field")
    wanted = [one for one in overview.unmapped() if one.field in chosen or "all" in request.POST]
    if not wanted:
        messages.error(request, "That field is mapped already, or no record has it any more.")
        return back_to(request)
    with transaction.atomic():
        changed = mapping.map_each(wanted, by=by(request), now=_now())
        asked(changed, by(request))
    names = ", ".join(one.label for one in changed.attributes)
    messages.success(request, f"Mapped: {names}. Values of accounts follow at once.")
    return back_to(request)


@require_POST
@only(may_map)
def new_fields(request: HttpRequest) -> HttpResponse:
    """Whether custom fields that appear become attributes by themselves."""
    on = request.POST.get("on") == "1"
    with transaction.atomic():
        changed = mapping.map_new_fields(on=on, by=by(request), now=_now())
        asked(changed, by(request))
    word = "become attributes by themselves" if on else "wait to be mapped"
    messages.success(request, f"Custom fields that appear from now on {word}.")
    return back_to(request)


@require_POST
@only(may_map)
def remove(request: HttpRequest, object_kind: str, name: str) -> HttpResponse:
    """Read an attribute from nothing any more; its values stay."""
    try:
        changed = mapping.remove(name, object_kind, by(request), _now())
    except TenureError as error:
        messages.error(request, str(error))
    else:
        label = changed.attribute.label
        messages.success(request, f"{label} is read from no field any more; its values stay.")
    return back_to(request)


def by(request: HttpRequest) -> By:
    """The member behind a request, as history names them."""
    return By(Origin.MANUAL, member_of(request))


def asked(changed: Changed, who: By) -> None:
    """Ask for the replay that a change calls for, if it changed anything."""
    if changed.change_set:
        replays.after(changed, who)


def back_to(request: HttpRequest) -> HttpResponse:
    """Where the form says it came from, as long as that is a page of ours."""
    wanted = request.POST.get("back", "")
    if not wanted.startswith("/") or not url_has_allowed_host_and_scheme(wanted, None):
        wanted = reverse("attributes")
    return HttpResponseRedirect(wanted)


def _now() -> datetime:
    now: datetime = settings.TENURE_CLOCK.now()
    return now


def _told(change: Change) -> dict[str, Any]:
    """A change of the mapping in words: who, when, what from what to what."""
    names = {"source_field": "read from", "kind": "type", "label": "label", "unit": "unit"}
    said: Sequence[tuple[str, Any, Any]] = [
        (names[place], old or "", new or "nothing")
        for place, (old, new) in change.changes.items()
        if place in names and (old or new)
    ]
    switch = change.changes.get("maps_new_fields")
    return {
        "name": change.changes.get("name", ["New custom fields"] * 2)[1],
        "said": said,
        "switch": None if switch is None else switch[1],
        "at": change.at,
        "member": change.change_set.member,
    }
