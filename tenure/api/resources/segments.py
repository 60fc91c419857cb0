"""Segments: groups of accounts that a rule describes, who is in and why, and what would change."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.access.read import member_of
from tenure.alerts import uses
from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.listing import CURSOR, LIMIT
from tenure.api.problems import Problem, not_found
from tenure.api.resource import READ, Resource
from tenure.api.resources.rules import AskedRule, asked_of
from tenure.api.schemas import Body, PageOf, Shape
from tenure.core.errors import ConfigurationError
from tenure.customers.paging import cursor_of, number
from tenure.segments import explain as explaining
from tenure.segments import overlaps, read, shapes, write
from tenure.segments import preview as previews
from tenure.segments.models import Membership
from tenure.segments.models import Segment as Row
from tenure.segments.question import question

resource = Resource("segments")
MOST_OVERLAPS = 200
NAME = Field(min_length=1, max_length=write.LONGEST_NAME)


class Segment(Shape):
    """A segment."""

    name: str
    rule: str
    description: str
    priority: int
    owner: str | None
    version: int
    fault: str | None = Field(description="Why its rule can no longer be asked.")
    placed_at: str | None
    updated_at: str | None


class SegmentBody(AskedRule):
    """A segment to be."""

    name: str = NAME
    description: str = Field("", max_length=2000)
    priority: int = Field(100, strict=True, ge=0, le=10_000)
    owner: str | None = Field(None, max_length=254, description="A member's e-mail.")


class SegmentMember(Shape):
    """An account in a segment."""

    account: str
    name: str
    since: str | None


class SegmentPreview(Shape):
    """What a rule would make of the accounts."""

    rule: str
    words: str
    count: int
    sample: list[str]
    near_misses: list[dict[str, Any]] | None
    used_by: dict[str, list[str]] = Field(
        description="What depends on the segment it is tried against, by kind and name."
    )


class TrialRule(AskedRule):
    """A rule to try."""

    against: str | None = Field(
        None, max_length=write.LONGEST_NAME, description="A segment: who would enter and leave it."
    )


class AskedAccount(Body):
    """Which account to explain."""

    account: str = Field(min_length=1, max_length=finding.LONGEST)


class Why(Shape):
    """Why an account is in or out."""

    rule: str
    words: str
    lines: list[dict[str, Any]]
    alone: list[str] = Field(description="Conditions each of which alone keeps it out.")


class Slice(Body):
    """Which part of a list."""

    limit: int = LIMIT
    cursor: str | None = CURSOR


@resource.get("", PageOf[Segment])
def list_segments(request: HttpRequest) -> HttpResponse:
    """List segments in their order of priority."""
    now = settings.TENURE_CLOCK.now()
    return answers.page([shapes.listed(one) for one in read.listed(now)], None)


@resource.post("", Segment, status=201)
def create(request: HttpRequest, body: SegmentBody) -> HttpResponse:
    """Make a segment. Every account is placed at once."""
    saved = _save(request, body, None)
    address = f"/api/v1/segments/{finding.quoted(saved.name)}"
    return answers.one(request, shapes.segment(saved), status=201, location=address)


@resource.post("/preview", SegmentPreview, scope=READ)
def preview(request: HttpRequest, body: TrialRule) -> HttpResponse:
    """Try a rule: how many accounts, their MRR, samples and near misses; nothing is saved."""
    asked = asked_of(body)
    against = _segment(body.against) if body.against else None
    used = uses.uses_of(against) if against else uses.Uses()
    seen = shapes.preview(asked, previews.preview(asked, against=against))
    return answers.plain(seen | {"used_by": used.as_json()})


@resource.get("/{name}", Segment)
def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show a segment."""
    return answers.one(request, shapes.segment(_segment(name)))


@resource.put("/{name}", Segment)
def replace(request: HttpRequest, name: str, body: SegmentBody) -> HttpResponse:
    """Change a segment; its version before stays."""
    found = _segment(name)
    answers.refuse_stale(request, shapes.segment(found))
    return answers.one(request, shapes.segment(_save(request, body, found)))


@resource.delete("/{name}", None, status=204)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Delete a segment with its history; refused while something depends on it."""
    try:
        uses.remove(_segment(name))
    except write.SegmentRefused as error:
        raise Problem(409, error.message, next_step=error.next_step) from error
    return HttpResponse(status=204)


@resource.get("/{name}/members", PageOf[SegmentMember])
def list_members(request: HttpRequest, name: str, how: Query[Slice]) -> HttpResponse:
    """List the accounts in a segment, in the order in which they came here."""
    rows = Membership.objects.filter(segment=_segment(name)).select_related("account")
    if how.cursor:
        rows = rows.filter(account_id__gt=number(how.cursor, "members"))
    found = list(rows.order_by("account_id")[: how.limit + 1])
    shown = found[: how.limit]
    following = cursor_of("members", shown[-1].account_id) if len(found) > how.limit else None
    return answers.page([shapes.membership(one) for one in shown], following)


@resource.get("/{name}/overlaps", PageOf[Shape])
def list_overlaps(request: HttpRequest, name: str) -> HttpResponse:
    """List the segments that share accounts with it, the most first, and which of the two decides."""
    found = overlaps.overlaps(limit=MOST_OVERLAPS, of=_segment(name))
    return answers.page([shapes.overlap(one) for one in found.pairs], None)


@resource.get("/{name}/history", PageOf[Shape])
def history(request: HttpRequest, name: str, how: Query[Slice]) -> HttpResponse:
    """List entries and exits with their cause, the newest first."""
    before = number(how.cursor, "crossings") if how.cursor else 0
    found = list(read.crossings(segment=_segment(name), limit=how.limit + 1, before=before))
    shown = found[: how.limit]
    following = cursor_of("crossings", shown[-1].pk) if len(found) > how.limit else None
    return answers.page([shapes.crossing(one) for one in shown], following)


@resource.post("/{name}/explain", Why, scope=READ)
def explain(request: HttpRequest, name: str, body: AskedAccount) -> HttpResponse:
    """Explain why an account is in or out, condition by condition with the values seen."""
    asked = question(_segment(name).rule, settings.TENURE_CLOCK.now())
    found = explaining.explain(asked, finding.account(body.account).pk)
    return answers.plain(shapes.explanation(asked, found))


def _segment(name: str) -> Row:
    try:
        return read.segment_named(name)
    except ConfigurationError as error:
        raise not_found(error.message, error.next_step) from error


def _save(request: HttpRequest, body: SegmentBody, segment: Row | None) -> Row:
    draft = write.Draft(
        body.name,
        asked_of(body).text,
        body.description,
        body.priority,
        member_of(body.owner) if body.owner else None,
    )
    now = settings.TENURE_CLOCK.now()
    return write.save(draft, now=now, by=caller(request).name, segment=segment)
