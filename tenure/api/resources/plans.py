"""Plans: what the next sync of a site would do, and doing exactly that."""

from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.listing import CURSOR, LIMIT, Listing, paged
from tenure.api.problems import Problem, not_found
from tenure.api.resource import Resource
from tenure.api.resources.runs import Run, accepted
from tenure.api.schemas import Body, Number, PageOf, Shape
from tenure.core.errors import ConfigurationError
from tenure.customers.paging import cursor_of
from tenure.customers.paging import number as number_in
from tenure.sync.models import Plan as Row
from tenure.sync.models import Trigger
from tenure.sync.planning import background, holding, read
from tenure.sync.read import get_run

resource = Resource("plans")
Verb = Literal["override", "conflict", "quarantine", "unidentified", "update", "create", "pinned"]


class Plan(Shape):
    """What a sync would do. Nothing of it is done."""

    id: int
    site: str
    state: Literal["working", "ready", "failed"]
    created_at: str
    upstream_end: str | None = Field(description="How far upstream was read for it.")
    counts: dict[str, int] = Field(description="How many objects by verb.")
    fields: dict[str, Any]
    needs_attention: bool = Field(
        description="Whether manual edits would be lost, or something waits for a person."
    )
    whole: bool = Field(
        description="Whether it goes through everything stored, not only what changed upstream."
    )
    pending: list[dict[str, Any]] = Field(
        description="Changes of the mapping not gone through yet: when, by whom, why. A whole plan"
        " includes what they will change, and cannot be applied before they are done."
    )
    objects: dict[str, dict[str, int]] = Field(description="The counts by kind of object.")
    digest: str
    outcome: dict[str, Any] | None = Field(description="What became of it when a run applied it.")
    reason: str | None
    next_step: str | None


class PlanEntry(Shape):
    """One object; overridden manual values come first."""

    position: int
    verb: str
    object: str
    identifier: str | None
    name: str | None
    account_id: int | None
    belongs_to: str | None = Field(
        description="The identifier of the account a contact or subscription is of."
    )
    upstream_id: str | None
    changes: dict[str, Any] = Field(description="Each field with its old and new value.")
    overridden: dict[str, Any] = Field(
        description="Who set the values that would be lost, and when."
    )
    reason: str | None


class NewPlan(Body):
    """Which site to plan."""

    site: str = Field(max_length=120)
    whole: bool | None = Field(
        None,
        description="Go through everything stored. Left out: while a change of the mapping has not been"
        " gone through yet.",
    )


class Plans(Listing):
    """Which plans."""

    site: str | None = Field(None, max_length=120, description="Only of this site.")


class Entries(Body):
    """Which entries."""

    verb: Verb | None = None
    object: Literal["account", "contact", "subscription", "attribute"] | None = None
    limit: int = LIMIT
    cursor: str | None = CURSOR


@resource.get("", PageOf[Plan])
def list_plans(request: HttpRequest, how: Query[Plans]) -> HttpResponse:
    """List plans."""
    site = finding.site(how.site) if how.site is not None else None
    return paged(read.all_plans(site), how, read.as_json)


@resource.post("", Plan, status=202)
def create(request: HttpRequest, body: NewPlan) -> HttpResponse:
    """Work out what the next sync of a site would do.

    Answers at once; a worker reads what changed and works it out. Look at the plan again until its
    state is ready. Nothing but the plan is written.
    """
    site = finding.site(body.site)
    try:
        made = background.ask(site, member=None, now=settings.TENURE_CLOCK.now(), whole=body.whole)
    except ConfigurationError as error:
        raise Problem(409, error.message, next_step=error.next_step) from error
    document = read.as_json(_plan(made.pk))
    headers = {"Location": f"/api/v1/plans/{made.pk}", "ETag": answers.etag_of(document)}
    return answers.plain(document, status=202, headers=headers)


@resource.get("/{number}", Plan)
def show(request: HttpRequest, number: Number) -> HttpResponse:
    """Show a plan."""
    return answers.one(request, read.as_json(_plan(number)))


@resource.get("/{number}/entries", PageOf[PlanEntry])
def entries(request: HttpRequest, number: Number, how: Query[Entries]) -> HttpResponse:
    """List what a plan would do, manual edits that would be lost first."""
    sort = f"plan-{number}-{how.verb or ''}-{how.object or ''}"
    found = read.entries(
        _plan(number),
        verbs=[how.verb] if how.verb else (),
        kind=how.object or "",
        after=number_in(how.cursor, sort) if how.cursor else -1,
        limit=how.limit + 1,
    )
    more, found = len(found) > how.limit, found[: how.limit]
    following = cursor_of(sort, found[-1].position) if more else None
    return answers.page([read.entry_as_json(entry) for entry in found], following)


@resource.post("/{number}/apply", Run, status=202)
def apply(request: HttpRequest, number: Number) -> HttpResponse:
    """Sync exactly as the plan shows.

    The run stops with nothing applied when what it would do is not what was shown any more; the
    difference is then on the plan.
    """
    plan = _plan(number)
    try:
        run = holding.apply(plan, Trigger.API, member=None)
    except ConfigurationError as error:
        raise Problem(409, error.message, next_step=error.next_step) from error
    return accepted(get_run(run.pk))


def _plan(number: int) -> Row:
    try:
        return read.get_plan(number)
    except ConfigurationError as error:
        raise not_found(error.message, "List them with GET /api/v1/plans.") from error
