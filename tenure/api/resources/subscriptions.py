"""Subscriptions: the agreements of accounts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import across, answers, past
from tenure.api.billing import OneRecord, one_of
from tenure.api.listing import moment
from tenure.api.resource import Resource
from tenure.api.schemas import Billed, Money, PageOf
from tenure.customers import lists
from tenure.metrics import past_rows
from tenure.metrics.lists import shapes
from tenure.metrics.lists import subscriptions as source

resource = Resource("subscriptions")
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


@resource.get("", PageOf[Subscription])
def list_subscriptions(request: HttpRequest, how: Query[Listing]) -> HttpResponse:  # type: ignore[valid-type]
    """List subscriptions.

    Filtered and sorted as on the page Billing › Subscriptions; those of nobody known come last.
    """
    if at := moment(how.as_of):  # type: ignore[attr-defined]
        return past.subscriptions(source, how, at)
    return across.page(source, how, shapes.subscription)


@resource.get("/totals", across.Totals)
def totals(request: HttpRequest, how: Query[Filters]) -> HttpResponse:  # type: ignore[valid-type]
    """Count subscriptions and add up their MRR."""
    return across.totals(source, how, ("mrr",))


@resource.get("/{site}/{upstream_id}", Subscription)
def show(request: HttpRequest, site: str, upstream_id: str, how: Query[OneRecord]) -> HttpResponse:
    """Show a subscription, by its site and its id there."""
    found = one_of(lists.subscriptions, site, upstream_id, how.as_of)
    if at := moment(how.as_of):
        return answers.one(request, past_rows.subscriptions([found], at)[0])
    return answers.one(request, shapes.subscription(source.get(found.pk)))
