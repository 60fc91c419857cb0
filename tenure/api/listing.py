"""What every list takes: how many, in which order, and from where on."""

from collections.abc import Sequence
from typing import Annotated, Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from pydantic import BaseModel, Field

from tenure.api import answers
from tenure.customers import paging
from tenure.metrics.as_of import Moment, moment_of
from tenure.metrics.settings import current

LIMIT = Field(50, ge=1, le=paging.LONGEST, description="How many at most, up to 200.")
CURSOR = Field(None, max_length=1000, description="The “next” of the page before.")
Limit = Annotated[int, LIMIT]


AS_OF = Field(
    None,
    max_length=10,
    description="A past day like 2026-06-03: what was known at its end, in the workspace's zone.",
)


def moment(day: str | None) -> Moment | None:
    """The past time a request asks about; None for now. Raises UnusableDate, which answers 400."""
    if not day:
        return None
    return moment_of(day, settings.TENURE_CLOCK.now(), current())


class Listing(BaseModel):
    """The parameters of a list that goes by the order in which things came here."""

    sort: str = Field(
        "-id", max_length=40, description="-id: the newest first; id: the oldest first."
    )
    limit: int = LIMIT
    cursor: str | None = CURSOR


def paged(rows: "QuerySet[Any, Any]", how: Listing, shape: Any) -> HttpResponse:
    """The page that was asked for, each row in its shape."""
    found: paging.Listed[Model] = paging.page(
        rows, sort=how.sort, limit=how.limit, cursor=how.cursor
    )
    return answers.page([shape(row) for row in found.rows], found.next)


class Short(BaseModel):
    """The parameters of a list that is never long."""

    limit: int = LIMIT
    cursor: str | None = CURSOR


def sliced(things: Sequence[Any], how: Short, shape: Any) -> HttpResponse:
    """The page that was asked for of things that are all at hand."""
    first = paging.number(how.cursor, "place") if how.cursor else 0
    shown = things[first : first + how.limit]
    last = first + len(shown)
    following = paging.cursor_of("place", last) if last < len(things) else None
    return answers.page([shape(one) for one in shown], following)
