"""Taking an import back, a chunk at a time: what it changed gets its old value, what it made is hidden.

It is the same as any other way back (``customers.revert``) but for going on after a crash. What
somebody changed since then stays as it is. It is a change set of its own, so it is seen.
"""

from collections.abc import Callable
from datetime import datetime
from types import ModuleType

from django.db import transaction
from django.db.models.functions import Now

from tenure.customers.models import Import, ImportState, Origin
from tenure.customers.revert import accounts, contacts, links
from tenure.customers.revert.act import Act
from tenure.customers.write import By

Touch = Callable[[set[int]], None]
Watch = Callable[[int, int], None]


def carry_out(job: Import, now: datetime, *, touch: Touch, watch: Watch) -> None:
    """Undo the import in chunks. Going on after a crash is safe: what is back already is left."""
    if job.change_set is None:
        raise ValueError(f"{job.file_name} was never applied.")
    by = By(Origin.REVERT, job.member, f"Undo of {job.file_name}")
    act = Act(job.change_set, by, now, made=job.undone_in)
    for kind in (accounts, contacts):
        last = 0
        while chunk := _one(job, kind, last, act, touch):
            last = chunk
            watch(job.counts.get("undone", 0), job.total_rows)
    with transaction.atomic():
        touch(links.put_back(act)[1])
    Import.objects.filter(pk=job.pk, state=ImportState.UNDOING).update(
        state=ImportState.UNDONE, finished_at=Now()
    )


def _one(job: Import, kind: ModuleType, last: int, act: Act, touch: Touch) -> int:
    """Take back the next chunk of a kind of object; the number of its last, 0 when none is left."""
    with transaction.atomic():
        Import.objects.select_for_update(no_key=True).get(pk=job.pk, state=ImportState.UNDOING)
        ids = kind.touched(act.of, last)
        lines = list(kind.of(act.of, ids, lock=True))
        touch(kind.put_back(lines, act))
        for name, count in (
            ("undone", sum(line.does_something for line in lines)),
            ("stayed", sum(bool(line.stayed) for line in lines)),
        ):
            job.counts[name] = job.counts.get(name, 0) + count
        Import.objects.filter(pk=job.pk).update(counts=job.counts, beat_at=Now())
    return ids[-1] if ids else 0
