"""A chunk of rows as contacts of accounts there are: what it would make and change, and doing it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tenure.customers.accounts import daily_sites
from tenure.customers.contacts import write
from tenure.customers.contacts.write import Wanted
from tenure.customers.exchange.columns import ACCOUNT, IDENTIFIER
from tenure.customers.exchange.matching import Standing
from tenure.customers.exchange.outcome import CHANGED, CREATED, OWNED, UNCHANGED, Outcome
from tenure.customers.exchange.rows import Row
from tenure.customers.history import Batched
from tenure.customers.models import Account, Contact, Origin
from tenure.customers.values import ValueRefused, tidy
from tenure.customers.write import By


@dataclass(slots=True)
class Weighed:
    """The contacts a chunk makes or changes."""

    outcome: Outcome = field(default_factory=Outcome)
    wanted: list[Wanted] = field(default_factory=list)


def weigh(rows: Sequence[Row], seen: set[int]) -> Weighed:
    """What these rows do, given accounts and contacts as they stand; nothing is written. Runs in a
    transaction."""
    weighed = Weighed()
    placed = _placed(rows, seen, weighed.outcome)
    there = write.standing([wanted for _, _, wanted in placed])
    daily = daily_sites()
    for row, account, wanted in placed:
        contact = there.get((wanted.account_id, wanted.identifier))
        was = write.differences(contact, wanted.values) if contact else dict(wanted.values)
        outcome = CREATED if contact is None else CHANGED if was else UNCHANGED
        shown = {
            name: (getattr(contact, name, None) if contact else None, value)
            for name, value in was.items()
            if name != "removed"
        }
        weighed.outcome.note(outcome, row, f"{wanted.identifier}, {account.name}", shown)
        if outcome != UNCHANGED:
            weighed.wanted.append(wanted)
        if contact:
            weighed.outcome.counts[OWNED] += _owned(contact, was, daily)
    return weighed


def apply(weighed: Weighed, by: By, batch: Batched) -> set[int]:
    """Do what was weighed, in the caller's transaction. No account's figures depend on contacts."""
    write.put(weighed.wanted, by, batch.change_set, now=batch.now)
    return set()


def _placed(
    rows: Sequence[Row], seen: set[int], outcome: Outcome
) -> list[tuple[Row, Account, Wanted]]:
    """The rows with their account and what they want; the others are rejected."""
    standing = Standing(row.names.get(ACCOUNT, "") for row in rows)
    found = []
    for row in rows:
        try:
            if row.reason:
                raise ValueRefused("row", row.reason)
            account = _account(row, standing)
            identifier = write.identifier_of(
                {"identifier": row.names.get(IDENTIFIER), "email": row.values.get("email")}
            )
            wanted = Wanted(account.pk, identifier, write.read_values(row.values))
            _once(wanted, seen)
        except ValueRefused as refused:
            outcome.reject(row, str(refused))
            continue
        found.append((row, account, wanted))
    locked = Account.objects.select_for_update(no_key=True)
    list(locked.filter(pk__in={a.pk for _, a, _ in found}).order_by("pk").values_list("pk"))
    return found


def _account(row: Row, standing: Standing) -> Account:
    identifier = tidy(row.names.get(ACCOUNT, ""))
    account = standing.of(identifier, row.site)
    if account is None:
        raise ValueRefused(
            "account",
            f"There is no account {identifier[:80]!r}.",
            "Import the accounts first, or correct the identifier.",
        )
    return account


def _once(wanted: Wanted, seen: set[int]) -> None:
    mark = hash((wanted.account_id, wanted.identifier))
    if mark in seen:
        raise ValueRefused(
            "email", f"An earlier row is about {wanted.identifier!r} already.", "Keep one of them."
        )
    seen.add(mark)


def _owned(contact: Contact, was: dict[str, Any], daily: set[str]) -> int:
    """How many of these values a Daily Sync puts back: those its site says something else of."""
    if not contact.is_named:
        return 0
    entries = (contact.sources.get(name, {}) for name in was)
    return sum(e.get("source") == Origin.SYNC and e.get("site") in daily for e in entries)
