"""Drift: in Import Only, where the source says something else now than was imported."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.listing import CURSOR
from tenure.api.resource import Resource
from tenure.api.resources.accounts.shapes import Account
from tenure.api.schemas import Body, PageOf, Shape
from tenure.customers import drift, read
from tenure.customers.differing import Drift as Row
from tenure.customers.paging import cursor_of
from tenure.customers.paging import number as number_in
from tenure.customers.shapes import address_of

resource = Resource("drift")
LIST = "drift"


class Drift(Shape):
    """One value that differs."""

    account: str
    name: str
    field: str
    held: Any
    says: Any = Field(description="What the source says now.")
    site: str
    source: dict[str, Any] = Field(description="Where the held value came from.")


class Drifts(Body):
    """Which of them. Whole accounts are told, so a page may have a few more than the limit."""

    site: str | None = Field(None, max_length=120, description="Only of this site.")
    field: str = Field("", max_length=80, description="Only of this field.")
    limit: int = Field(50, ge=1, le=100)
    cursor: str | None = CURSOR


class Acceptance(Body):
    """Which value to take from the source."""

    account: str = Field(min_length=1, max_length=finding.LONGEST)
    field: str = Field(min_length=1, max_length=80)
    says: Any = Field(
        description="What you saw; refused when the source says something else by now."
    )
    reason: str = Field("", max_length=500)


@resource.get("", PageOf[Drift])
def list_drift(request: HttpRequest, how: Query[Drifts]) -> HttpResponse:
    """List imported values that differ from what their source says now, by account."""
    sites = drift.importing([finding.site(how.site)] if how.site is not None else None)
    after = number_in(how.cursor, LIST) if how.cursor else 0
    found = drift.listing(sites, name=how.field, after=after, limit=how.limit)
    names = {one.pk: address_of(one) for one in read.accounts_in_order(_accounts(found))}
    following = cursor_of(LIST, found[-1].account_id) if len(found) >= how.limit else None
    return answers.page(
        [
            {
                "account": names.get(one.account_id, one.identifier),
                "name": one.name,
                "field": one.field,
                "held": one.held,
                "says": one.says,
                "site": one.site,
                "source": dict(one.source),
            }
            for one in found
        ],
        following,
    )


@resource.post("/accept", Account)
def accept(request: HttpRequest, body: Acceptance) -> HttpResponse:
    """Take what the source says now for one value.

    It follows nothing afterwards, as any imported value.
    """
    account = finding.account(body.account)
    by, now = caller(request, body.reason), settings.TENURE_CLOCK.now()
    drift.accept(account.pk, body.field, by, now=now, shown=body.says)
    return answers.one(request, finding.shown(read.get_account(account.pk)))


def _accounts(found: list[Row]) -> list[int]:
    return list(dict.fromkeys(one.account_id for one in found))
