"""Runs: what syncs did, and asking for one."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.listing import Listing, paged
from tenure.api.problems import Problem, not_found
from tenure.api.resource import Resource
from tenure.api.schemas import Body, Flag, Number, PageOf, Shape
from tenure.connections.read import is_connected
from tenure.core.errors import ConfigurationError
from tenure.customers import paging, revert
from tenure.customers.models import ChangeSet
from tenure.customers.write import Pin
from tenure.sync import read, reverting, write
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


class RevertWanted(Body):
    """Why, and whether what comes back shall hold against Daily Sync."""

    reason: str = Field("", max_length=500)
    pin_reason: str = Field(
        "", max_length=500, description="Pins what comes back, for this reason."
    )


class RevertCounts(Shape):
    """What it comes to, in accounts, links, contacts and subscriptions."""

    values: int = Field(description="Accounts whose values come back.")
    hidden: int = Field(description="Accounts it made, which are hidden.")
    shown: int
    links: int
    contacts: int = Field(description="Contacts that become as before, or that it made and go.")
    subscriptions: int = Field(description="Subscriptions whose attributes come back.")
    stayed: int = Field(description="Objects with something that was changed since, and stays.")


class Reverted(RevertCounts):
    """What was taken back."""

    change_set: int | None


class RevertPreview(RevertCounts):
    """What would be taken back, and the first 200 accounts, contacts and subscriptions."""

    data: list[dict[str, Any]]


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
    return accepted(run_of(run.pk))


@resource.post("/{number}/cancel", Run, status=202)
def cancel(request: HttpRequest, number: Number) -> HttpResponse:
    """Stop a run.

    It ends at its next page; what was read is kept and gone on from. A run that has ended stays as
    it is.
    """
    run = run_of(number)
    write.cancel(run)
    return accepted(run_of(number))


@resource.post("/{number}/revert/preview", RevertPreview)
def preview_revert(request: HttpRequest, number: Number) -> HttpResponse:
    """Show what taking a run back would do. Nothing is changed."""
    change_set = _change_set(run_of(number))
    lines = revert.preview(change_set, limit=paging.LONGEST)
    return answers.plain(
        {**asdict(revert.count(change_set)), "data": [_line(line) for line in lines]}
    )


@resource.post("/{number}/revert", Reverted)
def take_back(request: HttpRequest, number: Number, body: RevertWanted) -> HttpResponse:
    """Take a run back.

    Values, names, owners, links, contacts, attributes of subscriptions and the making of accounts
    become what they were before it, as a change set of its own; what was changed since stays. Daily Sync brings its values back at its
    next run, unless they are pinned.
    """
    run = run_of(number)
    _change_set(run)
    pin = Pin(body.pin_reason) if body.pin_reason else None
    now = settings.TENURE_CLOCK.now()
    try:
        done = reverting.revert_run(run, caller(request, body.reason), now, pin=pin)
    except ConfigurationError as error:
        raise Problem(409, error.message, next_step=error.next_step) from error
    return answers.plain(
        {**asdict(done.counts), "change_set": done.change_set.pk if done.change_set else None}
    )


def _change_set(run: Row) -> ChangeSet:
    try:
        return reverting.change_set_of(run)
    except ConfigurationError as error:
        raise Problem(409, error.message, next_step=error.next_step) from error


def _line(line: revert.Line) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "identifier": line.identifier,
        "name": line.name,
        "of": line.of or None,
        "back": dict(line.back),
        "stayed": dict(line.stayed),
        "hides": line.hides,
    }


def accepted(run: Row) -> HttpResponse:
    """The run as the answer to whoever asked for it."""
    document: dict[str, Any] = read.as_json(run)
    headers = {"Location": f"/api/v1/runs/{run.pk}", "ETag": answers.etag_of(document)}
    return answers.plain(document, status=202, headers=headers)
