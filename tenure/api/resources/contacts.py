"""Contacts: the people at customers."""

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field, ValidationError

from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.listing import AS_OF, Listing, moment, paged
from tenure.api.problems import Problem, not_found
from tenure.api.resource import Resource
from tenure.api.rows import Results, Rows, answer, described, refusal_of
from tenure.api.schemas import Body, Number, PageOf, Shape
from tenure.customers import lists, shapes
from tenure.customers.contacts import past, upsert, write
from tenure.customers.models import Contact as Row
from tenure.customers.write import ValueRefused
from tenure.metrics.as_of import Moment

resource = Resource("contacts")
Email = Annotated[str, Field(max_length=320)]
Name = Annotated[str, Field(max_length=300)]
Title = Annotated[str, Field(max_length=120)]


class Origin(Shape):
    """Where a value of a contact came from."""

    source: str
    site: str | None
    field: str | None
    set_by: str | None
    set_at: str | None
    pinned: bool


class Contact(Shape):
    """A person at a customer."""

    id: int
    account: str
    identifier: str
    email: str
    name: str
    title: str
    attributes: dict[str, Any]
    sources: dict[str, Origin]
    created_at: str
    updated_at: str


class ContactChanges(Body):
    """Fields to change; those that are not named stay as they are."""

    email: Email | None = None
    name: Name | None = None
    title: Title | None = None


class NewContact(ContactChanges):
    """A person to be added, or, in bulk, also changed. Without an identifier it is the e-mail."""

    account: str = Field(
        min_length=1, max_length=finding.LONGEST, description="The account's identifier."
    )
    identifier: Email | None = None


class Contacts(Listing):
    """Which contacts."""

    account: str | None = Field(
        None, max_length=finding.LONGEST, description="Only of this account, by its identifier."
    )
    email: str | None = Field(None, max_length=320, description="Only with this e-mail.")
    as_of: str | None = AS_OF


def contact_of(number: int) -> Row:
    """The contact of this number."""
    found: Row | None = lists.contacts(account=None, email=None).filter(pk=number).first()
    if found is None:
        raise not_found(
            f"There is no contact {number}.", "List them with GET /api/v1/contacts?account=…."
        )
    return found


@resource.get("", PageOf[Contact])
def list_contacts(request: HttpRequest, how: Query[Contacts]) -> HttpResponse:
    """List contacts.

    With as_of those of one account, as they were known then.
    """
    account = finding.account(how.account).pk if how.account is not None else None
    if at := moment(how.as_of):
        return _then(account, how.email, at)
    return paged(lists.contacts(account=account, email=how.email), how, shapes.contact)


def _then(account: int | None, email: str | None, at: Moment) -> HttpResponse:
    if account is None:
        raise Problem(
            400,
            "With as_of contacts are listed of one account.",
            next_step="Name the account, or leave as_of out.",
            field="account",
        )
    rows = past.of_account(account, at.instant)
    if email is not None:
        rows = [row for row in rows if row.email.casefold() == email.casefold()]
    return answers.page([shapes.contact(row) for row in rows], None)


@resource.post("", Contact, status=201)
def create(request: HttpRequest, body: NewContact) -> HttpResponse:
    """Add a contact.

    Refused with 409 when the account has one with this identifier.
    """
    account = finding.account(body.account)
    try:
        made = write.create(
            account.pk, _values(body), caller(request), now=settings.TENURE_CLOCK.now()
        )
    except ValueRefused as refusal:
        if "already" not in refusal.message:
            raise
        step = "Change it with PATCH."
        raise Problem(409, refusal.message, next_step=step, field=refusal.field) from refusal
    where = f"/api/v1/contacts/{made.pk}"
    return answers.one(request, shapes.contact(contact_of(made.pk)), status=201, location=where)


@resource.post("/bulk", Results, extra=described(NewContact))
def bulk(request: HttpRequest, rows: Rows) -> HttpResponse:
    """Make or change up to 5,000 contacts.

    Each row has a result of its own; a row that is refused spoils no other.
    """
    now = settings.TENURE_CLOCK.now()
    done = upsert.upsert([_row(raw) for raw in rows], caller(request), now=now)
    return answer(done.outcomes, done.change_set.pk if done.change_set else None)


@resource.get("/{number}", Contact)
def show(request: HttpRequest, number: Number) -> HttpResponse:
    """Show a contact."""
    return answers.one(request, shapes.contact(contact_of(number)))


@resource.patch("/{number}", Contact)
def update(request: HttpRequest, number: Number, body: ContactChanges) -> HttpResponse:
    """Change a contact."""
    found = contact_of(number)
    finding.lock(found.account_id)
    answers.refuse_stale(request, shapes.contact(contact_of(number)))
    write.edit(found.pk, _values(body), caller(request), now=settings.TENURE_CLOCK.now())
    return answers.one(request, shapes.contact(contact_of(number)))


@resource.delete("/{number}", None, status=204)
def remove(request: HttpRequest, number: Number) -> HttpResponse:
    """Take a contact off its account.

    Where billing names the person, Daily Sync brings them back.
    """
    found = contact_of(number)
    write.remove(found.pk, caller(request), now=settings.TENURE_CLOCK.now())
    return HttpResponse(status=204)


def _row(raw: Any) -> upsert.Row | ValueRefused:
    try:
        sent = NewContact.model_validate(raw)
    except ValidationError as error:
        return refusal_of(error)
    return upsert.Row(sent.account, _values(sent))


def _values(body: ContactChanges) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.model_fields_set - {"account"}}
