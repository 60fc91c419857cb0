"""Deliveries: what people and programs were told, every try of it, and sending it again."""

from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers
from tenure.api.listing import CURSOR, LIMIT
from tenure.api.problems import not_found
from tenure.api.resource import ADMIN, Resource
from tenure.api.schemas import Body, PageOf, Shape
from tenure.core.errors import ConfigurationError
from tenure.customers.paging import cursor_of, number
from tenure.notify import read, shapes, write
from tenure.notify.models import Delivery as Row

resource = Resource("deliveries")


class Delivery(Shape):
    """One thing told to one place. The id is the one the receiver gets."""

    id: str
    event: str
    channel: str = Field(description="inapp, email, slack or webhook.")
    to: str
    alert: int | None
    subject: str
    state: str
    told: str | None = Field(description="Why it stands where it stands.")
    tries: int
    created_at: str
    sent_at: str | None
    next_try_at: str | None


class DeliveryInFull(Delivery):
    """With every try."""

    attempts: list[dict[str, Any]]


class Deliveries(Body):
    """Which deliveries."""

    state: Literal["waiting", "gathered", "sent", "summed", "held", "not-sent", "failed"] | None = (
        None
    )
    channel: Literal["inapp", "email", "slack", "webhook"] | None = None
    alert: int | None = Field(None, ge=0, lt=2**63)
    limit: int = LIMIT
    cursor: str | None = CURSOR


@resource.get("", PageOf[Delivery])
def list_deliveries(request: HttpRequest, how: Query[Deliveries]) -> HttpResponse:
    """List deliveries, newest first."""
    rows = read.deliveries(state=how.state or "", way=how.channel or "", alert_id=how.alert)
    skip = number(how.cursor, "deliveries") if how.cursor else 0
    found = list(rows[skip : skip + how.limit + 1])
    more = len(found) > how.limit
    following = cursor_of("deliveries", skip + how.limit) if more else None
    return answers.page([shapes.delivery(one) for one in found[: how.limit]], following)


@resource.get("/{name}", DeliveryInFull)
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show a delivery with every try of it."""
    return answers.one(request, shapes.in_full(_delivery(name)))


@resource.post("/{name}/replay", DeliveryInFull, scope=ADMIN)
def replay(request: HttpRequest, name: str) -> HttpResponse:
    """Send it again, under the same id."""
    done = write.replay(_delivery(name), now=settings.TENURE_CLOCK.now())
    return answers.one(request, shapes.in_full(done))


def _delivery(name: str) -> Row:
    try:
        return read.delivery_of(name)
    except ConfigurationError as error:
        raise not_found(error.message, "List them with GET /api/v1/deliveries.") from None
