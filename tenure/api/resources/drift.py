"""Drift: in Import Only, where the source says something else now than was imported."""

from collections.abc import Mapping
from fractions import Fraction
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
from tenure.api.schemas import Body, Money, PageOf, Shape
from tenure.connections.models import Site
from tenure.core.money import Money as Amount
from tenure.customers import drift, read
from tenure.customers.differing import Drift as Row
from tenure.customers.paging import cursor_of
from tenure.customers.paging import number as number_in
from tenure.customers.shapes import address_of
from tenure.metrics import drift as agreed
from tenure.metrics.amounts import stored

resource = Resource("drift")
LIST, AGREED = "drift", "drift of subscriptions"


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


class AgreedDrift(Shape):
    """One imported subscription that differs."""

    site: str
    id: str
    plan: str
    account: str | None
    changes: dict[str, list[Any]] = Field(
        description="By field what is held and what the source says now; attributes have"
        " “attributes.” in front."
    )
    mrr_held: Money | None
    mrr_says: Money | None


class AgreedDrifts(Body):
    """Which of them."""

    site: str | None = Field(None, max_length=120, description="Only of this site.")
    limit: int = Field(50, ge=1, le=100)
    cursor: str | None = CURSOR


class AgreedAcceptance(Body):
    """What to take from the source for one subscription: one field, or without it all of them."""

    site: str = Field(min_length=1, max_length=120)
    id: str = Field(min_length=1, max_length=64)
    field: str = Field("", max_length=100)
    says: Any = Field(
        None,
        description="With a field: what you saw; refused when the source says something else by now.",
    )
    reason: str = Field("", max_length=500)


class EveryAcceptance(Body):
    """Which subscriptions to take from the source: those of a site or of all, in a field or in all."""

    site: str | None = Field(None, max_length=120)
    field: str = Field("", max_length=100)
    reason: str = Field("", max_length=500)


class Accepted(Shape):
    """What was accepted."""

    subscriptions: int
    change_set: int | None = Field(description="Null when nothing differed.")


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


@resource.get("/subscriptions", PageOf[AgreedDrift])
def list_drift_of_subscriptions(request: HttpRequest, how: Query[AgreedDrifts]) -> HttpResponse:
    """List imported subscriptions that differ from what their source says now, with their MRR."""
    after = number_in(how.cursor, AGREED) if how.cursor else 0
    now = settings.TENURE_CLOCK.now()
    found = agreed.listing(_importing(how.site), now, after=after, limit=how.limit)
    following = cursor_of(AGREED, found[-1].pk) if len(found) >= how.limit else None
    accounts = read.accounts_in_order([one.account_id for one in found if one.account_id])
    names = {one.pk: address_of(one) for one in accounts}
    return answers.page([_agreed(one, names) for one in found], following)


@resource.post("/subscriptions/accept", Accepted)
def accept_subscription(request: HttpRequest, body: AgreedAcceptance) -> HttpResponse:
    """Take what the source says now for one subscription.

    It follows nothing afterwards, as any imported value.
    """
    number = agreed.subscription_named(body.id, _importing(body.site))
    by, now = caller(request, body.reason), settings.TENURE_CLOCK.now()
    shown = body.says if body.field and "says" in body.model_fields_set else ...
    done = agreed.accept(number, by, now=now, name=body.field, shown=shown)
    return answers.plain({"subscriptions": 1, "change_set": done.pk})


@resource.post("/subscriptions/accept-all", Accepted)
def accept_every_subscription(request: HttpRequest, body: EveryAcceptance) -> HttpResponse:
    """Take what the source says now for all subscriptions that differ, as one change set."""
    by, now = caller(request, body.reason), settings.TENURE_CLOCK.now()
    done = agreed.accept_all(_importing(body.site), by, now=now, name=body.field)
    made = done.change_set.pk if done.change_set else None
    return answers.plain({"subscriptions": done.subscriptions, "change_set": made})


def _importing(site: str | None) -> list[Site]:
    return agreed.importing([finding.site(site)] if site is not None else None)


def _agreed(one: agreed.SubscriptionDrift, names: Mapping[int, str | None]) -> dict[str, Any]:
    return {
        "site": one.site,
        "id": one.upstream_id,
        "plan": one.plan,
        "account": names.get(one.account_id or 0),
        "changes": {name: list(pair) for name, pair in one.changes.items()},
        "mrr_held": _amount(one.held, one.currency),
        "mrr_says": _amount(one.says, one.says_currency),
    }


def _amount(amount: Fraction | None, currency: str) -> dict[str, str] | None:
    return Amount(stored(amount), currency).as_json() if amount is not None else None


def _accounts(found: list[Row]) -> list[int]:
    return list(dict.fromkeys(one.account_id for one in found))
