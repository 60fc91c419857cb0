"""API tokens: what programs sign in with. A token's text is answered once, when it is made."""

from typing import Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.access import read, shapes, write
from tenure.api import answers, gate
from tenure.api.listing import Listing, paged
from tenure.api.problems import not_found
from tenure.api.resource import ADMIN, Resource
from tenure.api.schemas import Body, Number, PageOf, Shape

resource = Resource("tokens")


class Token(Shape):
    """A token, without its text."""

    id: int
    name: str
    scope: Literal["read", "write", "admin"]
    state: Literal["usable", "revoked", "expired"]
    created_at: str
    expires_at: str | None
    last_used_at: str | None = Field(description="To the minute.")
    revoked_at: str | None


class Issued(Token):
    """A fresh token with its text, which is stored nowhere: keep it now."""

    token: str = Field(description="Empty when the answer is a repetition: it was shown once.")


class NewToken(Body):
    """What shall use it, and what it may do."""

    name: str = Field(min_length=1, max_length=120)
    scope: Literal["read", "write", "admin"]
    expires_days: int | None = Field(None, ge=1, le=write.LONGEST_EXPIRY, strict=True)


@resource.get("", PageOf[Token], scope=ADMIN)
def list_tokens(request: HttpRequest, how: Query[Listing]) -> HttpResponse:
    """List tokens, the revoked and expired included."""
    now = settings.TENURE_CLOCK.now()
    return paged(read.all_tokens(), how, lambda one: shapes.token(one, now))


@resource.post("", Issued, scope=ADMIN, status=201)
def create(request: HttpRequest, body: NewToken) -> HttpResponse:
    """Make a token.

    Its text is in this answer and nowhere else, not even in the answer to a repetition.
    """
    now = settings.TENURE_CLOCK.now()
    issued = write.create_token(body.name, body.scope, now=now, expires_days=body.expires_days)
    text = issued.text.reveal()
    document = {"token": text, **shapes.token(issued.token, now)}
    headers = {"Location": f"/api/v1/tokens/{issued.token.pk}", gate.SHOWN_ONCE: text}
    return answers.plain(document, status=201, headers=headers)


@resource.get("/{number}", Token, scope=ADMIN)
def show(request: HttpRequest, number: Number) -> HttpResponse:
    """Show a token."""
    found = read.all_tokens().filter(pk=number).first()
    if found is None:
        raise not_found(f"There is no token {number}.", "List them with GET /api/v1/tokens.")
    return answers.one(request, shapes.token(found, settings.TENURE_CLOCK.now()))


@resource.delete("/{number}", Token, scope=ADMIN)
def revoke(request: HttpRequest, number: Number) -> HttpResponse:
    """Revoke a token.

    It is refused from this moment on. Revoking it again changes nothing.
    """
    now = settings.TENURE_CLOCK.now()
    found = read.all_tokens().filter(pk=number).first()
    if found is None:
        raise not_found(f"There is no token {number}.", "List them with GET /api/v1/tokens.")
    return answers.plain(shapes.token(write.revoke_token(found, now=now), now))
