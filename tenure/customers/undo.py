"""Taking back what a person changed: one change set, one's own last one, or one value of the past.

What somebody changed since then stays: a value is put back only where it still is what the change
made it. Every way back is a change set of its own, so that it is seen and can be taken back too.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef

from tenure.access.models import Member
from tenure.customers import write
from tenure.customers.deciding import key_of
from tenure.customers.models import Change, ChangeSet, Origin
from tenure.customers.revert import Counts, RevertedAlready, revert
from tenure.customers.write import By, Edited, ValueRefused

BY_PEOPLE = (Origin.MANUAL, Origin.CSV)


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back. ``change_set`` is None when there was nothing to take back; ``counts``
    tells also of what somebody has changed again since."""

    of: ChangeSet | None
    change_set: ChangeSet | None
    accounts: tuple[int, ...] = ()
    counts: Counts = field(default_factory=Counts)


def last_of(member: Member) -> ChangeSet | None:
    """The member's newest change that nobody has taken back yet. Decisions about whose records are
    (merges, conflicts, another rule) are not values: they have ways back of their own."""
    mine = ChangeSet.objects.filter(member=member, origin__in=BY_PEOPLE, undoes=None)
    mine = mine.exclude(changes__object_kind="identity")
    # One that was taken back and restored since counts again.
    back = ChangeSet.objects.filter(undoes=OuterRef("pk"), undone_by=None)
    return mine.filter(~Exists(back)).order_by("-pk").first()


def undo_last(member: Member, now: datetime) -> Undone:
    """Take back the member's newest change."""
    found = last_of(member)
    if found is None:
        return Undone(None, None)
    return undo(found, By(Origin.REVERT, member), now)


def undo(change_set: ChangeSet, by: By, now: datetime) -> Undone:
    """Put back what the change set replaced, and hide the accounts and contacts it made."""
    try:
        done = revert(change_set, by, now)
    except RevertedAlready:
        return Undone(change_set, None)
    return Undone(change_set, done.change_set, tuple(sorted(done.accounts)), done.counts)


def restore(account_id: int, name: str, change_id: int, by: By, now: datetime) -> Edited:
    """Give a field the value it had before one of its changes. Raises ValueRefused when that change
    is not of this field."""
    change = Change.objects.filter(
        pk=change_id, object_kind="account", object_id=account_id, changes__has_key=key_of(name)
    ).first()
    if change is None:
        raise ValueRefused(name, "There is no such change of this value.", "Reload the page.")
    old = change.changes[key_of(name)][0]
    return write.edit([account_id], {name: old}, by, now=now)
