"""A page of any list, going on from a row and not from a count: stable while rows are added."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from tenure.core.errors import TenureError

LONGEST = 200
SORTS = ("id", "-id")
Row = TypeVar("Row", bound=Model)


class UnusableList(TenureError):
    """A sort order or cursor that names no page of this list."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """One page and the cursor of the next; None at the end."""

    rows: Sequence[Row]
    next: str | None


def page(
    rows: "QuerySet[Row, Row]", *, sort: str = "-id", limit: int = 50, cursor: str | None = None
) -> Listed[Row]:
    """One page of these rows by their own number, newest first unless ``sort`` is ``id``.

    Raises UnusableList for another sort or a damaged cursor.
    """
    if sort not in SORTS:
        raise UnusableList(
            f"This list cannot be sorted by “{sort}”.", next_step=f"Use one of {', '.join(SORTS)}."
        )
    if cursor:
        beyond = "pk__lt" if sort == "-id" else "pk__gt"
        rows = rows.filter(**{beyond: number(cursor, sort)})
    limit = max(1, min(limit, LONGEST))
    found = list(rows.order_by("-pk" if sort == "-id" else "pk")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    return Listed(found, cursor_of(sort, found[-1].pk) if more else None)


def cursor_of(sort: str, place: Any) -> str:
    """The place where a page ended, as opaque text."""
    packed = json.dumps([sort, place], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def number(cursor: str, sort: str) -> int:
    """The row's number that a cursor of this sort goes on from. Raises UnusableList."""
    place = place_of(cursor, sort)
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < 2**63:
        raise damaged()
    return place


def place_of(cursor: str, sort: str) -> Any:
    """What ``cursor_of`` packed for this sort. Raises UnusableList for anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        kept, place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError):
        raise damaged() from None
    if kept != sort:
        raise damaged()
    return place


def damaged() -> UnusableList:
    """What is said of a cursor that none of our pages gave out."""
    return UnusableList(
        "This cursor is damaged or belongs to another list.",
        next_step="Start again from the first page.",
    )
