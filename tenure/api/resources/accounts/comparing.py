"""One account on two days: what differs, from what to what, and why where that is known."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import BaseModel, Field

from tenure.api import answers, finding
from tenure.api.resources.accounts import resource
from tenure.api.schemas import Shape
from tenure.health.compared import as_json
from tenure.health.comparing import compare as compared
from tenure.health.comparing import days_of
from tenure.metrics.settings import current


class TwoDays(BaseModel):
    """Which days."""

    first: str = Field(
        alias="from", max_length=10, description="A past day like 2026-06-03: as known at its end."
    )
    second: str = Field(
        "", alias="to", max_length=10, description="A later day; now when it is not said."
    )


class Comparison(Shape):
    """What differs between the ends of two days."""

    account: str
    first: dict[str, Any] = Field(alias="from")
    to: dict[str, Any]
    values: list[dict[str, Any]]
    figures: list[dict[str, Any]]
    subscriptions: list[dict[str, Any]]
    invoices: list[dict[str, Any]]
    more: bool = Field(description="Whether there are more records than were looked at.")
    health: dict[str, Any]


@resource.get("/{path:identifier}/compare", Comparison)
def compare(request: HttpRequest, identifier: str, how: Query[TwoDays]) -> HttpResponse:
    """Compare an account on two days.

    Values with who changed them, figures, subscriptions, invoices, and the change of the score taken
    apart into data, what is missing or known anew, and the definition.
    """
    found = finding.account(identifier)
    now, chosen = settings.TENURE_CLOCK.now(), current()
    days = days_of(how.first, how.second, now, chosen)
    return answers.plain(as_json(compared(found.pk, days, now, chosen)))
