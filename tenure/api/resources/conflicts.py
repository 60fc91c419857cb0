"""Conflicts: records whose identifier no longer says what it said, until a person decides."""

from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.listing import CURSOR, LIMIT
from tenure.api.problems import Problem, not_found
from tenure.api.resource import Resource
from tenure.api.schemas import Billed, Body, Number, PageOf
from tenure.customers.paging import cursor_of
from tenure.customers.paging import number as number_in
from tenure.customers.touched import touch
from tenure.identity import conflicts
from tenure.identity.conflicts import NotResolved
from tenure.identity.models import Conflict as Row

resource = Resource("conflicts")


class Conflict(Billed):
    """A record that says another identifier than the one it was recognised by."""

    id: int
    kind: Literal["changed", "vanished", "claimed_twice"]
    object: str
    account: str | None
    old: str
    new: str | None
    state: Literal["open", "resolved"]
    resolution: str | None
    opened_at: str
    resolved_at: str | None
    told: str = Field(description="What happened, in one sentence.")


class Resolution(Body):
    """What shall be: the first identifier stands, the account takes the new one with its history, or
    the record becomes a customer of its own."""

    resolution: Literal["keep", "rekey", "new_account"]
    reason: str = Field("", max_length=500)


class Conflicts(Body):
    """Which conflicts."""

    site: str | None = Field(None, max_length=120, description="Only of this site.")
    account: str | None = Field(
        None, max_length=finding.LONGEST, description="Only of this account, by its identifier."
    )
    state: Literal["open", "resolved"] = "open"
    limit: int = LIMIT
    cursor: str | None = CURSOR


@resource.get("", PageOf[Conflict])
def list_conflicts(request: HttpRequest, how: Query[Conflicts]) -> HttpResponse:
    """List conflicts, the newest first."""
    sort = f"conflicts-{how.state}"
    rows = conflicts.listing(
        site_id=finding.site(how.site).pk if how.site is not None else None,
        account_id=finding.account(how.account).pk if how.account is not None else None,
        resolved=how.state == "resolved",
        limit=how.limit + 1,
        after=number_in(how.cursor, sort) if how.cursor else None,
    )
    more, rows = len(rows) > how.limit, rows[: how.limit]
    following = cursor_of(sort, rows[-1].pk) if more else None
    return answers.page([_document(row) for row in rows], following)


@resource.get("/{number}", Conflict)
def show(request: HttpRequest, number: Number) -> HttpResponse:
    """Show a conflict."""
    return answers.one(request, _document(_conflict(number)))


@resource.post("/{number}/resolve", Conflict)
def resolve(request: HttpRequest, number: Number, body: Resolution) -> HttpResponse:
    """Resolve a conflict.

    Refused with 409 when it is resolved already, or cannot be resolved this way.
    """
    _conflict(number)
    now = settings.TENURE_CLOCK.now()
    try:
        done = conflicts.resolve(number, body.resolution, caller(request, body.reason), now)
    except NotResolved as error:
        raise Problem(409, error.message, next_step=error.next_step) from error
    touch(done.accounts, now)
    return answers.one(request, _document(_conflict(number)))


def _conflict(number: int) -> Row:
    try:
        return conflicts.get(number)
    except NotResolved as error:
        raise not_found(error.message, "List them with GET /api/v1/conflicts.") from error


def _document(row: Row) -> dict[str, Any]:
    return {**conflicts.as_json(row), "told": conflicts.sentence(row)}
