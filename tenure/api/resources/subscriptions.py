"""Subscriptions: the agreements of accounts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query

from tenure.api import answers
from tenure.api.billing import Billing, chosen, one_of
from tenure.api.listing import paged
from tenure.api.resource import Resource
from tenure.api.schemas import Billed, Money, PageOf
from tenure.customers import lists, shapes

resource = Resource("subscriptions")


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
    created_at: str
    updated_at: str


@resource.get("", PageOf[Subscription])
def list_subscriptions(request: HttpRequest, how: Query[Billing]) -> HttpResponse:
    """List subscriptions."""
    return paged(lists.subscriptions(**chosen(how)), how, shapes.subscription)


@resource.get("/{site}/{upstream_id}", Subscription)
def show(request: HttpRequest, site: str, upstream_id: str) -> HttpResponse:
    """Show a subscription, by its site and its id there."""
    found = one_of(lists.subscriptions, site, upstream_id)
    return answers.one(request, shapes.subscription(found))
