"""The health of one account: its score with what would make it green, and a person's word on it."""

from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.listing import AS_OF, moment
from tenure.api.problems import not_found
from tenure.api.resources.accounts import resource, shapes
from tenure.api.schemas import Body, Shape
from tenure.customers.models import Account
from tenure.health import advice, overriding, read
from tenure.health import shapes as told
from tenure.health.changes import split
from tenure.health.models import Verdict
from tenure.health.overriding import Wanted
from tenure.metrics.as_of import Moment
from tenure.metrics.days import local_day, midnight
from tenure.metrics.settings import current


class Since(Body):
    """What to compare with."""

    since: date | None = Field(
        None, description="A day; the change of the score since its end is taken apart."
    )
    as_of: str | None = AS_OF


class AccountHealth(Shape):
    """A score with everything it is made of."""

    health: dict[str, Any]
    to_green: dict[str, Any]
    change: dict[str, Any] | None


class HealthOverride(Body):
    """What a person knows that the figures do not: a score, a band, or that the score stays."""

    kind: Literal["score", "band", "freeze"]
    score: str | None = Field(None, max_length=10, description="From 0 to 100, as in “82.5”.")
    band: Literal["green", "amber", "red"] | None = None
    reason: str = Field(min_length=1, max_length=2_000)
    until: date = Field(description="The last local day it holds, at most 90 days ahead.")


@resource.get("/{path:identifier}/health", AccountHealth)
def show_health(request: HttpRequest, identifier: str, how: Query[Since]) -> HttpResponse:
    """Show an account's health: its score, what would make it green, and what changed since a day.

    With as_of the score that was known then; what would make it green is told of the present alone.
    """
    return answers.plain(_document(finding.account(identifier), how.since, moment(how.as_of)))


@resource.put("/{path:identifier}/health/override", shapes.Account, matches=False)
def override_health(request: HttpRequest, identifier: str, body: HealthOverride) -> HttpResponse:
    """Set a score or band in place of the computed one, or freeze it.

    It ends by itself after its last day. The computed score goes on and stands beside it.
    """
    found, now, by = finding.account(identifier), settings.TENURE_CLOCK.now(), caller(request)
    if body.kind == "freeze":
        overriding.freeze(found.pk, Wanted(body.reason, body.until), by, now=now)
    else:
        score = (body.score or "") if body.kind == "score" else ""
        band = (body.band or "") if body.kind == "band" else ""
        wanted = Wanted(body.reason, body.until, score=score, band=band)
        overriding.override(found.pk, wanted, by, now=now)
    return answers.one(request, finding.shown(found))


@resource.delete("/{path:identifier}/health/override", shapes.Account)
def end_override(request: HttpRequest, identifier: str) -> HttpResponse:
    """Let the computed score speak again."""
    found = finding.account(identifier)
    now = settings.TENURE_CLOCK.now()
    if overriding.end(found.pk, caller(request), now=now) is None:
        raise not_found(
            f"Nobody has set the health of {identifier[:80]}.",
            "Set it with PUT to the same address.",
        )
    return answers.one(request, finding.shown(found))


def _document(found: Account, since: date | None, at: Moment | None) -> dict[str, Any]:
    chosen, now = current(), settings.TENURE_CLOCK.now()
    document = told.accounts([found], now, at)[0]["health"]
    live = read.scores_of([found.pk]).get(found.pk)
    score: Verdict | None = read.scores_at([found.pk], at.last).get(found.pk) if at else live
    if score is None:
        why = "No score was known then." if at else "It has not been scored yet."
        none = {"ways": [], "why_not": why}
        return {"health": document, "to_green": none, "change": None}
    change = None
    if since:
        old = read.scores_at([found.pk], _end_of(since, now)).get(found.pk)
        change = (
            told.split(split(told.side(old, chosen), told.side(score, chosen))) if old else None
        )
    if at or live is None:
        green = {"ways": [], "why_not": "It is worked out for the present alone."}
    else:
        green = advice.advice(found.pk, live, now, chosen).as_json()
    return {"health": document, "to_green": green, "change": change}


def _end_of(day: date, now: datetime) -> datetime:
    """The end of a local day, or now when that is yet to come."""
    if day >= local_day(now, current().zone):
        return now
    return midnight(day + timedelta(days=1), current().zone)
