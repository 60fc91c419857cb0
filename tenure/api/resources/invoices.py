"""Invoices: bills, and whose they are where one is split between accounts."""

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import across, answers
from tenure.api.billing import OneRecord, one_of
from tenure.api.resource import Resource
from tenure.api.schemas import Billed, Money, PageOf, Shape
from tenure.customers import lists
from tenure.metrics.lists import invoices as source
from tenure.metrics.lists import shapes

resource = Resource("invoices")
Filters = across.parameters("InvoiceFilters", source)
Listing = across.listing("Invoices", source)


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
    status: str = Field(description="How it stands now: by the calendar where it is owed.")
    days_past_due: int
    attempts: int | None = Field(description="How often it was tried to be collected.")


@resource.get("", PageOf[Invoice])
def list_invoices(request: HttpRequest, how: Query[Listing]) -> HttpResponse:  # type: ignore[valid-type]
    """List invoices.

    Filtered and sorted as on the page Billing › Invoices. Of one account, also those it has a part of.
    """
    return across.page(source, how, shapes.invoice)


@resource.get("/totals", across.Totals)
def totals(request: HttpRequest, how: Query[Filters]) -> HttpResponse:  # type: ignore[valid-type]
    """Count invoices and add them up."""
    return across.totals(source, how, ("total", "paid", "balance"))


@resource.get("/{site}/{upstream_id}", Invoice)
def show(request: HttpRequest, site: str, upstream_id: str, how: Query[OneRecord]) -> HttpResponse:
    """Show an invoice, by its site and its id there."""
    found = one_of(lists.invoices, site, upstream_id, how.as_of)
    return answers.one(request, shapes.invoice(source.get(found.pk, across.here(how.as_of))))
