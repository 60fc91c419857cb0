"""Questions about our own people and the tokens they gave out."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from tenure.access.models import Member, Token
from tenure.core.errors import ConfigurationError

NOBODY = "nobody"  # what may stand in place of a member's e-mail


def members() -> Sequence[Member]:
    """All members by e-mail, the disabled included."""
    return list(Member.objects.order_by("email"))


def active_members() -> Sequence[Member]:
    """Those who can log in, by e-mail."""
    return list(Member.objects.filter(is_active=True).order_by("email"))


def member_of(email: str) -> Member:
    """The member of this e-mail, whatever its case. Raises ConfigurationError when there is none."""
    found = Member.objects.filter(email__iexact=email.strip()).first()
    if found is None:
        raise ConfigurationError(
            f"There is no member {email.strip()[:254]!r}.",
            next_step="Look at tenure member list, or add them with tenure member add.",
        )
    return found


def member_or_nobody(said: str) -> Member | None:
    """The member of this e-mail, or None for ``nobody``. Raises ConfigurationError when there is none."""
    return None if said == NOBODY else member_of(said)


def tokens() -> Sequence[Token]:
    """All tokens, newest first, the revoked and expired included."""
    return list(Token.objects.select_related("created_by").order_by("-id"))


def all_tokens() -> "QuerySet[Token]":
    """All tokens as rows to be paged."""
    return Token.objects.all()


def token_named(name_or_id: str) -> Token:
    """The usable token of this name, or any token of this number.

    Raises ConfigurationError when there is none, or when several usable ones share the name.
    """
    if name_or_id.isascii() and name_or_id.isdigit():
        found = list(Token.objects.filter(pk=int(name_or_id)))
    else:
        found = list(Token.objects.filter(name=name_or_id, revoked_at=None))
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(str(token.pk) for token in found)
        raise ConfigurationError(
            f"{len(found)} tokens are named {name_or_id!r}.",
            next_step=f"Give the number of one of them instead: {numbers}.",
        )
    raise ConfigurationError(
        f"There is no token {name_or_id[:120]!r}.", next_step="Look at tenure token list."
    )


def is_usable(token: Token, now: datetime) -> bool:
    """Whether requests with this token are still let in."""
    return token.revoked_at is None and (token.expires_at is None or now < token.expires_at)


def digest_of(text: str) -> bytes:
    """What is stored of a token. It has 256 random bits, so a plain hash cannot be searched back."""
    return hashlib.sha256(text.encode()).digest()


def verify(text: str, now: datetime) -> Token | None:
    """The token this text is, when it may still be used; None for every other text."""
    token = Token.objects.filter(digest=digest_of(text)).first()
    return token if token and is_usable(token, now) else None
