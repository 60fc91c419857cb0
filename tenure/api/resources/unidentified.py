"""The unidentified: records that no account can be named for yet, with the reason."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.listing import Short
from tenure.api.resource import Resource
from tenure.api.schemas import Billed, PageOf
from tenure.customers.paging import cursor_of, damaged, place_of
from tenure.identity import unidentified
from tenure.identity.unidentified import Nameless, UnusablePlace

resource = Resource("unidentified")
LIST = "unidentified"


class Unidentified(Billed):
    """A record without an account. It joins one by itself when what is missing arrives."""

    object: str
    code: str | None
    label: str | None
    email: str | None
    reason: str
    created_at: str


class Which(Short):
    """Which of them."""

    site: str | None = Field(None, max_length=120, description="Only of this site.")


@resource.get("", PageOf[Unidentified])
def list_unidentified(request: HttpRequest, how: Query[Which]) -> HttpResponse:
    """List records that belong to no account yet."""
    site = finding.site(how.site).pk if how.site is not None else None
    after = place_of(how.cursor, LIST) if how.cursor else None
    try:
        rows = unidentified.listing(site, limit=how.limit + 1, after=after and str(after))
    except UnusablePlace:
        raise damaged() from None
    more, rows = len(rows) > how.limit, rows[: how.limit]
    following = cursor_of(LIST, rows[-1].place) if more else None
    return answers.page([_document(row) for row in rows], following)


def _document(row: Nameless) -> dict[str, Any]:
    return row.as_json()
