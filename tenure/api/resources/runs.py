"""Runs: what syncs did, and asking for one."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.listing import Listing, paged
from tenure.api.problems import Problem, not_found
from tenure.api.resource import Resource
from tenure.api.schemas import Body, Flag, Number, PageOf, Shape
from tenure.connections.read import is_connected
from tenure.sync import read, write
from tenure.sync.models import Run as Row
from tenure.sync.models import Trigger

resource = Resource("runs")


class Counts(Shape):
    """What became of the records of one stream."""

    read: int
    created: int
    updated: int
    unchanged: int
    overridden: int
    quarantined: int
    removed: int
    requests: int


class Run(Shape):
    """One sync of one site."""

    id: int
    site: str
    trigger: str
    state: str = Field(description="queued, running, complete, incomplete, failed or cancelled.")
    started_at: str | None
    finished_at: str | None
    streams: dict[str, Counts]
    reason: str | None
    next_step: str | None


class NewRun(Body):
    """Which site to sync."""

    site: str = Field(max_length=120)
    full: Flag = Field(default=False, description="Read everything again.")
    sweep: Flag = Field(default=False, description="Compare every id, too.")


class Runs(Listing):
    """Which runs."""

    site: str | None = Field(None, max_length=120, description="Only of this site.")


def run_of(number: int) -> Row:
    """The run of this number."""
    try:
        return read.get_run(number)
    except Row.DoesNotExist:
        raise not_found(f"There is no run {number}.", "List them with GET /api/v1/runs.") from None


@resource.get("", PageOf[Run])
def list_runs(request: HttpRequest, how: Query[Runs]) -> HttpResponse:
    """List runs."""
    site = finding.site(how.site) if how.site is not None else None
    return paged(read.all_runs(site), how, read.as_json)


@resource.get("/{number}", Run)
def show(request: HttpRequest, number: Number) -> HttpResponse:
    """Show a run."""
    return answers.one(request, read.as_json(run_of(number)))


@resource.post("", Run, status=202)
def start(request: HttpRequest, body: NewRun) -> HttpResponse:
    """Sync a site.

    Answers at once with the run, which a worker carries out; one that is going on already is
    joined. Look at it again until its state says how it ended.
    """
    site = finding.site(body.site)
    if not is_connected(site):
        raise Problem(
            409, f"{site.subdomain} has no key.", next_step="Add the site again with its key."
        )
    run, _ = write.request_run(site, Trigger.API, full=body.full, sweep=body.sweep)
    return _accepted(run_of(run.pk))


@resource.post("/{number}/cancel", Run, status=202)
def cancel(request: HttpRequest, number: Number) -> HttpResponse:
    """Stop a run.

    It ends at its next page; what was read is kept and gone on from. A run that has ended stays as
    it is.
    """
    run = run_of(number)
    write.cancel(run)
    return _accepted(run_of(number))


def _accepted(run: Row) -> HttpResponse:
    document: dict[str, Any] = read.as_json(run)
    headers = {"Location": f"/api/v1/runs/{run.pk}", "ETag": answers.etag_of(document)}
    return answers.plain(document, status=202, headers=headers)
