"""Taking back what a person changed: one change set, one's own last one, or one value of the past.

What somebody changed since then stays: a value is put back only where it still is what the change
made it. Every way back is a change set of its own, so that it is seen and can be taken back too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tenure.access.models import Member
from tenure.customers import write
from tenure.customers.deciding import key_of
from tenure.customers.models import Account, Change, ChangeSet, Origin
from tenure.customers.write import By, Edited, ValueRefused, plain, value_of

BY_PEOPLE = (Origin.MANUAL, Origin.CSV)


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back. ``change_set`` is None when there was nothing to take back; ``stayed``
    counts the accounts where somebody has changed it again since."""

    of: ChangeSet | None
    change_set: ChangeSet | None
    accounts: tuple[int, ...] = ()
    stayed: int = 0


def last_of(member: Member) -> ChangeSet | None:
    """The member's newest change that nobody has taken back yet."""
    mine = ChangeSet.objects.filter(member=member, origin__in=BY_PEOPLE, undoes=None)
    return mine.filter(undone_by=None).order_by("-pk").first()


def undo_last(member: Member, now: datetime) -> Undone:
    """Take back the member's newest change."""
    found = last_of(member)
    if found is None:
        return Undone(None, None)
    return undo(found, By(Origin.REVERT, member), now)


def undo(change_set: ChangeSet, by: By, now: datetime) -> Undone:
    """Put back what the change set replaced, and hide the accounts it made."""
    with transaction.atomic():
        # One at a time: of two clicks the second finds it taken back.
        ChangeSet.objects.select_for_update(no_key=True).get(pk=change_set.pk)
        if ChangeSet.objects.filter(undoes=change_set).exists():
            return Undone(change_set, None)
        changes = Change.objects.filter(change_set=change_set, object_kind="account")
        wanted, stayed = _wanted(changes)
        edited = write.edit_each(wanted, by, now=now)
        made = Account.objects.filter(created_in=change_set, removed_at=None)
        hidden = tuple(made.filter(billing_accounts=None).values_list("pk", flat=True))
        Account.objects.filter(pk__in=hidden).update(removed_at=now)
        done = edited.change_set
        if done is None and hidden:
            done = ChangeSet(origin=by.origin, member=by.member, reason=by.reason, created_at=now)
        if done is not None:
            done.undoes = change_set
            done.save()
    return Undone(change_set, done, (*edited.accounts, *hidden), stayed)


def restore(account_id: int, field: str, change_id: int, by: By, now: datetime) -> Edited:
    """Give a field the value it had before one of its changes. Raises ValueRefused when that change
    is not of this field."""
    change = Change.objects.filter(
        pk=change_id, object_kind="account", object_id=account_id, changes__has_key=key_of(field)
    ).first()
    if change is None:
        raise ValueRefused(field, "There is no such change of this value.", "Reload the page.")
    old = change.changes[key_of(field)][0]
    return write.edit([account_id], {field: old}, by, now=now)


def _wanted(changes: Iterable[Change]) -> tuple[dict[int, dict[str, Any]], int]:
    """The values to put back by account, and how many accounts have one that was changed since."""
    listed = list(changes)
    rows = Account.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
    accounts = {a.pk: a for a in rows.filter(pk__in=[c.object_id for c in listed]).order_by("pk")}
    wanted: dict[int, dict[str, Any]] = {}
    stayed = 0
    for change in listed:
        account = accounts.get(change.object_id)
        if account is None:
            continue
        back = _back(account, change)
        stayed += len(back) < len(change.changes)
        if back:
            wanted[account.pk] = back
    return wanted, stayed


def _back(account: Account, change: Change) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place, (old, new) in change.changes.items():
        name = place.removeprefix("attributes.")
        if plain(value_of(account, name)) == new:
            found[name] = _owner(old) if name == "owner" else old
    return found


def _owner(email: str | None) -> Member | None:
    return Member.objects.filter(email__iexact=email).first() if email else None
