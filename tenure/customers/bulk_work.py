"""An edit of very many accounts at work in the background, and taking it back: a chunk at a time.

Each chunk commits with how far it is, so that whoever takes the edit up after a crash goes on from
there. All of it is one change set, and so is what takes it back.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Now
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from tenure.core.errors import ConfigurationError, TenureError
from tenure.customers import tags, write
from tenure.customers.history import open_set
from tenure.customers.models import BulkEdit, BulkState, ChangeSet, Origin
from tenure.customers.revert import accounts as reverting
from tenure.customers.revert import reverted_by
from tenure.customers.revert.act import Act
from tenure.customers.values import ValueRefused, read_values
from tenure.customers.write import By, Edited, Pin

JOB = "edit_many"
CHUNK = 500
STALE_SECONDS = 60
WORKING = (BulkState.CHANGING, BulkState.UNDOING)

Touch = Callable[[set[int]], None]


def ask(
    accounts: Sequence[int],
    field: str,
    value: object,
    by: By,
    *,
    now: datetime,
    pin: Pin | None = None,
) -> BulkEdit:
    """Ask for this field to be set on these accounts. Raises ValueRefused for a value that cannot be."""
    read_values({field: value})
    with transaction.atomic():
        return _asked(accounts, field, value, by, _opened(by, now), now=now, pin=pin)


def ask_tags(
    accounts: Sequence[int], add: Sequence[str], remove: Sequence[str], by: By, *, now: datetime
) -> BulkEdit:
    """Ask for tags to be given and taken away; other tags stay. Raises ValueRefused where “tags” is an
    attribute of another kind."""
    with transaction.atomic():
        change_set = _opened(by, now)
        tags.ensure(by, now, change_set)
        value = {"add": list(add), "remove": list(remove)}
        return _asked(accounts, tags.NAME, value, by, change_set, now=now, pin=None)


def changes_tags(job: BulkEdit) -> bool:
    """Whether it gives and takes tags, rather than setting a value: no list is a mapping."""
    return job.field == tags.NAME and isinstance(job.value, dict)


def _opened(by: By, now: datetime) -> ChangeSet:
    return open_set(by.origin, now=now, member=by.member, reason=by.reason)


def _asked(
    accounts: Sequence[int],
    field: str,
    value: object,
    by: By,
    change_set: ChangeSet,
    *,
    now: datetime,
    pin: Pin | None,
) -> BulkEdit:
    asked = BulkEdit.objects.create(
        member=by.member,
        field=field,
        value=value,
        pin=_pin_as_json(pin),
        reason=by.reason,
        accounts=list(accounts),
        total=len(accounts),
        change_set=change_set,
        created_at=now,
        beat_at=Now(),
    )
    _enqueue(asked.pk)
    return BulkEdit.objects.get(pk=asked.pk)


def ask_undo(pk: int, *, now: datetime) -> BulkEdit:
    """Ask for an edit to be taken back. Raises ValueRefused when there is nothing to take back."""
    with transaction.atomic():
        job = BulkEdit.objects.select_for_update(no_key=True).get(pk=pk)
        if job.state != BulkState.DONE or reverted_by(job.change_set):
            raise ValueRefused("state", "This edit is taken back already, or still at work.")
        undo = open_set(Origin.REVERT, now=now, member=job.member, reason=f"Undo: {job}")
        undo.undoes = job.change_set
        undo.save(update_fields=["undoes"])
        job.undone_in, job.state, job.done, job.finished_at = undo, BulkState.UNDOING, 0, None
        job.beat_at = Now()
        job.save(update_fields=["undone_in", "state", "done", "finished_at", "beat_at"])
        _enqueue(pk)
    return BulkEdit.objects.get(pk=pk)


def carry_out(pk: int, now: datetime, *, touch: Touch) -> BulkEdit:
    """Change or take back, whichever was asked for, to its end; or leave it to whoever does it."""
    job = BulkEdit.objects.select_related("member", "change_set", "undone_in").get(pk=pk)
    step = {BulkState.CHANGING: _change, BulkState.UNDOING: _take_back}.get(BulkState(job.state))
    try:
        while step and step(job, now, touch):
            pass
    except TenureError as error:
        rows = BulkEdit.objects.filter(pk=pk, state=job.state)
        rows.update(state=BulkState.FAILED, trouble=str(error), finished_at=Now())
    return BulkEdit.objects.get(pk=pk)


def _change(job: BulkEdit, now: datetime, touch: Touch) -> bool:
    """Do the next chunk; whether there may be more for us."""
    with transaction.atomic():
        if not _is_ours(job):
            return False
        if reverted_by(job.change_set):
            raise ConfigurationError(
                "Somebody took back what was changed so far, so the rest was left as it is."
            )
        chunk = job.accounts[job.done : job.done + CHUNK]
        by = By(Origin(job.change_set.origin), job.member, job.reason)
        edited = _edited(job, chunk, by, now)
        touch(set(edited.accounts))
        _advance(job, len(chunk), {"changed": len(edited.accounts)}, BulkState.DONE)
    return job.state == BulkState.CHANGING


def _edited(job: BulkEdit, chunk: Sequence[int], by: By, now: datetime) -> Edited:
    one, value = job.change_set, job.value
    if changes_tags(job) and value:
        return tags.change(chunk, value["add"], value["remove"], by, now=now, change_set=one)
    wanted = {job.field: value}
    return write.edit(chunk, wanted, by, now=now, pin=_pin_of(job), change_set=one)


def _take_back(job: BulkEdit, now: datetime, touch: Touch) -> bool:
    with transaction.atomic():
        if not _is_ours(job):
            return False
        by = By(Origin.REVERT, job.member, job.undone_in.reason if job.undone_in else "")
        act = Act(job.change_set, by, now, made=job.undone_in)
        chunk = sorted(job.accounts)[job.done : job.done + CHUNK]
        lines = list(reverting.of(act.of, chunk, lock=True))
        touch(reverting.put_back(lines, act))
        back = sum(line.does_something for line in lines)
        counts = {"undone": back, "stayed": sum(bool(line.stayed) for line in lines)}
        _advance(job, len(chunk), counts, BulkState.UNDONE)
    return job.state == BulkState.UNDOING


def _is_ours(job: BulkEdit) -> bool:
    """Hold the edit until the transaction ends; whether it is where we left it."""
    held = BulkEdit.objects.select_for_update(no_key=True).only("state", "done").get(pk=job.pk)
    return (held.state, held.done) == (job.state, job.done)


def _advance(job: BulkEdit, chunk: int, counts: dict[str, int], end: BulkState) -> None:
    job.done += chunk
    job.counts = {**job.counts, **{n: job.counts.get(n, 0) + count for n, count in counts.items()}}
    if job.done >= job.total:
        job.state, job.finished_at = end, Now()
    job.beat_at = Now()
    job.save(update_fields=["done", "counts", "state", "finished_at", "beat_at"])


def revive() -> None:
    """Queue edits again whose worker is gone."""
    long_ago = Now() - Value(timedelta(seconds=STALE_SECONDS))
    stale = BulkEdit.objects.filter(state__in=WORKING, beat_at__lt=long_ago)
    for pk in stale.values_list("pk", flat=True):
        _enqueue(pk)


def _enqueue(pk: int) -> None:
    ours = JobManager(DjangoConnector())  # in this transaction, also inside a worker
    task = configure_task(name=JOB, job_manager=ours, queue="sync", queueing_lock=f"edit-many-{pk}")
    with suppress(AlreadyEnqueued), transaction.atomic():
        task.defer(edit_id=pk)


def _pin_as_json(pin: Pin | None) -> dict[str, str | None] | None:
    if pin is None:
        return None
    return {"reason": pin.reason, "until": pin.until.isoformat() if pin.until else None}


def _pin_of(job: BulkEdit) -> Pin | None:
    until = job.pin and job.pin["until"]
    return job.pin and Pin(job.pin["reason"], until and datetime.fromisoformat(until))
