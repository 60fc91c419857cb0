"""Two accounts made one, and taken apart again."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.problems import Problem, not_found
from tenure.api.resource import WRITE
from tenure.api.resources.accounts import resource, shapes
from tenure.api.schemas import Body, Number, PageOf, Shape
from tenure.core.clock import stamp
from tenure.customers import read
from tenure.customers.shapes import address_of
from tenure.customers.touched import touch
from tenure.identity import merge as merging
from tenure.identity.merge import CannotMerge


class MergeWanted(Body):
    """The account that becomes part of this one."""

    absorbed: str = Field(min_length=1, max_length=finding.LONGEST)
    reason: str = Field("", max_length=500)


class Merge(Shape):
    """A merge that stands."""

    id: int
    kept: str
    absorbed: str
    made_at: str


class MergePreview(Shape):
    """What a merge would do."""

    kept: str
    absorbed: str
    moves: dict[str, int]
    identifiers: list[str] = Field(description="What the kept account would also answer to.")
    differing: list[dict[str, Any]]


@resource.get("/{path:identifier}/merges", PageOf[Merge])
def merges(request: HttpRequest, identifier: str) -> HttpResponse:
    """List the merges into an account that stand."""
    kept = finding.account(identifier)
    rows = merging.of_account(kept.pk)[:200]
    return answers.page([_document(address_of(kept), row) for row in rows], None)


@resource.post("/{path:identifier}/merges/preview", MergePreview)
def preview_merge(request: HttpRequest, identifier: str, body: MergeWanted) -> HttpResponse:
    """Show what merging another account into this one would do. Nothing is changed."""
    kept, absorbed = finding.account(identifier), finding.account(body.absorbed)
    try:
        return answers.plain(merging.preview(kept.pk, absorbed.pk).as_json())
    except CannotMerge as error:
        raise Problem(409, error.message, next_step=error.next_step) from error


@resource.post("/{path:identifier}/merges", shapes.Account)
def merge(request: HttpRequest, identifier: str, body: MergeWanted) -> HttpResponse:
    """Merge another account into this one.

    Its billing accounts, subscriptions, invoices and contacts move here, and its identifiers lead
    here from then on. It can be taken apart again.
    """
    kept, absorbed = finding.account(identifier), finding.account(body.absorbed)
    now = settings.TENURE_CLOCK.now()
    try:
        done = merging.merge(kept.pk, absorbed.pk, caller(request, body.reason), now)
    except CannotMerge as error:
        raise Problem(409, error.message, next_step=error.next_step) from error
    touch(done.accounts, now)
    return answers.one(request, finding.shown(read.get_account(kept.pk)))


@resource.delete("/{path:identifier}/merges/{number}", shapes.Account, scope=WRITE)
def unmerge(request: HttpRequest, identifier: str, number: Number) -> HttpResponse:
    """Take a merge apart.

    Exactly what moved goes back, as far as it is still there.
    """
    kept = finding.account(identifier)
    if number not in {row.pk for row in merging.of_account(kept.pk)}:
        raise not_found(f"{identifier[:80]} has no merge {number} that stands.")
    now = settings.TENURE_CLOCK.now()
    try:
        done = merging.unmerge(number, caller(request), now)
    except CannotMerge as error:
        raise Problem(409, error.message, next_step=error.next_step) from error
    touch(done.accounts, now)
    return answers.one(request, finding.shown(read.get_account(kept.pk)))


def _document(kept: str | None, row: Any) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kept": kept,
        "absorbed": row.absorbed.identifier,
        "made_at": stamp(row.made_at),
    }
