"""The identifier rule: the one in force, and choosing another. Rules are only ever added."""

from datetime import datetime

from tenure.access.models import Member
from tenure.connections import models as connections
from tenure.connections.models import Truth
from tenure.connections.read import identifier_rule
from tenure.core.errors import ConfigurationError
from tenure.customers import fields
from tenure.identity.resolve import IdentifierRule

CHOICES = "account.code, account.id, account.custom_fields.NAME or subscription.custom_fields.NAME"
STANDARD = ("account.code", "account.id")
LONGEST_FIELD = 120
# Identifiers that the source gives out site by site: the same value on two sites is chance (F33).
UNIQUE_WITHIN_A_SITE = ("account.code", "account.id")


class RuleRefused(ConfigurationError):
    """A rule that cannot be taken; the sentence says why and what can be chosen."""


def in_force() -> IdentifierRule:
    """The newest rule; account codes within their site while nobody has chosen."""
    chosen = identifier_rule()
    if chosen is None:
        return IdentifierRule()
    return IdentifierRule(chosen.field, per_site=not chosen.joins, fold_case=chosen.fold_case)


def as_rule(field: str, *, joins: bool, fold_case: bool) -> IdentifierRule:
    """The rule as resolution takes it. Raises RuleRefused for a field that identifies nobody."""
    checked(field)
    return IdentifierRule(field=field, per_site=not joins, fold_case=fold_case)


def choose(
    field: str,
    *,
    truth: str = Truth.SOURCE,
    joins: bool | None = None,
    fold_case: bool = False,
    member: Member | None = None,
    now: datetime,
) -> connections.IdentifierRule:
    """Put a rule in force for what is read from now on. ``joins`` left out is what suits the field.

    Accounts that exist are not touched: where there are any, ``reidentify.apply`` is the way, which
    chooses the rule and re-keys them. Contacts go on as they are. Raises RuleRefused.
    """
    checked(field)
    before = identifier_rule()
    if truth not in Truth.values:
        raise RuleRefused(
            f"{truth!r} is no source of truth.", next_step=f"Choose one of {', '.join(Truth)}."
        )
    rule = connections.IdentifierRule(
        field=field,
        truth=truth,
        joins=joins_of(field) if joins is None else joins,
        fold_case=fold_case,
        member=member,
        created_at=now,
    )
    if before is not None:
        rule.contact_field, rule.contact_sources = before.contact_field, before.contact_sources
    rule.save()
    return rule


def joins_of(field: str) -> bool:
    """Whether equal values of two sites are one customer unless somebody says otherwise."""
    return field not in UNIQUE_WITHIN_A_SITE


def checked(field: str) -> str:
    """The field, if an identifier can be read from it. Raises RuleRefused."""
    name = fields.custom_name(fields.split(field)[1])
    if field in STANDARD or (name and fields.is_known(field) and len(field) <= LONGEST_FIELD):
        return field
    raise RuleRefused(f"{field!r} identifies no account.", next_step=f"Choose {CHOICES}.")
