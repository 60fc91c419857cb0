"""Changing accounts: making one, setting its values, pinning them."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tenure import flow
from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.problems import Problem
from tenure.api.resources.accounts import resource, shapes
from tenure.customers import read, write
from tenure.customers.attributes import RESERVED
from tenure.customers.shapes import address_of
from tenure.customers.write import Pin, ValueRefused


def values_of(body: shapes.Changes) -> dict[str, Any]:
    """The fields that were named, as ``customers.write`` takes them. Raises ValueRefused."""
    named = body.model_fields_set
    values: dict[str, Any] = {
        name: getattr(body, name) for name in ("name", "owner") if name in named
    }
    for name, value in (body.attributes or {}).items():
        if name in RESERVED:
            raise ValueRefused(
                f"attributes.{name}",
                f"{name} is no attribute.",
                "Name and owner stand beside the attributes, not among them.",
            )
        values[name] = value
    return values


@resource.post("", shapes.Account, status=201)
def create(request: HttpRequest, body: shapes.NewAccount) -> HttpResponse:
    """Make an account.

    For customers that no site bills, or that Link only shall attach its billing to. It is refused
    with 409 when there is one already.
    """
    now = settings.TENURE_CLOCK.now()
    scope = finding.site(body.site).pk if body.site is not None else None
    try:
        values = values_of(body)
        made = write.create(body.identifier, values, caller(request), now=now, scope_id=scope)
        flow.join([made.pk], now)
    except ValueRefused as refusal:
        taken = refusal.field == "identifier" and "already" in refusal.message
        raise Problem(
            409 if taken else 422,
            refusal.message,
            next_step=refusal.next_step,
            field=refusal.field,
        ) from refusal
    flow.refresh([made.pk], now)
    found = read.get_account(made.pk)
    where = f"/api/v1/accounts/{finding.quoted(address_of(found))}"
    return answers.one(request, finding.shown(found), status=201, location=where)


@resource.patch("/{path:identifier}", shapes.Account)
def update(request: HttpRequest, identifier: str, body: shapes.Changes) -> HttpResponse:
    """Change an account.

    Only what is named changes. A value that Daily Sync owns stands until the next run replaces it,
    unless it is pinned; one without a field of the source behind it stays until it is changed again.
    """
    found = finding.locked_account(identifier)
    answers.refuse_stale(request, finding.shown(found))
    write.edit([found.pk], values_of(body), caller(request), now=settings.TENURE_CLOCK.now())
    return answers.one(request, finding.shown(read.get_account(found.pk)))


@resource.put("/{path:identifier}/attributes/{name}/pin", shapes.Account)
def pin(request: HttpRequest, identifier: str, name: str, body: shapes.Pin) -> HttpResponse:
    """Pin a value.

    Holds the value against Daily Sync until a time or for good; what the source says meanwhile is
    shown beside it as “incoming”.
    """
    found = finding.locked_account(identifier)
    answers.refuse_stale(request, finding.shown(found))
    refusing = [p.site.subdomain for p in read.billing_accounts(found.pk) if not p.site.allows_pins]
    if refusing:
        raise Problem(
            409,
            f"{', '.join(refusing)} does not let pins hold against Daily Sync.",
            next_step="Allow pins in the site's settings first.",
        )
    now = settings.TENURE_CLOCK.now()
    write.pin(found.pk, [name], Pin(body.reason, body.until), caller(request), now=now)
    return answers.one(request, finding.shown(read.get_account(found.pk)))


@resource.delete("/{path:identifier}/attributes/{name}/pin", shapes.Account)
def unpin(request: HttpRequest, identifier: str, name: str) -> HttpResponse:
    """Take a pin away.

    The value stays until the next run of Daily Sync.
    """
    found = finding.locked_account(identifier)
    if name not in found.sources:
        raise Problem(404, f"{name[:80]!r} is not pinned.")
    write.unpin(found.pk, [name])
    return answers.one(request, finding.shown(read.get_account(found.pk)))
