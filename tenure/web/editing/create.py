"""A new account by hand: its identifier, name, owner, and any attributes known already."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tenure import flow
from tenure.access import read as access
from tenure.connections import read as connections
from tenure.connections.models import Site
from tenure.customers import read as customers
from tenure.customers import write
from tenure.customers.models import Account, Origin
from tenure.customers.write import By, ValueRefused
from tenure.identity import rules
from tenure.web.editing.fields import field_of, value_from
from tenure.web.editing.toasts import undo_tag
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only

REFUSED = 422
PREFIX = "attribute:"


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_edit_customers)
def new(request: HttpRequest) -> HttpResponse:
    """The form; posted, it makes the account and opens it."""
    if request.method != "POST":
        return _show(request)
    try:
        account = _create(request)
    except ValueRefused as error:
        return _show(request, refused=error)
    change_set = account.created_in_id
    messages.success(request, f"{account.name} was made.", extra_tags=undo_tag(change_set))
    return HttpResponseRedirect(reverse("account", args=[account.pk]))


def _create(request: HttpRequest) -> Account:
    posted, now = request.POST, settings.TENURE_CLOCK.now()
    identifier = posted.get("identifier", "")
    values = {"name": posted.get("name", "").strip() or identifier.strip()}
    if posted.get("owner"):
        values["owner"] = posted["owner"]
    by = By(Origin.MANUAL, member_of(request), reason="Made by hand")
    values |= _attributes(posted)
    with transaction.atomic():
        account = write.create(identifier, values, by, now=now, scope_id=_scope(posted))
        flow.join([account.pk], now)
        flow.refresh([account.pk], now)
    return account


def _attributes(posted: QueryDict) -> dict[str, Any]:
    """The attributes that were filled in."""
    found = {}
    for attribute in customers.attributes():
        entered = posted.get(f"{PREFIX}{attribute.name}", "")
        if entered.strip():
            typed = QueryDict(mutable=True)
            typed["value"] = entered
            found[attribute.name] = value_from(field_of(attribute), typed)
    return found


def _scope(posted: QueryDict) -> int | None:
    """The site whose identifier it is, where the rule in force keeps sites apart."""
    chosen = posted.get("site", "")
    return next((one.pk for one in _sites() if str(one.pk) == chosen), None)


def _sites() -> list[Site]:
    return list(connections.sites()) if rules.in_force().per_site else []


def _show(request: HttpRequest, refused: ValueRefused | None = None) -> HttpResponse:
    posted = request.POST
    fields = [field_of(attribute) for attribute in customers.attributes()]
    shown = {
        "identifier": posted.get("identifier", ""),
        "name": posted.get("name", ""),
        "owner": posted.get("owner", member_of(request).email),
        "site": posted.get("site", ""),
        "sites": _sites(),
        "members": [member for member in access.members() if member.is_active],
        "fields": [(f, f"{PREFIX}{f.name}", posted.get(f"{PREFIX}{f.name}", "")) for f in fields],
        "refused": refused,
        "refused_at": refused.field if refused else "",
        "filled": any(posted.get(f"{PREFIX}{field.name}") for field in fields),
    }
    return render(request, "web/editing/new.html", shown, status=REFUSED if refused else 200)
