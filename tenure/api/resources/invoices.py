"""Invoices: bills, and whose they are where one is split between accounts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query

from tenure.api import answers
from tenure.api.billing import Billing, chosen, one_of
from tenure.api.listing import paged
from tenure.api.resource import Resource
from tenure.api.schemas import Billed, Money, PageOf, Shape
from tenure.customers import lists, shapes

resource = Resource("invoices")


class Part(Shape):
    """A part of an invoice."""

    total: Money
    paid: Money
    balance: Money


class Allocation(Part):
    """The part that is one account's."""

    account: str


class Invoice(Billed):
    """A bill, with the source's own field names."""

    account: str | None
    number: str | None
    type: str | None
    state: str
    currency: str
    subtotal: Money | None
    discount: Money | None
    tax: Money | None
    total: Money | None
    paid: Money | None
    balance: Money | None
    due_at: str | None
    closed_at: str | None
    created_at: str
    updated_at: str
    allocations: list[Allocation]
    unallocated: Part | None


def shape(row: Any) -> dict[str, Any]:
    """An invoice with its parts, which the list has read along with it."""
    return shapes.invoice(row, row.allocations.all())


@resource.get("", PageOf[Invoice])
def list_invoices(request: HttpRequest, how: Query[Billing]) -> HttpResponse:
    """List invoices.

    Of one account, also those it has a part of.
    """
    return paged(lists.invoices(**chosen(how)), how, shape)


@resource.get("/{site}/{upstream_id}", Invoice)
def show(request: HttpRequest, site: str, upstream_id: str) -> HttpResponse:
    """Show an invoice, by its site and its id there."""
    return answers.one(request, shape(one_of(lists.invoices, site, upstream_id)))
