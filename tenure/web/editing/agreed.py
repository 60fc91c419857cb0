"""An attribute of a subscription, edited where it stands, as an account's are; its history."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenure.connections.models import Mode
from tenure.customers import amending, provenance
from tenure.customers import read as customers
from tenure.customers.agreements import PREFIX
from tenure.customers.models import Attribute, Origin, Subscription
from tenure.customers.write import By, Edited, ValueRefused
from tenure.sync import standing
from tenure.web.account.agreed import value_of
from tenure.web.account.history import MOST, entries_of
from tenure.web.editing.fields import Field, as_text, field_of, value_from
from tenure.web.editing.forecast import forecast
from tenure.web.editing.popover import opened, saved, wanted_pin
from tenure.web.editing.undo import said
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_edit_customers)
def edit(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The popover of an attribute; posted, it saves. Without scripts both are whole pages."""
    row, field = _row(pk), field_of(_attribute(name))
    if request.method != "POST":
        return _show(request, row, field)
    try:
        edited = _save(request, row, field)
    except ValueRefused as error:
        return _show(request, row, field, refused=error)
    return saved(request, field, str(row), edited, _home(row))


@require_POST
@only(may_edit_customers)
def restore(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Give an attribute back what it was before one of its changes."""
    row, attribute = _row(pk), _attribute(name)
    change = request.POST.get("change", "")
    number = int(change) if change.isdecimal() and len(change) < 19 else 0
    by = By(Origin.MANUAL, member_of(request), reason="Restored from its history")
    try:
        edited = amending.restore(pk, name, number, by, settings.TENURE_CLOCK.now())
    except ValueRefused as error:
        return said(request, str(error), level="error")
    if edited.change_set is None:
        return said(request, f"{attribute.label} of {row} has this value already.")
    words = f"{attribute.label} of {row} restored."
    return said(request, words, change_set=edited.change_set.pk)


@require_safe
def history(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """What an attribute was before, the newest first: in the drawer, or a page of its own."""
    row, attribute = _row(pk), _attribute(name)
    field = PREFIX + name
    entries = entries_of(customers.changes_of_subscription(pk, field=field, limit=MOST), field)
    value = value_of(row, attribute, editable=may_edit_customers(member_of(request)))
    sets = [entry.change.change_set_id for entry in entries] + [value.change_set or 0]
    shown: dict[str, Any] = {
        "row": row,
        "account": row.account,
        "whose": str(row),
        "thing": "subscription",
        "back": _home(row),
        "entries": entries,
        "most": MOST,
        "value": value,
        "label": attribute.label,
        "kind": value.kind,
        "unit": value.unit,
        "runs": standing.runs_of_change_sets(one for one in sets if one),
        "may_edit": value.editable,
        "here": reverse("subscription_value_history", args=[pk, name]),
        "restore_at": reverse("restore_subscription_value", args=[pk, name]),
    }
    drawer = request.headers.get("HX-Target") == "drawer-content"
    template = "web/account/history_detail.html" if drawer else "web/editing/agreed_history.html"
    return render(request, template, shown)


def _row(pk: int) -> Subscription:
    try:
        return customers.get_subscription(pk)
    except Subscription.DoesNotExist:
        raise Http404("There is no such subscription here.") from None


def _attribute(name: str) -> Attribute:
    found = next((one for one in customers.attributes_of_subscriptions() if one.name == name), None)
    if found is None:
        raise Http404("Subscriptions have no such attribute. It may have been removed.")
    return found


def _save(request: HttpRequest, row: Subscription, field: Field) -> Edited | None:
    """Carry out what was asked for; None when only a pin came off."""
    if request.POST.get("how") == "unpin":
        amending.unpin(row.pk, [field.name])
        return None
    pin = wanted_pin(request)
    if pin and not row.site.allows_pins:
        raise ValueRefused("reason", "The site of this value allows no pins.")
    by, value = By(Origin.MANUAL, member_of(request)), value_from(field, request.POST)
    now = settings.TENURE_CLOCK.now()
    return amending.amend(row.pk, {field.name: value}, by, now=now, pin=pin)


def _show(
    request: HttpRequest, row: Subscription, field: Field, refused: ValueRefused | None = None
) -> HttpResponse:
    kept = provenance.of_agreed(row, field.name)
    imports = row.site.subscriptions_mode == Mode.IMPORT and kept.source == Origin.SYNC
    shown: dict[str, Any] = {
        "whose": str(row),
        "here": reverse("edit_subscription_value", args=[row.pk, field.name]),
        "back": _home(row),
        "forecast": forecast(amending.outlook(row, field.name)),
        "imported": row.site.subdomain if imports and field.name in row.attributes else "",
        "is_fresh": field.name not in row.attributes,
    }
    return opened(request, field, kept, as_text(row.attributes.get(field.name)), shown, refused)


def _home(row: Subscription) -> str:
    """Where the subscription is shown: with its account's, or alone while it has none."""
    if row.account_id:
        return reverse("account_subscriptions", args=[row.account_id])
    return reverse("subscription", args=[row.pk])
