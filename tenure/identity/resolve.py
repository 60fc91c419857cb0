"""Which account is this record? Pure: a rule and a record in, a claim or a reason out."""

import unicodedata
from dataclasses import dataclass

from tenure.customers.accounts import Claim
from tenure.sources.records import BillingAccount


@dataclass(frozen=True, slots=True)
class IdentifierRule:
    """Where the identifier is read. ``per_site`` keeps equal values of two sites apart, which is
    right for identifiers that are unique only within a site, as account codes are (F33)."""

    field: str = "account.code"
    per_site: bool = True


@dataclass(frozen=True, slots=True)
class Unidentified:
    """Why no account could be named; such records are counted and listed, never guessed."""

    reason: str


def normalise(value: str) -> str:
    """The documented form identifiers are compared in: Unicode NFC, trimmed, case kept."""
    return unicodedata.normalize("NFC", value).strip()


def identify(rule: IdentifierRule, account: BillingAccount, site_id: int) -> Claim | Unidentified:
    """The account this billing account belongs to under ``rule``."""
    value = {"account.code": account.code, "account.id": account.upstream_id}.get(rule.field, "")
    identifier = normalise(value)
    if not identifier:
        return Unidentified(f"{rule.field} is empty")
    return Claim(identifier, site_id if rule.per_site else None)
