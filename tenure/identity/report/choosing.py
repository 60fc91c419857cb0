"""Choosing the field: a rule for what comes, or the re-keying of the accounts that are there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from tenure.access.models import Member
from tenure.connections.models import IdentifierRule
from tenure.customers.models import Account, Origin
from tenure.customers.write import By
from tenure.identity import reidentify, rules
from tenure.identity.foreseeing import Preview


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rule in force and what became of the accounts that were there, in words and as numbers."""

    rule: IdentifierRule
    words: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)
    touched: frozenset[int] = frozenset()

    def as_json(self) -> dict[str, Any]:
        return dict(self.numbers)


class NotSeen(rules.RuleRefused):
    """Another rule would change accounts that exist, and nobody has looked at the preview."""

    def __init__(self, preview: Preview) -> None:
        super().__init__(
            f"Accounts are recognised by {rules.in_force().field} already. {words_of(preview)}",
            next_step="Look at what would change, then choose it again.",
        )
        self.preview = preview


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
    seen: bool = False,
) -> Chosen:
    """Put the rule in force and bring the accounts that are there to it. Raises rules.RuleRefused, with
    nothing changed; NotSeen where there are accounts and nobody has ``seen`` what becomes of them.

    The caller has the figures of the ``touched`` accounts made anew.
    """
    with transaction.atomic():
        if has_accounts():
            if not seen:
                raise NotSeen(reidentify.preview(name, joins=joins, fold_case=fold_case))
            return _rekey(name, truth, joins, By(Origin.MANUAL, member), now, fold_case=fold_case)
        if reidentify.waits():
            by = By(Origin.MANUAL, member)
            return _name_first(name, truth, joins, by, now, fold_case=fold_case)
        rule = rules.choose(
            name, truth=truth, joins=joins, fold_case=fold_case, member=member, now=now
        )
        return Chosen(rule, "No accounts were there yet: nothing had to be re-keyed.")


def words_of(preview: Preview) -> str:
    """What a change of the rule does to the accounts that are there, in words."""
    return (
        f"Accounts re-keyed: {preview.rekeyed:,}, joined with another: {preview.joined:,}, split off:"
        f" {preview.split:,}, as they were: {preview.unchanged:,}. Records without an identifier:"
        f" {preview.unidentified:,}."
    )


def _name_first(
    name: str, truth: str, joins: bool | None, by: By, now: datetime, *, fold_case: bool
) -> Chosen:
    """Go through records that are here and nobody's: they would else wait until they change."""
    done = reidentify.apply(name, truth=truth, joins=joins, fold_case=fold_case, by=by, now=now)
    made, left = Account.objects.filter(removed_at=None).count(), done.preview.unidentified
    words = f"The records that were here made {made:,} account{'' if made == 1 else 's'}."
    if left:
        words += f" {left:,} have no identifier and are listed under Sync > Unidentified."
    numbers = {"made": made, "unidentified": left}
    return Chosen(done.rule, words, numbers, frozenset(done.accounts))


def _rekey(
    name: str, truth: str, joins: bool | None, by: By, now: datetime, *, fold_case: bool
) -> Chosen:
    done = reidentify.apply(name, truth=truth, joins=joins, fold_case=fold_case, by=by, now=now)
    told = done.preview
    numbers = {
        kind: getattr(told, kind)
        for kind in ("rekeyed", "joined", "split", "unidentified", "unchanged")
    }
    return Chosen(done.rule, words_of(told), numbers, frozenset(done.accounts))
