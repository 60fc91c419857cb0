"""Changes to our own people and their API tokens."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from tenure.access.models import Member, Role, Scope, Token
from tenure.access.read import digest_of
from tenure.core.errors import ConfigurationError
from tenure.core.secrets import Secret

PREFIX = "tnr_"
TOKEN_BYTES = 32
LONGEST_EXPIRY = 3650
NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A fresh token with its text, which is kept nowhere: show it now or never."""

    token: Token
    text: Secret


def add_member(
    email: str, *, role: str = Role.VIEWER, password: Secret | None = None, name: str = ""
) -> Member:
    """Add one of our own people; without a password they cannot sign in by one yet.

    Raises ConfigurationError for an e-mail that is none or is taken, an unknown role or a weak password.
    """
    member = Member(email=_email(email), role=_role(role), name=name.strip())
    if Member.objects.filter(email__iexact=member.email).exists():
        raise _taken(member.email)
    _set_password(member, password)
    try:
        with transaction.atomic():
            member.save()
    except IntegrityError as error:
        raise _taken(member.email) from error
    return member


@transaction.atomic
def set_member(
    member: Member,
    *,
    role: str | None = None,
    name: str | None = None,
    password: Secret | None = None,
    active: bool | None = None,
) -> Member:
    """Change a member; None leaves a thing as it is.

    Raises ConfigurationError when it would leave nobody who can administer Tenure.
    """
    administrators = Member.objects.select_for_update().filter(
        role=Role.ADMINISTRATOR, is_active=True
    )
    others = [other for other in administrators if other.pk != member.pk]
    was_administrator = member.role == Role.ADMINISTRATOR and member.is_active
    member.role = _role(role) if role is not None else member.role
    member.name = name.strip() if name is not None else member.name
    member.is_active = member.is_active if active is None else active
    if (
        was_administrator
        and not others
        and not (member.is_active and member.role == Role.ADMINISTRATOR)
    ):
        raise ConfigurationError(
            f"{member.email} is the last administrator.",
            next_step="Make somebody else administrator first.",
        )
    if password is not None:
        _set_password(member, password)
    member.save()
    return member


def set_time_zone(member: Member, zone: str) -> None:
    """Keep the zone, by its IANA name, in which this member reads times and days."""
    member.time_zone = zone
    member.save(update_fields=["time_zone"])


def disable_member(member: Member) -> Member:
    """Shut a member out; what they did stays with their name. Raises for the last administrator."""
    return set_member(member, active=False)


def create_token(
    name: str,
    scope: str,
    *,
    now: datetime,
    expires_days: int | None = None,
    created_by: Member | None = None,
) -> IssuedToken:
    """Issue a token. Raises ConfigurationError for an empty name, an unknown scope or a wrong expiry."""
    if not name.strip() or len(name) > 120:
        raise ConfigurationError(
            "A token needs a name of at most 120 characters.",
            next_step="Name what will use it, such as billing-export.",
        )
    if scope not in Scope.values:
        raise ConfigurationError(
            f"{scope!r} is not a scope.", next_step=f"Choose one of {', '.join(Scope.values)}."
        )
    if expires_days is not None and not 0 < expires_days <= LONGEST_EXPIRY:
        raise ConfigurationError(
            f"A token cannot expire in {expires_days} days.",
            next_step=f"Give between 1 and {LONGEST_EXPIRY} days, or none for no expiry.",
        )
    text = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    token = Token.objects.create(
        name=name.strip(),
        digest=digest_of(text),
        scope=scope,
        created_by=created_by,
        expires_at=now + timedelta(days=expires_days) if expires_days else None,
    )
    if token.created_at != now:  # a demo's clock is not the database's
        Token.objects.filter(pk=token.pk).update(created_at=now)
        token.created_at = now
    return IssuedToken(token, Secret(text))


def revoke_token(token: Token, *, now: datetime) -> Token:
    """Refuse the token from now on. Revoking it again changes nothing."""
    Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)
    token.refresh_from_db()
    return token


def note_use(token: Token, now: datetime) -> None:
    """Remember that the token was used; to the minute, so that a busy one is not written all the time."""
    if token.last_used_at is None or now - token.last_used_at >= NOTE_USE_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)


def _email(text: str) -> str:
    email = text.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise ConfigurationError(
            f"{email[:254]!r} is not an e-mail address.", next_step="Write it as name@example.com."
        ) from None
    if len(email) > 254:
        raise ConfigurationError(
            "The e-mail address is longer than 254 characters.", next_step="Use a shorter one."
        )
    return email


def _role(text: str) -> Role:
    if text not in Role.values:
        raise ConfigurationError(
            f"{text!r} is not a role.", next_step=f"Choose one of {', '.join(Role.values)}."
        )
    return Role(text)


def _taken(email: str) -> ConfigurationError:
    return ConfigurationError(
        f"{email} is a member already.", next_step="Change them with tenure member set."
    )


def _set_password(member: Member, password: Secret | None) -> None:
    if password is None:
        member.set_unusable_password()
        return
    try:
        validate_password(password.reveal(), member)
    except ValidationError as error:
        raise ConfigurationError(
            " ".join(error.messages), next_step="Choose another password."
        ) from None
    member.set_password(password.reveal())
