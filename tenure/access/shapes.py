"""Tokens and members as scripts see them, by command or API."""

from datetime import datetime
from typing import Any

from tenure.access.models import Member, Token
from tenure.access.read import is_usable
from tenure.core.clock import stamp


def token(one: Token, now: datetime) -> dict[str, Any]:
    """A token: everything but its text, which is kept nowhere."""
    return {
        "id": one.pk,
        "name": one.name,
        "scope": one.scope,
        "state": token_state(one, now),
        "created_at": stamp(one.created_at),
        "expires_at": stamp(one.expires_at),
        "last_used_at": stamp(one.last_used_at),
        "revoked_at": stamp(one.revoked_at),
    }


def token_state(one: Token, now: datetime) -> str:
    """``usable``, ``revoked`` or ``expired``."""
    if one.revoked_at:
        return "revoked"
    return "usable" if is_usable(one, now) else "expired"


def member(one: Member) -> dict[str, Any]:
    """One of our own people."""
    return {
        "email": one.email,
        "name": one.name,
        "role": one.role,
        "active": one.is_active,
        "created_at": stamp(one.created_at),
        "last_login": stamp(one.last_login),
    }
