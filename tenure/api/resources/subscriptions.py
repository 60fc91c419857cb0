"""Subscriptions: the agreements of accounts."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import ConfigDict, Field

from tenure.api import across, answers
from tenure.api.bearer import caller
from tenure.api.billing import OneRecord, one_of
from tenure.api.listing import moment
from tenure.api.problems import not_found
from tenure.api.resource import Resource
from tenure.api.resources.accounts.shapes import Entry, Source, Value
from tenure.api.resources.accounts.shapes import Pin as PinWanted
from tenure.api.schemas import Billed, Body, Money, PageOf
from tenure.customers import amending, lists, read
from tenure.customers import shapes as shapes_of_customers
from tenure.customers.write import Pin
from tenure.metrics.lists import shapes
from tenure.metrics.lists import subscriptions as source
from tenure.sync.standing import runs_of_change_sets

resource = Resource("subscriptions")
MOST = 200
Filters = across.parameters("SubscriptionFilters", source)
Listing = across.listing("Subscriptions", source)


class Subscription(Billed):
    """An agreement, with the source's own field names."""

    account: str | None
    state: str
    plan_code: str | None
    plan_name: str | None
    quantity: int | None
    currency: str
    unit_amount: Money | None
    subtotal: Money | None
    tax: Money | None
    total: Money | None
    custom_fields: dict[str, Any]
    attributes: dict[str, Any]
    status: str | None = Field(description="Where it stands now; null while it is not measured.")
    mrr: Money | None = Field(description="What it is worth a month now.")
    monthly: Money | None = Field(description="What it would be worth if it counted.")
    created_at: str
    updated_at: str


class SubscriptionInFull(Subscription):
    """A subscription with where each of its attributes came from."""

    sources: dict[str, Source] = Field(description="By attribute: its source and the policy.")


class SubscriptionChanges(Body):
    """Attributes to change; those that are not named stay as they are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"attributes": {"po_number": "PO-77", "vip": True}}]},
    )

    attributes: dict[str, Value] = Field(description="Values by attribute name.")
    reason: str = Field("", max_length=500)


@resource.get("", PageOf[Subscription])
def list_subscriptions(request: HttpRequest, how: Query[Listing]) -> HttpResponse:  # type: ignore[valid-type]
    """List subscriptions.

    Filtered and sorted as on the page Billing › Subscriptions; those of nobody known come last.
    """
    return across.page(source, how, shapes.subscription)


@resource.get("/totals", across.Totals)
def totals(request: HttpRequest, how: Query[Filters]) -> HttpResponse:  # type: ignore[valid-type]
    """Count subscriptions and add up their MRR."""
    return across.totals(source, how, ("mrr",))


@resource.get("/{site}/{upstream_id}", SubscriptionInFull)
def show(request: HttpRequest, site: str, upstream_id: str, how: Query[OneRecord]) -> HttpResponse:
    """Show a subscription, by its site and its id there."""
    if at := moment(how.as_of):
        found = one_of(lists.subscriptions, site, upstream_id, how.as_of)
        sources = shapes_of_customers.agreed_sources(found, at.instant)
        shown = shapes.subscription(source.get(found.pk, across.here(how.as_of)))
        return answers.one(request, shown | {"sources": sources})
    return answers.one(request, _shown(_found(site, upstream_id)))


@resource.patch("/{site}/{upstream_id}", SubscriptionInFull)
def update(
    request: HttpRequest, site: str, upstream_id: str, body: SubscriptionChanges
) -> HttpResponse:
    """Change attributes of a subscription.

    Only what is named changes, and only attributes: what the source bills is its own to say. A value
    that Daily Sync owns stands until the next run replaces it, unless it is pinned.
    """
    number = _locked(request, site, upstream_id)
    by, now = caller(request, body.reason), settings.TENURE_CLOCK.now()
    amending.amend(number, body.attributes, by, now=now)
    return answers.one(request, _shown(number))


@resource.put("/{site}/{upstream_id}/attributes/{name}/pin", SubscriptionInFull)
def pin(
    request: HttpRequest, site: str, upstream_id: str, name: str, body: PinWanted
) -> HttpResponse:
    """Pin a value of a subscription.

    Holds the value against Daily Sync until a time or for good; what the source says meanwhile is
    shown among the sources as “incoming”.
    """
    number = _locked(request, site, upstream_id)
    by, now = caller(request), settings.TENURE_CLOCK.now()
    amending.pin(number, [name], Pin(body.reason, body.until), by, now=now)
    return answers.one(request, _shown(number))


@resource.delete("/{site}/{upstream_id}/attributes/{name}/pin", SubscriptionInFull)
def unpin(request: HttpRequest, site: str, upstream_id: str, name: str) -> HttpResponse:
    """Take the pin of a subscription's value away.

    The value stays until the next run of Daily Sync.
    """
    number = _found(site, upstream_id)
    if not read.get_subscription(number).sources.get(name, {}).get("pin"):
        raise not_found(f"{name[:80]!r} is not pinned.")
    amending.unpin(number, [name])
    return answers.one(request, _shown(number))


@resource.get("/{site}/{upstream_id}/history", PageOf[Entry])
def history(request: HttpRequest, site: str, upstream_id: str) -> HttpResponse:
    """List what changed about a subscription, the newest first: at most 200 changes."""
    changes = read.changes_of_subscription(_found(site, upstream_id), limit=MOST)
    runs = runs_of_change_sets(change.change_set_id for change in changes)
    rows = [
        entry
        for change in changes
        for entry in shapes_of_customers.history(change, runs.get(change.change_set_id))
    ]
    return answers.page(rows, None)


def _found(site: str, upstream_id: str) -> int:
    number: int = one_of(lists.subscriptions, site, upstream_id).pk
    return number


def _locked(request: HttpRequest, site: str, upstream_id: str) -> int:
    """The subscription, held until the request's transaction ends; refused when it is stale."""
    number = _found(site, upstream_id)
    amending.hold(number)
    answers.refuse_stale(request, _shown(number))
    return number


def _shown(number: int) -> dict[str, Any]:
    now = settings.TENURE_CLOCK.now()
    sources = shapes_of_customers.agreed_sources(read.get_subscription(number), now)
    return shapes.subscription(source.get(number)) | {"sources": sources}
