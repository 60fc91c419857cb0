"""The identifier: the rule in force, and the report on what could be one."""

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers
from tenure.api.listing import CURSOR, LIMIT
from tenure.api.resource import Resource
from tenure.api.schemas import Body, PageOf, Shape
from tenure.connections.read import identifier_rule
from tenure.core.clock import stamp
from tenure.customers.paging import cursor_of, damaged, place_of
from tenure.identity import report, rules

resource = Resource("identifier")
PLACE = re.compile(r"(account|subscription)-[0-9]{1,18}")


class Rule(Shape):
    """Where the identifier of an account is read."""

    field: str
    joins: bool = Field(description="Whether equal values of two sites are one customer.")
    fold_case: bool
    source_of_truth: str | None = Field(description="tenant, source or third-party.")
    chosen_at: str | None = Field(description="Null while nobody has chosen.")


class IdentifierReport(Shape):
    """What every field would come to as the identifier, and which one is recommended."""

    candidates: list[dict[str, Any]]


class LeftOut(Shape):
    """A record that this field would leave without an account."""

    reason: str


class Whose(Body):
    """Which field."""

    field: str = Field(max_length=120, description="Such as account.custom_fields.tenant_id.")
    limit: int = LIMIT
    cursor: str | None = CURSOR


@resource.get("", Rule)
def show(request: HttpRequest) -> HttpResponse:
    """Show the rule in force."""
    rule, chosen = rules.in_force(), identifier_rule()
    return answers.one(
        request,
        {
            "field": rule.field,
            "joins": not rule.per_site,
            "fold_case": rule.fold_case,
            "source_of_truth": chosen.truth if chosen else None,
            "chosen_at": stamp(chosen.created_at) if chosen else None,
        },
    )


@resource.get("/report", IdentifierReport)
def show_report(request: HttpRequest) -> HttpResponse:
    """Report on every field that could name accounts.

    Counted exactly over everything that is stored: up to half a minute for a million accounts.
    """
    return answers.plain(report.report(now=settings.TENURE_CLOCK.now()).as_json())


@resource.get("/left-out", PageOf[LeftOut])
def list_left_out(request: HttpRequest, how: Query[Whose]) -> HttpResponse:
    """List whom a field would leave out, and why."""
    sort = f"left-out-{how.field}"
    after = str(place_of(how.cursor, sort)) if how.cursor else ""
    if after and not PLACE.fullmatch(after):
        raise damaged()
    found, last = report.left_out(how.field, limit=how.limit, after=after)
    following = cursor_of(sort, last) if last else None
    return answers.page([one.as_json() for one in found], following)
