"""Which account is this record? Pure: a rule and a record in, a claim or a reason out."""

import unicodedata
from dataclasses import dataclass

from tenure.customers import fields, models
from tenure.customers.making import Claim
from tenure.sources import records

LONGEST = 255

Row = records.BillingAccount | records.Subscription | models.BillingAccount | models.Subscription


@dataclass(frozen=True, slots=True)
class IdentifierRule:
    """Where the identifier is read. ``per_site`` keeps equal values of two sites apart, which is
    right for identifiers that are unique only within a site, as account codes are (F33)."""

    field: str = "account.code"
    per_site: bool = True
    fold_case: bool = False

    @property
    def on_subscriptions(self) -> bool:
        """Whether each subscription names its own account."""
        return self.field.startswith("subscription.")


@dataclass(frozen=True, slots=True)
class Unidentified:
    """Why no account could be named; such records are counted and listed, never guessed."""

    reason: str


def normalise(value: str, *, fold_case: bool = False) -> str:
    """The documented form identifiers are compared in: Unicode NFC, trimmed, case kept unless chosen."""
    text = unicodedata.normalize("NFC", value).strip()
    return unicodedata.normalize("NFC", text.casefold()) if fold_case else text


def identify(rule: IdentifierRule, row: Row, site_id: int) -> Claim | Unidentified:
    """The account this billing account, or this subscription, belongs to under ``rule``."""
    identifier = normalise(_value(rule, row), fold_case=rule.fold_case)
    if not identifier:
        return Unidentified(f"{rule.field} is empty")
    if len(identifier) > LONGEST:
        return Unidentified(f"{rule.field} is longer than {LONGEST} characters")
    return Claim(identifier, site_id if rule.per_site else None)


def _value(rule: IdentifierRule, row: Row) -> str:
    _, path = fields.split(rule.field)
    if path == "id":
        return row.upstream_id
    return str(fields.reader([path])(row).get(path, ""))
