"""Editing many accounts at once: choose the value, see what it would do, then one change set."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from tenure.access import read as access
from tenure.customers import bulk, bulk_work, write
from tenure.customers import read as customers
from tenure.customers.bulk import Effect
from tenure.customers.models import Origin
from tenure.customers.outlook import Outlook
from tenure.customers.write import By, ValueRefused
from tenure.metrics import read as metrics
from tenure.rules.errors import RuleRefused
from tenure.segments.question import TooCostly, patient
from tenure.web import moments
from tenure.web.accounts.asked import usable
from tenure.web.badges import source_badge
from tenure.web.editing.fields import OWN, Field, field_of, pin_from, value_from
from tenure.web.editing.forecast import Forecast, forecast
from tenure.web.editing.toasts import undo_tag
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only

AT_ONCE = 20_000  # accounts that a page waits for; more go on in the background
EVERY_ACCOUNT = 10_000_000
REFUSED = 422
SELECTING_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Chosen:
    """The accounts an edit is about: those ticked, or all that fit what the list was asked for."""

    accounts: list[int]
    all_of: bool
    search: str = ""
    rule: str = ""
    way: str = ""
    words: str = ""

    @property
    def in_background(self) -> bool:
        """Whether they are more than a page waits for."""
        return len(self.accounts) > AT_ONCE

    @property
    def looked_at(self) -> list[int]:
        """Those a preview is worked out on: all, or some spread evenly over very many."""
        return self.accounts[:: -(-len(self.accounts) // AT_ONCE)]


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_edit_customers)
def edit(request: HttpRequest) -> HttpResponse:
    """Choose, preview, apply: each step sends everything chosen so far."""
    try:
        chosen = chosen_of(request)
    except (RuleRefused, TooCostly) as error:
        messages.error(request, f"Nothing was selected. {error.message} {error.next_step}".strip())
        return back(request)
    if not chosen.accounts:
        messages.error(request, "No account is selected: tick some, then edit them together.")
        return back(request)
    step, fields = request.POST.get("step", "choose"), _fields()
    field = fields.get(request.POST.get("field", "")) or next(iter(fields.values()))
    if step == "choose":
        return _show(request, chosen, field, fields)
    try:
        found = bulk.effect(
            chosen.looked_at, field.name, value_from(field, request.POST), now=_now()
        )
        pinned = _pin(request) if request.POST.get("how") == "pin" else None
    except ValueRefused as error:
        return _show(request, chosen, field, fields, refused=error)
    expected = len(chosen.accounts) if chosen.in_background else len(found.changing)
    if step == "apply" and str(expected) == request.POST.get("expected"):
        apply = _apply_later if chosen.in_background else _apply
        return apply(request, chosen, field, pinned)
    return _show(request, chosen, field, fields, found=found, moved=step == "apply")


def chosen_of(request: HttpRequest) -> Chosen:
    """What is selected. Raises RuleRefused or TooCostly where that cannot be said."""
    ticked = [int(pk) for pk in request.POST.getlist("account") if pk.isdecimal() and len(pk) < 19]
    if not request.POST.get("all"):
        return Chosen(list(dict.fromkeys(ticked)), all_of=False)
    asked = usable(request.POST, _now())
    with patient(SELECTING_SECONDS):
        ids = metrics.matching_ids(asked.search, limit=EVERY_ACCOUNT, where=asked.where)
    return Chosen(ids, True, asked.search, asked.rule, asked.way, asked.words)


def _fields() -> dict[str, Field]:
    """What can be set on many accounts: the owner and every attribute; a name is one account's own."""
    attributes = [field_of(attribute) for attribute in customers.attributes()]
    return {field.name: field for field in (OWN["owner"], *attributes)}


def _now() -> datetime:
    now: datetime = settings.TENURE_CLOCK.now()
    return now


def _pin(request: HttpRequest) -> write.Pin:
    return pin_from(request.POST, moments.zone_of(member_of(request).time_zone), _now())


def _apply(
    request: HttpRequest, chosen: Chosen, field: Field, pin: write.Pin | None
) -> HttpResponse:
    by = _by(request)
    value = value_from(field, request.POST)
    edited = write.edit(chosen.accounts, {field.name: value}, by, now=_now(), pin=pin)
    count = len(edited.accounts)
    words = f"{field.label} of {count:,} account{'' if count == 1 else 's'} changed."
    change_set = edited.change_set.pk if edited.change_set else None
    messages.success(request, words, extra_tags=undo_tag(change_set))
    return back(request)


def _apply_later(
    request: HttpRequest, chosen: Chosen, field: Field, pin: write.Pin | None
) -> HttpResponse:
    value = value_from(field, request.POST)
    asked = bulk_work.ask(chosen.accounts, field.name, value, _by(request), now=_now(), pin=pin)
    return HttpResponseRedirect(reverse("bulk_edit", args=[asked.pk]))


def _by(request: HttpRequest) -> By:
    why = request.POST.get("why", "").strip()[:300]
    return By(Origin.MANUAL, member_of(request), reason=why)


def back(request: HttpRequest) -> HttpResponse:
    """To where the edit was begun."""
    address = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        address = reverse("accounts")
    return HttpResponseRedirect(address)


def _show(
    request: HttpRequest,
    chosen: Chosen,
    field: Field,
    fields: dict[str, Field],
    *,
    refused: ValueRefused | None = None,
    found: Effect | None = None,
    moved: bool = False,
) -> HttpResponse:
    posted = request.POST
    shown: dict[str, Any] = {
        "chosen": chosen,
        "field": field,
        "fields": fields.values(),
        "text": posted.get("value", "") if posted.get("step") else "",
        "why": posted.get("why", ""),
        "reason": posted.get("reason", ""),
        "until": posted.get("until", ""),
        "how": posted.get("how", "save"),
        "next": posted.get("next", ""),
        "refused": refused,
        "refused_at": refused.field if refused else "",
        "value_refused": refused is not None and refused.field == field.name,
        "members": [m for m in access.members() if m.is_active] if field.kind == "member" else (),
        "found": found,
        "moved": moved,
        "value": value_from(field, posted) if found else None,
        "sources": _sources(found) if found else (),
        "replaced": _replaced(found) if found else (),
    }
    return render(request, "web/editing/bulk.html", shown, status=REFUSED if refused else 200)


def _sources(found: Effect) -> list[tuple[str, str, int]]:
    """Where the values that change come from now: the source, its words, how many; the most first."""
    return [
        (source, "no value" if source == bulk.EMPTY else source_badge(source).words, count)
        for source, count in found.by_source.most_common()
    ]


def _replaced(found: Effect) -> list[tuple[int, Forecast]]:
    """How many values each site would take back, and when its next run is."""
    return [
        (count, forecast(Outlook(says="", site=site, follows=site, allows_pins=True)))
        for site, count in found.replaced.most_common()
    ]
