"""One value, edited where it stands: a popover with its source, what will become of it, its input."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tenure.access import read as access
from tenure.customers import pins, write
from tenure.customers import read as customers
from tenure.customers.models import Account, Origin
from tenure.customers.outlook import outlook
from tenure.customers.provenance import Pinned, Provenance, of_attribute
from tenure.customers.write import By, Edited, Pin, ValueRefused
from tenure.sync import standing
from tenure.web import moments
from tenure.web.account.head import GONE
from tenure.web.editing.fields import MEMBER, Field, field_named, pin_from, text_of, value_from
from tenure.web.editing.forecast import forecast
from tenure.web.editing.toasts import undo_tag
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only
from tenure.web.values import in_words

REFUSED = 422


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_edit_customers)
def edit(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The popover of a field; posted, it saves. Without scripts both are whole pages."""
    account, field = _account(pk), _field(name)
    if request.method != "POST":
        return _show(request, account, field)
    try:
        edited = _save(request, account, field)
    except ValueRefused as error:
        return _show(request, account, field, refused=error)
    return _saved(request, account, field, edited)


@require_POST
@only(may_edit_customers)
def accept(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Let the source have a pinned field: its value takes the place of ours."""
    account, field = _account(pk), _field(name)
    waiting = account.sources.get(name, {}).get("incoming")
    by = By(Origin.MANUAL, member_of(request), reason="Accepted what the source says")
    try:
        if request.POST.get("shown", "") != in_words(waiting):
            raise ValueRefused(name, "The source says something else by now.", "Look again.")
        edited = pins.accept(pk, name, by, now=_now(), shown=waiting)
    except ValueRefused as error:
        messages.error(request, str(error))
        return _back(request, pk)
    return _saved(request, account, field, edited)


@require_POST
@only(may_edit_customers)
def keep(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Say that the pinned value is right: the notice is quiet until the source says another thing."""
    account, field = _account(pk), _field(name)
    waiting = account.sources.get(name, {}).get("incoming")
    try:
        pins.keep(pk, name, shown=waiting)
    except ValueRefused as error:
        messages.error(request, str(error))
        return _back(request, pk)
    return told(request, _attributes(pk), f"{field.label} stays as it is; the pin holds.")


def _account(pk: int) -> Account:
    try:
        return customers.get_account(pk)
    except Account.DoesNotExist:
        raise Http404(GONE) from None


def _field(name: str) -> Field:
    found = field_named(name)
    if found is None:
        raise Http404("There is no such attribute. It may have been removed.")
    return found


def _now() -> datetime:
    now: datetime = settings.TENURE_CLOCK.now()
    return now


def _zone(request: HttpRequest) -> ZoneInfo:
    return moments.zone_of(member_of(request).time_zone)


def _save(request: HttpRequest, account: Account, field: Field) -> Edited | None:
    """Carry out what was asked for; None when only a pin came or went."""
    by, how = By(Origin.MANUAL, member_of(request)), request.POST.get("how", "save")
    if how == "unpin":
        write.unpin(account.pk, [field.name])
        return None
    pin = wanted_pin(request)
    if pin and not outlook(account.pk, field.name).allows_pins:
        raise ValueRefused("reason", "The site of this value allows no pins.")
    value = value_from(field, request.POST)
    return write.edit([account.pk], {field.name: value}, by, now=_now(), pin=pin)


def wanted_pin(request: HttpRequest) -> Pin | None:
    """The pin the popover asks for, if it does. Raises ValueRefused for its reason or its end."""
    if request.POST.get("how") != "pin":
        return None
    return pin_from(request.POST, _zone(request), _now())


def _saved(
    request: HttpRequest, account: Account, field: Field, edited: Edited | None
) -> HttpResponse:
    account.refresh_from_db()
    return saved(request, field, account.name, edited, _attributes(account.pk))


def saved(
    request: HttpRequest, field: Field, whose: str, edited: Edited | None, back: str
) -> HttpResponse:
    """What was done to a value, said with the way back; ``edited`` is None when a pin came off."""
    how = request.POST.get("how")
    if edited is None:
        return told(request, back, f"{field.label} of {whose} is no longer pinned.")
    if edited.change_set is None:
        words = f"{field.label} is pinned." if how == "pin" else f"{field.label} did not change."
        return told(request, back, words)
    pinned = " and pinned" if how == "pin" else ""
    words = f"{field.label} of {whose} saved{pinned}."
    return told(request, back, words, change_set=edited.change_set.pk)


def told(
    request: HttpRequest, back: str, words: str, *, change_set: int | None = None
) -> HttpResponse:
    """The toast, with Undo where something changed; a page without scripts is led ``back``."""
    if request.headers.get("HX-Request"):
        shown = {"words": words, "change_set": change_set}
        answer = render(request, "web/editing/saved.html", shown)
        answer.headers["HX-Trigger"] = "saved"
        return answer
    messages.success(request, words, extra_tags=undo_tag(change_set))
    return HttpResponseRedirect(back)


def _attributes(pk: int) -> str:
    return reverse("account_attributes", args=[pk])


def _back(request: HttpRequest, pk: int) -> HttpResponse:
    if request.headers.get("HX-Request"):
        answer = HttpResponse()
        answer.headers["HX-Refresh"] = "true"
        return answer
    return HttpResponseRedirect(_attributes(pk))


def _show(
    request: HttpRequest, account: Account, field: Field, refused: ValueRefused | None = None
) -> HttpResponse:
    kept = of_attribute(account, field.name, customers.billing_accounts(account.pk))
    shown: dict[str, Any] = {
        "whose": account.name,
        "here": reverse("edit_value", args=[account.pk, field.name]),
        "back": _attributes(account.pk),
        "forecast": forecast(outlook(account.pk, field.name)),
        "members": [m for m in access.members() if m.is_active] if field.kind == MEMBER else (),
        "is_fresh": not field.is_own and field.name not in account.attributes,
    }
    return opened(request, field, kept, text_of(field, account), shown, refused)


def opened(
    request: HttpRequest,
    field: Field,
    kept: Provenance,
    text: str,
    more: dict[str, Any],
    refused: ValueRefused | None,
) -> HttpResponse:
    """The popover of a value, ``text`` being what it is now; ``more`` is what its owner adds."""
    posted = request.POST if refused else None
    runs = standing.runs_of_change_sets([kept.change_set] if kept.change_set else [])
    shown: dict[str, Any] = {
        **more,
        "field": field,
        "kept": kept,
        "set_at": moments.instant_of(kept.set_at),
        "run": runs.get(kept.change_set or 0),
        "text": posted.get("value", "") if posted else text,
        "reason": posted.get("reason", "") if posted else (kept.pin.reason if kept.pin else ""),
        "until": posted.get("until", "") if posted else _until(kept.pin, request),
        "value_refused": refused is not None and refused.field == field.name,
        "refused": refused,
        "refused_at": refused.field if refused else "",
    }
    part = request.headers.get("HX-Target") == "editor-content"
    template = "web/editing/popover.html" if part else "web/editing/alone.html"
    return render(request, template, shown, status=REFUSED if refused else 200)


def _until(pin: Pinned | None, request: HttpRequest) -> str:
    """The last day of a pin as the date input holds it."""
    if pin is None or pin.until is None:
        return ""
    return pin.until.astimezone(_zone(request)).date().isoformat()
