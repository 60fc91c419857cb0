"""Whom billing makes a contact, and by what a contact is recognised within its account (DESIGN 3.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tenure.access.models import Member
from tenure.connections import models as connections
from tenure.connections.models import ContactSource, every_contact_source
from tenure.connections.read import identifier_rule
from tenure.customers import fields
from tenure.customers.contacts import rows
from tenure.identity import rules
from tenure.identity.rules import LONGEST_FIELD, RuleRefused

BY_EMAIL = rows.BY_EMAIL
BY_USERNAME = "account.username"
CHOICES = f"{BY_EMAIL}, {BY_USERNAME} or account.custom_fields.NAME"


@dataclass(frozen=True, slots=True)
class Contacts:
    """``field`` identifies a person; ``sources`` name people beside the account's own e-mail."""

    field: str
    sources: tuple[str, ...]


def in_force() -> Contacts:
    """What holds now: the e-mail, and everybody billing names, until somebody says otherwise."""
    rule = identifier_rule()
    if rule is None:
        return Contacts(BY_EMAIL, tuple(every_contact_source()))
    return Contacts(rule.contact_field, _in_order(rule.contact_sources))


def may_identify(field: str) -> bool:
    """Whether a person may be recognised by this field."""
    kind, path = fields.split(field)
    if field in (BY_EMAIL, BY_USERNAME):
        return True
    own = kind == fields.ACCOUNT and fields.custom_name(path)
    return bool(own and fields.is_known(field) and len(field) <= LONGEST_FIELD)


def choose(
    field: str | None = None,
    sources: Iterable[str] | None = None,
    *,
    member: Member | None = None,
    now: datetime,
) -> bool:
    """Put this in force for what is read from now on; None leaves a thing as it is. True when it is
    another choice than before: contacts that exist follow when the stored records are gone through
    again, which the caller asks for. Raises RuleRefused, with nothing changed."""
    standing = in_force()
    wanted = Contacts(
        _checked(field) if field is not None else standing.field,
        _checked_sources(sources) if sources is not None else standing.sources,
    )
    if wanted == standing:
        return False
    rule, accounts = identifier_rule(), rules.in_force()
    connections.IdentifierRule.objects.create(
        field=accounts.field,
        truth=rule.truth if rule else connections.Truth.SOURCE,
        joins=not accounts.per_site,
        fold_case=accounts.fold_case,
        contact_field=wanted.field,
        contact_sources=list(wanted.sources),
        member=member,
        created_at=now,
    )
    return True


def _checked(field: str) -> str:
    if may_identify(field):
        return field
    raise RuleRefused(f"{field!r} identifies no contact.", next_step=f"Choose {CHOICES}.")


def _checked_sources(sources: Iterable[str]) -> tuple[str, ...]:
    named = set(sources)
    unknown = sorted(named - set(ContactSource.values))
    if unknown:
        raise RuleRefused(
            f"{unknown[0]!r} is no source of contacts.",
            next_step=f"Choose from {', '.join(ContactSource.values)}.",
        )
    return _in_order(named)


def _in_order(sources: Iterable[str]) -> tuple[str, ...]:
    named = set(sources)
    return tuple(one for one in ContactSource.values if one in named)
