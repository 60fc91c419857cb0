"""Who calls: an API token, in the Authorization header and nowhere else. A session counts for nothing."""

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from tenure.access.models import Scope, Token
from tenure.access.read import verify
from tenure.access.write import note_use
from tenure.api.problems import Problem
from tenure.customers.models import Origin
from tenure.customers.write import By

RANK = {scope: rank for rank, scope in enumerate((Scope.READ, Scope.WRITE, Scope.ADMIN))}
SCHEME = "bearer"
LONGEST = 200


def identify(request: HttpRequest) -> Token:
    """The token of this request, looked up now, so that a revoked one is refused at once.

    Raises AuthenticationError for no token, an unknown, an expired and a revoked one alike.
    """
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    text = text.strip()
    now = settings.TENURE_CLOCK.now()
    if scheme.lower() != SCHEME or not text or len(text) > LONGEST:
        raise AuthenticationError
    token = verify(text, now)
    if token is None:
        raise AuthenticationError
    note_use(token, now)
    request.token = token  # type: ignore[attr-defined]
    return token


def token_of(request: HttpRequest) -> Token:
    """The token that ``identify`` found for this request."""
    token: Token = request.token  # type: ignore[attr-defined]
    return token


def caller(request: HttpRequest, reason: str = "") -> By:
    """In whose name this request changes customers."""
    return By(Origin.API, name=f"token {token_of(request).name}", reason=reason)


class Bearer(HttpBearer):
    """Lets an operation be called with tokens of a scope and of the wider ones."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Token:  # noqa: ARG002  # the gate read it
        known = token_of(request)
        if RANK[Scope(known.scope)] < RANK[self.scope]:
            raise Problem(
                403,
                f"The token “{known.name}” may {_may(known.scope)}; this needs the scope {self.scope.value}.",
                next_step="Use a token of that scope, or ask an administrator for one.",
            )
        return known


def _may(scope: str) -> str:
    return {Scope.READ: "only read", Scope.WRITE: "read and write"}.get(Scope(scope), "do all")
