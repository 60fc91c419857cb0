"""A chunk of rows as accounts: what it would make and change, and then doing just that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenure.customers import write
from tenure.customers.exchange.columns import IDENTIFIER
from tenure.customers.exchange.matching import Standing
from tenure.customers.exchange.outcome import CHANGED, CREATED, OWNED, UNCHANGED, Outcome
from tenure.customers.exchange.rows import Row
from tenure.customers.history import Batched
from tenure.customers.models import Account, Change
from tenure.customers.outlook import outlooks
from tenure.customers.values import ValueRefused, read_each, tidy
from tenure.customers.write import By, NewAccount

HIDDEN = "removed_at"  # as in the history of reverts


@dataclass(slots=True)
class Weighed:
    """What a chunk does to accounts: those to be made, brought back and changed."""

    outcome: Outcome = field(default_factory=Outcome)
    makes: list[NewAccount] = field(default_factory=list)
    back: list[Account] = field(default_factory=list)
    edits: dict[int, dict[str, Any]] = field(default_factory=dict)


def weigh(rows: Sequence[Row], seen: set[int]) -> Weighed:
    """What these rows do, given the accounts as they stand. ``seen`` are the accounts that earlier
    rows of the file are about; nothing is written."""
    weighed = Weighed()
    readable = _readable(rows, weighed.outcome)
    standing = Standing(row.names[IDENTIFIER] for row in readable)
    values = read_each([row.values for row in readable])
    for row, wanted in zip(readable, values, strict=True):
        try:
            if isinstance(wanted, ValueRefused):
                raise wanted
            _weigh(row, wanted, standing, seen, weighed)
        except ValueRefused as refused:
            weighed.outcome.reject(row, str(refused))
    weighed.outcome.counts[OWNED] = _owned(weighed.edits)
    return weighed


def apply(weighed: Weighed, by: By, batch: Batched) -> set[int]:
    """Do what was weighed, in the caller's transaction; the accounts made or changed."""
    _bring_back(weighed.back, batch)
    touched = {account.pk for account in weighed.back}
    if weighed.makes:
        _, made = write.create_each(weighed.makes, by, now=batch.now, change_set=batch.change_set)
        touched |= {account.pk for account in made}
    if weighed.edits:
        edited = write.edit_each(weighed.edits, by, now=batch.now, change_set=batch.change_set)
        touched |= set(edited.accounts)
    return touched


def _readable(rows: Sequence[Row], outcome: Outcome) -> list[Row]:
    found = []
    for row in rows:
        try:
            if row.reason:
                raise ValueRefused("row", row.reason)
            if not row.names.get(IDENTIFIER):
                raise ValueRefused("identifier", "It has no identifier.")
            row.names[IDENTIFIER] = tidy(row.names[IDENTIFIER])
            found.append(row)
        except ValueRefused as refused:
            outcome.reject(row, str(refused))
    return found


def _weigh(
    row: Row, wanted: dict[str, Any], standing: Standing, seen: set[int], weighed: Weighed
) -> None:
    identifier = row.names[IDENTIFIER]
    account = standing.of(identifier, row.site)
    scope = account.scope_id if account else standing.scope_of(row.site)
    _once(identifier, account.pk if account else None, scope, seen)
    everything = {**wanted, **row.new}
    if account is None:
        shown = {name: (None, value) for name, value in everything.items()}
        weighed.outcome.note(CREATED, row, identifier, shown)
        hidden = standing.hidden(identifier, scope)
        if hidden:
            weighed.back.append(hidden)
            weighed.edits[hidden.pk] = everything
        else:
            weighed.makes.append(NewAccount(identifier, scope, everything))
        return
    differing = {
        name: (was, value)
        for name, value in everything.items()
        if (was := write.value_of(account, name)) != value
    }
    weighed.outcome.note(CHANGED if differing else UNCHANGED, row, account.name, differing)
    if differing:
        weighed.edits[account.pk] = {name: new for name, (_, new) in differing.items()}


def _once(identifier: str, account: int | None, scope: int | None, seen: set[int]) -> None:
    mark = hash((account,) if account else (identifier, scope))
    if mark in seen:
        raise ValueRefused(
            "identifier", f"An earlier row is about {identifier!r} already.", "Keep one of them."
        )
    seen.add(mark)


def _owned(edits: dict[int, dict[str, Any]]) -> int:
    """How many of these values the next run of a Daily Sync puts back to what the source says."""
    names = sorted({name for values in edits.values() for name in values})
    said = outlooks(list(edits), names) if edits else {}
    return sum(
        1
        for account, values in edits.items()
        for name, value in values.items()
        if (seen := said.get(account, {}).get(name)) and seen.replaces and seen.says != value
    )


def _bring_back(hidden: Sequence[Account], batch: Batched) -> None:
    if not hidden:
        return
    Account.objects.filter(pk__in=[account.pk for account in hidden]).update(removed_at=None)
    Change.objects.bulk_create(
        removal_of(account, batch, account.removed_at, None) for account in hidden
    )


def removal_of(
    account: Account, batch: Batched, was: datetime | None, since: datetime | None
) -> Change:
    """That an account was hidden or came back, for its history."""
    moments = [moment.isoformat() if moment else None for moment in (was, since)]
    return Change(
        change_set=batch.change_set,
        object_kind="account",
        object_id=account.pk,
        account_id=account.pk,
        changes={HIDDEN: moments},
        was={},
        at=batch.now,
    )


@dataclass(frozen=True, slots=True)
class Act:
    """The batch an import or its undoing writes in."""

    change_set: Any
    now: datetime
