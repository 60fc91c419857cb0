"""Many contacts at once: each row makes a person or changes one, and a bad row spoils no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from tenure.customers.contacts.write import (
    Wanted,
    differences,
    identifier_of,
    put,
    read_values,
    standing,
)
from tenure.customers.history import open_set
from tenure.customers.models import Account, ChangeSet
from tenure.customers.upsert import Outcome, standing_accounts
from tenure.customers.write import By, ValueRefused


@dataclass(frozen=True, slots=True)
class Row:
    """One person: their account's address, and ``identifier``, ``email``, ``name``, ``title``."""

    account: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class Upserted:
    """The outcome of each row, in its order."""

    outcomes: list[Outcome] = field(default_factory=list)
    change_set: ChangeSet | None = None


def upsert(rows: Sequence[Row | ValueRefused], by: By, *, now: datetime) -> Upserted:
    """Make or change the contact of each row. A row that is a refusal already stays one."""
    accounts = standing_accounts([row.account if isinstance(row, Row) else "" for row in rows])
    read = [_read(row, account) for row, account in zip(rows, accounts, strict=True)]
    with transaction.atomic():
        _hold({one.account_id for one in read if isinstance(one, Wanted)})
        good, results = _judged(read)
        done = Upserted(results)
        if good:
            done.change_set = open_set(by.origin, now=now, member=by.member, reason=by.reason)
            put(good, by, done.change_set, now=now)
        return done


def _read(row: Row | ValueRefused, account: int | ValueRefused) -> Wanted | ValueRefused:
    if isinstance(row, ValueRefused):
        return row
    if isinstance(account, ValueRefused):
        return account
    try:
        values = {name: value for name, value in row.values.items() if name != "identifier"}
        return Wanted(account, identifier_of(row.values), read_values(values))
    except ValueRefused as refusal:
        return refusal


def _hold(accounts: set[int]) -> None:
    """Lock the accounts in the order in which a sync locks them."""
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in=accounts)
    list(rows.order_by("pk").values_list("pk", flat=True))


def _judged(read: Sequence[Wanted | ValueRefused]) -> tuple[list[Wanted], list[Outcome]]:
    """The contacts that differ from what stands, and what becomes of each row."""
    there = standing([one for one in read if isinstance(one, Wanted)])
    seen: dict[tuple[int, str], int] = {}
    good, results = [], []
    for place, one in enumerate(read):
        if isinstance(one, ValueRefused):
            results.append(Outcome("refused", None, one))
            continue
        key = (one.account_id, one.identifier)
        if key in seen:
            told = f"{one.identifier!r} stands in row {seen[key]} already."
            refusal = ValueRefused("identifier", told, "Send one row a person.")
            results.append(Outcome("refused", one.identifier, refusal))
            continue
        seen[key] = place
        contact = there.get(key)
        if contact and not differences(contact, one.values):
            results.append(Outcome("unchanged", one.identifier))
            continue
        results.append(Outcome("updated" if contact else "created", one.identifier))
        good.append(one)
    return good, results
