"""Changes to runs: asking for one, ending one, moving a stream's mark."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.customers.history import open_set
from tenure.customers.models import ChangeSet, Origin
from tenure.sources.base import By, Stream, Window
from tenure.sync import lease, windows
from tenure.sync.models import ACTIVE, Mark, Phase, Plan, Run, RunState, StreamRun, StreamState

NOTE_LENGTH = 2_000
JOB = "pull"  # the background job that carries a run out, by name: the job itself stands above us


def request_run(
    site: Site,
    trigger: str,
    *,
    member: Member | None = None,
    full: bool = False,
    sweep: bool = False,
    remove_missing: bool = False,
    plan: Plan | None = None,
) -> tuple[Run, bool]:
    """Ask for a run of this site. ``(run, True)`` when it is new, ``(run, False)`` when one was
    already going and is joined. The job that does it is queued in the same transaction. A run's
    own times are real ones, by the database's clock, also where a demo's clock runs faster."""
    with transaction.atomic():
        Site.objects.select_for_update().get(pk=site.pk)  # twenty buttons at once make one run
        going = Run.objects.filter(site=site, state__in=ACTIVE).first()
        if going:
            return going, False
        run = Run.objects.create(
            site=site,
            trigger=trigger,
            member=member,
            full=full,
            sweep=sweep or remove_missing,
            remove_missing=remove_missing,
            requested_at=Now(),
            plan=plan,
        )
        enqueue(run)
        return run, True


def enqueue(run: Run) -> None:
    """Queue the job that carries this run out, once; in the caller's transaction."""
    # Inside a worker the app speaks over a connection of its own, where the job would be seen, and
    # fail, before our transaction has made the run.
    ours = JobManager(DjangoConnector())
    job = configure_task(name=JOB, job_manager=ours, queue="sync", queueing_lock=f"run-{run.pk}")
    with suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(run_id=run.pk)


def cancel(run: Run) -> None:
    """Ask a run to stop at its next page; what was read so far is kept and gone on from."""
    Run.objects.filter(pk=run.pk, state__in=ACTIVE).update(cancel_asked=True)


def break_off(site: Site) -> None:
    """End the run of this site now, whoever does it: the next page it would commit is refused."""
    rows = Run.objects.filter(site=site, state__in=ACTIVE)
    rows.update(
        state=RunState.CANCELLED,
        fence=F("fence") + 1,
        finished_at=Now(),
        lease_expires_at=None,
        waiting_until=None,
        reason="Broken off, because the site is removed.",
    )


def begin(run_id: int, *, now: datetime) -> tuple[Run, ChangeSet]:
    """The run with its change set and a row for each stream, made at its first start."""
    with transaction.atomic():
        run = Run.objects.select_related("site").select_for_update(of=("self",)).get(pk=run_id)
        if run.change_set is None:
            origin = open_set(Origin.SYNC, now=now, reason=f"Sync of {run.site.subdomain}")
            run.change_set = origin
            run.modes = {
                "accounts": run.site.accounts_mode,
                "subscriptions": run.site.subscriptions_mode,
            }
            run.save(update_fields=["change_set", "modes"])
        # As they were when the run began, also when it is taken up again after a switch (F38).
        modes = run.modes or {}
        run.site.accounts_mode = modes.get("accounts", run.site.accounts_mode)
        run.site.subscriptions_mode = modes.get("subscriptions", run.site.subscriptions_mode)
        StreamRun.objects.bulk_create(
            [StreamRun(run=run, stream=s, position=i) for i, s in enumerate(Stream)],
            ignore_conflicts=True,
        )
        return run, run.change_set


def end(
    run_id: int,
    fence: int,
    state: RunState,
    *,
    reason: str = "",
    next_step: str = "",
    retry_at: datetime | None = None,
) -> bool:
    """End the run if it is still ours; False when another worker has taken it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_run SET state = %s, reason = %s, next_step = %s, retry_at = %s,"
            " finished_at = clock_timestamp(), lease_expires_at = NULL, waiting_until = NULL"
            " WHERE id = %s AND fence = %s AND state = 'running'",
            [state, reason, next_step, retry_at, run_id, fence],
        )
        return bool(cursor.rowcount == 1)


def stream_state(run_id: int, stream: Stream, state: StreamState, *, note: str = "") -> None:
    """Say how far a stream is."""
    values: dict[str, object] = {"state": state}
    if note:
        values["note"] = note
    StreamRun.objects.filter(run_id=run_id, stream=stream).update(**values)


def note(run_id: int, stream: Stream, notices: Sequence[str]) -> None:
    """Add what an operator should see to the stream's note, each sentence once."""
    row = StreamRun.objects.get(run_id=run_id, stream=stream)
    new = [sentence for sentence in dict.fromkeys(notices) if sentence not in row.note]
    if new and len(row.note) < NOTE_LENGTH:
        row.note = " ".join(filter(None, [row.note, *new]))
        row.save(update_fields=["note"])


def expect(run_id: int, stream: Stream, left: int) -> None:
    """How many records of the stream are left to read, by upstream's own count."""
    rows = StreamRun.objects.filter(run_id=run_id, stream=stream)
    rows.update(expected=F("read") + max(left, 0))


def asked(run_id: int, stream: Stream, requests: int) -> None:
    """Count requests that brought no page: counts and the like."""
    rows = StreamRun.objects.filter(run_id=run_id, stream=stream)
    rows.update(requests=F("requests") + requests)


def mark(site: Site, stream: Stream) -> Mark:
    """The stream's mark, made when it is not there."""
    return Mark.objects.get_or_create(site=site, stream=stream)[0]


def load_begins(site: Site, stream: Stream, began: datetime, run_id: int, fence: int) -> None:
    """Open the first load's window, frozen at ``began`` by upstream's clock."""
    with transaction.atomic():
        lease.guard(run_id, fence)
        windows.open_window(site.pk, stream, Phase.LOAD, Window(By.CREATED, None, began))
        Mark.objects.filter(site=site, stream=stream).update(load_began_at=began, loaded_at=None)


def load_proved(
    site: Site,
    stream: Stream,
    began: datetime,
    *,
    counts: tuple[int, int] | None,
    run_id: int,
    fence: int,
) -> None:
    """Every window of the first load was read: what changed since it began comes next.

    ``counts`` are upstream's and ours where they were found equal.
    """
    values: dict[str, Any] = {"mark": began, "load_began_at": began, "loaded_at": began}
    if counts:
        values |= {"counted_at": began, "upstream_count": counts[0], "local_count": counts[1]}
    with transaction.atomic():
        lease.guard(run_id, fence)
        windows.close(site.pk, stream, Phase.LOAD)
        rows = Mark.objects.filter(site=site, stream=stream)
        rows.update(**values, loaded_by=run_id, volatile_at=began)


def changes_proved(site: Site, stream: Stream, end: datetime, run_id: int, fence: int) -> None:
    """The whole window was read: the mark moves to its end, and never back."""
    with transaction.atomic():
        lease.guard(run_id, fence)
        windows.close(site.pk, stream, Phase.CHANGES)
        Mark.objects.filter(site=site, stream=stream).exclude(mark__gt=end).update(mark=end)


def first_start(run_id: int, upstream_now: datetime) -> None:
    """Keep when the run first started by upstream's clock, also when it is taken up again."""
    Run.objects.filter(pk=run_id, upstream_end=None).update(upstream_end=upstream_now)


def checked(mark: Mark, **values: Any) -> None:
    """Record what a daily or weekly check found, here and on the row."""
    for name, value in values.items():
        setattr(mark, name, value)
    mark.save(update_fields=list(values))
