"""Choosing the field: a rule for what comes, or the re-keying of the accounts that are there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from tenure.access.models import Member
from tenure.connections.models import IdentifierRule
from tenure.customers.models import Account
from tenure.identity import rules


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rule in force and what became of the accounts that were there, in words and as numbers."""

    rule: IdentifierRule
    words: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)
    touched: frozenset[int] = frozenset()

    def as_json(self) -> dict[str, Any]:
        return dict(self.numbers)


def has_accounts() -> bool:
    """Whether another rule would meet accounts that were recognised by the one before."""
    return Account.objects.filter(removed_at=None).exists()


def choose(
    name: str,
    *,
    truth: str,
    joins: bool | None,
    fold_case: bool,
    now: datetime,
    member: Member | None = None,
) -> Chosen:
    """Put the rule in force. Raises rules.RuleRefused, with nothing changed."""
    with transaction.atomic():
        if has_accounts():
            raise rules.RuleRefused(
                f"Accounts are recognised by {rules.in_force().field} already.",
                next_step="Look at the preview of the change under Settings > Identifiers first.",
            )
        rule = rules.choose(
            name, truth=truth, joins=joins, fold_case=fold_case, member=member, now=now
        )
        return Chosen(rule, "No accounts were there yet: nothing had to be re-keyed.")
