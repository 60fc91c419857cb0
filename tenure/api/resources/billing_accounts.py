"""Billing accounts: who the sites bill, and which account each one was recognised as."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query

from tenure.api import answers
from tenure.api.billing import Billing, chosen, one_of
from tenure.api.listing import paged
from tenure.api.resource import Resource
from tenure.api.schemas import Billed, PageOf
from tenure.customers import lists, shapes

resource = Resource("billing-accounts")


class BillingAccount(Billed):
    """An account as its site has it."""

    account: str | None
    identified_as: str | None
    code: str
    state: str
    email: str | None
    company: str | None
    first_name: str | None
    last_name: str | None
    address: dict[str, Any]
    custom_fields: dict[str, Any]
    created_at: str
    updated_at: str


@resource.get("", PageOf[BillingAccount])
def list_billing_accounts(request: HttpRequest, how: Query[Billing]) -> HttpResponse:
    """List billing accounts."""
    return paged(lists.billing_accounts(**chosen(how)), how, shapes.billing_account)


@resource.get("/{site}/{upstream_id}", BillingAccount)
def show(request: HttpRequest, site: str, upstream_id: str) -> HttpResponse:
    """Show a billing account, by its site and its id there."""
    found = one_of(lists.billing_accounts, site, upstream_id)
    return answers.one(request, shapes.billing_account(found))
