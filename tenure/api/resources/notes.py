"""Notes: what was written down about accounts."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.listing import CURSOR, LIMIT
from tenure.api.resource import Resource
from tenure.api.schemas import Body, PageOf, Shape
from tenure.customers.paging import cursor_of, number
from tenure.tasks import read, write
from tenure.tasks.write import Maker

resource = Resource("notes")


class Note(Shape):
    """Something written down about an account."""

    id: int
    account: str
    text: str
    by: str | None
    made_at: str | None
    changed_at: str | None


class NewNote(Body):
    """A note to be."""

    account: str = Field(min_length=1, max_length=finding.LONGEST)
    text: str = Field(min_length=1, max_length=write.LONGEST_NOTE)


class Notes(Body):
    """Whose notes."""

    account: str = Field(min_length=1, max_length=finding.LONGEST)
    limit: int = LIMIT
    cursor: str | None = CURSOR


@resource.get("", PageOf[Note])
def list_notes(request: HttpRequest, how: Query[Notes]) -> HttpResponse:
    """List the notes of an account, the newest first."""
    rows = read.notes(finding.account(how.account).pk).select_related("account")
    if how.cursor:
        rows = rows.filter(pk__lt=number(how.cursor, "notes"))
    found = list(rows.order_by("-pk")[: how.limit + 1])
    shown = found[: how.limit]
    following = cursor_of("notes", shown[-1].pk) if len(found) > how.limit else None
    return answers.page([read.note_json(one) for one in shown], following)


@resource.post("", Note, status=201)
def create(request: HttpRequest, body: NewNote) -> HttpResponse:
    """Write a note."""
    maker = Maker(name=caller(request).name)
    now = settings.TENURE_CLOCK.now()
    made = write.add_note(finding.account(body.account), body.text, maker, now=now)
    return answers.one(request, read.note_json(made), status=201)
