"""Taking an import back: what it changed gets its old value, what it made is hidden.

What somebody changed since then stays as it is. It is a change set of its own, so it is seen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from tenure.access.models import Member
from tenure.customers import write
from tenure.customers.contacts import write as contacts
from tenure.customers.exchange.accounts import HIDDEN, Act, removal_of
from tenure.customers.history import Batched
from tenure.customers.models import Account, Change, Contact, Import, ImportState, Origin
from tenure.customers.write import By

CHUNK = 500


Touch = Callable[[set[int]], None]
Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Undoing:
    """What every step of an undoing works with."""

    job: Import
    by: By
    batch: Act
    touch: Touch

    def count(self, *, undone: int, stayed: int) -> None:
        """Count what came back, and what stays because somebody has gone on with it."""
        counts = self.job.counts
        counts["undone"] = counts.get("undone", 0) + int(undone)
        counts["stayed"] = counts.get("stayed", 0) + int(stayed)

    def changes(self, kind: str, last: int) -> list[Change]:
        """The next changes of the import to objects of this kind."""
        rows = Change.objects.filter(change_set=self.job.change_set, object_kind=kind, pk__gt=last)
        return list(rows.order_by("pk")[:CHUNK])


def carry_out(job: Import, now: datetime, *, touch: Touch, watch: Watch) -> None:
    """Undo the import in chunks. Going on after a crash is safe: what is back already is left."""
    by = By(Origin.REVERT, job.member, f"Undo of {job.file_name}")
    undoing = _Undoing(job, by, Act(job.undone_in, now), touch)
    for step in (_values, _contacts, _made_accounts, _made_contacts):
        last = 0
        while True:
            with transaction.atomic():
                Import.objects.select_for_update(no_key=True).get(
                    pk=job.pk, state=ImportState.UNDOING
                )
                chunk = step(undoing, last)
                Import.objects.filter(pk=job.pk).update(counts=job.counts, beat_at=Now())
            if not chunk:
                break
            last = chunk
            watch(job.counts.get("undone", 0), job.total_rows)
    Import.objects.filter(pk=job.pk, state=ImportState.UNDOING).update(
        state=ImportState.UNDONE, finished_at=Now()
    )


def _values(undoing: _Undoing, last: int) -> int:
    changes = undoing.changes("account", last)
    rows = Account.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
    found = {a.pk: a for a in rows.filter(pk__in=[c.object_id for c in changes]).order_by("pk")}
    wanted: dict[int, dict[str, Any]] = {}
    for change in changes:
        account = found.get(change.object_id)
        if account is None:
            continue
        back = _back(account, change)
        kept = change.changes.keys() - {HIDDEN}
        undoing.count(undone=bool(back), stayed=len(back) < len(kept))
        if back:
            wanted[account.pk] = back
    batch = undoing.batch
    write.edit_each(wanted, undoing.by, now=batch.now, change_set=batch.change_set)
    _hide([found[c.object_id] for c in changes if HIDDEN in c.changes], batch)
    undoing.touch(set(found))
    return changes[-1].pk if changes else 0


def _back(account: Account, change: Change) -> dict[str, Any]:
    """The values to put back: those that nobody has changed since."""
    return {
        name: _as_member(old) if name == "owner" else old
        for place, (old, new) in change.changes.items()
        if (name := place.removeprefix("attributes.")) != HIDDEN
        and write.plain(write.value_of(account, name)) == new
    }


def _contacts(undoing: _Undoing, last: int) -> int:
    changes = undoing.changes("contact", last)
    batch = undoing.batch
    back = contacts.put_back(changes, undoing.by, batch.change_set, now=batch.now)
    for undone, stayed in back:
        undoing.count(undone=undone, stayed=stayed)
    return changes[-1].pk if changes else 0


def _made_accounts(undoing: _Undoing, last: int) -> int:
    own = undoing.job.change_set_id
    rows = Account.objects.filter(created_in=own, pk__gt=last, removed_at=None)
    made = list(rows.select_for_update(no_key=True).order_by("pk")[:CHUNK])
    billed = Account.objects.filter(
        pk__in=[a.pk for a in made], billing_accounts__isnull=False
    ).values_list("pk", flat=True)
    theirs = set(billed) | {a.pk for a in made if a.changed_in_id != own}
    # Somebody has gone on with those: they are not the import's alone any more.
    ours = [a for a in made if a.pk not in theirs]
    _hide(ours, undoing.batch)
    undoing.count(undone=len(ours), stayed=len(made) - len(ours))
    undoing.touch({account.pk for account in ours})
    return made[-1].pk if made else 0


def _made_contacts(undoing: _Undoing, last: int) -> int:
    own, batch = undoing.job.change_set_id, undoing.batch
    rows = Contact.objects.filter(created_in=own, pk__gt=last, removed_at=None)
    made = list(rows.select_for_update(no_key=True).order_by("pk")[:CHUNK])
    ours = [c for c in made if c.changed_in_id == own and not c.is_named]
    contacts.remove_each(ours, undoing.by, batch.change_set, now=batch.now)
    undoing.count(undone=len(ours), stayed=len(made) - len(ours))
    return made[-1].pk if made else 0


def _hide(accounts: list[Account], batch: Batched) -> None:
    if not accounts:
        return
    Account.objects.filter(pk__in=[a.pk for a in accounts]).update(removed_at=batch.now)
    Change.objects.bulk_create(removal_of(a, batch, None, batch.now) for a in accounts)


def _as_member(email: str | None) -> Member | None:
    return Member.objects.filter(email__iexact=email).first() if email else None
