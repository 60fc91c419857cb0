"""Reading accounts: the list, one of them, its history and its timeline."""

from contextlib import nullcontext
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import BaseModel, Field

from tenure.api import answers, finding
from tenure.api.listing import AS_OF, CURSOR, LIMIT, moment
from tenure.api.resources.accounts import resource, shapes
from tenure.api.schemas import PageOf
from tenure.customers import read as customers
from tenure.customers import shapes as customer_shapes
from tenure.customers.paging import cursor_of, damaged, number, place_of
from tenure.customers.timeline import KINDS, Place, newest
from tenure.health import listing as by_health
from tenure.health import shapes as full_shapes
from tenure.health.listing import ORDERS
from tenure.metrics import known
from tenure.segments.narrowing import narrowed
from tenure.segments.question import patient
from tenure.sync.standing import runs_of_change_sets

SORTS = ", ".join(sorted(ORDERS))
SECONDS = 20  # a program waits longer than a person


class Accounts(BaseModel):
    """Which accounts."""

    search: str = Field(
        "", max_length=300, description="Words that all occur in its name, identifier or e-mail."
    )
    rule: str = Field(
        "", max_length=10_000, description="Only those a rule holds for: mrr > 500 and plan = pro."
    )
    health: Literal["", "green", "amber", "red", "unknown", "ended", "waiting"] = Field(
        "", description="Only those that stand like this today."
    )
    sort: str = Field(
        "-mrr", max_length=40, description=f"One of {SORTS}; a minus in front turns it round."
    )
    limit: int = LIMIT
    cursor: str | None = CURSOR
    as_of: str | None = AS_OF


class OneAccount(BaseModel):
    """At which time."""

    as_of: str | None = AS_OF


class History(BaseModel):
    """Which part of a history."""

    field: str | None = Field(None, max_length=80, description="Only this field's.")
    limit: int = LIMIT
    cursor: str | None = CURSOR


class Timeline(BaseModel):
    """Which part of a timeline."""

    kind: Literal["invoice", "payment", "subscription", "change"] | None = None
    limit: int = LIMIT
    cursor: str | None = CURSOR
    as_of: str | None = AS_OF


@resource.get("", PageOf[shapes.Account])
def list_accounts(request: HttpRequest, how: Query[Accounts]) -> HttpResponse:
    """List accounts.

    The largest first, unless sorted otherwise. Accounts that are not measured yet come last. A rule
    that cannot be read is refused with 422 and every fault with its place.
    """
    at = moment(how.as_of)
    where = narrowed(how.rule, how.health, settings.TENURE_CLOCK.now(), at)
    with patient(SECONDS) if where else nullcontext():
        found = by_health.accounts_page(
            search=how.search,
            sort=how.sort,
            limit=how.limit,
            cursor=how.cursor,
            moment=at,
            where=where,
        )
    rows = customers.accounts_in_order(row.id for row in found.rows)
    documents = full_shapes.accounts(rows, settings.TENURE_CLOCK.now(), at)
    return answers.page(documents, found.next)


@resource.get("/{path:identifier}/history", PageOf[shapes.Entry])
def history(request: HttpRequest, identifier: str, how: Query[History]) -> HttpResponse:
    """What changed about an account.

    Newest first: each field's old and new value, who changed it and in which run.
    """
    found = finding.account(identifier)
    after = number(how.cursor, "history") if how.cursor else None
    changes = customers.history_of(found.pk, field=how.field, after=after, limit=how.limit + 1)
    runs = runs_of_change_sets(change.change_set_id for change in changes)
    entries: list[dict[str, Any]] = []
    last = None
    for change in changes:
        run = runs.get(change.change_set_id)
        several = customer_shapes.history(change, run, only=how.field)
        if entries and len(entries) + len(several) > how.limit:
            return answers.page(entries, cursor_of("history", last))
        entries, last = entries + several, change.pk
    more = len(changes) > how.limit
    return answers.page(entries, cursor_of("history", last) if more else None)


@resource.get("/{path:identifier}/timeline", PageOf[shapes.Event])
def timeline(request: HttpRequest, identifier: str, how: Query[Timeline]) -> HttpResponse:
    """What happened to an account.

    Its bills, payments, agreements and changed values, newest first. With as_of what had happened
    by the end of a past day, as it was known then.
    """
    found = finding.account(identifier)
    after = _place(how.cursor) if how.cursor else None
    at = moment(how.as_of)
    now = at.last if at else settings.TENURE_CLOCK.now()
    then = known.then(found.pk, at)
    told, last = newest(found.pk, kind=how.kind, after=after, limit=how.limit, now=now, then=then)
    following = None
    if last:
        following = cursor_of("timeline", [last.at.isoformat(), last.rank, last.order])
    return answers.page([event.as_json() for event in told], following)


def _place(cursor: str) -> Place:
    try:
        at, rank, order = place_of(cursor, "timeline")
        place = Place(datetime.fromisoformat(at), int(rank), int(order))
        if not (place.at.tzinfo and 0 <= place.rank < len(KINDS) and 0 <= place.order < 2**62):
            raise ValueError(cursor)
        return place
    except (ValueError, TypeError, OverflowError):
        raise damaged() from None


@resource.get("/{path:identifier}", shapes.Account)
def show(request: HttpRequest, identifier: str, how: Query[OneAccount]) -> HttpResponse:
    """Show an account.

    Where several sites have the same identifier, name the site: SUBDOMAIN:IDENTIFIER.
    """
    found = finding.account(identifier)
    return answers.one(request, finding.shown(found, moment(how.as_of)))
