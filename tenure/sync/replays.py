"""Replays as jobs: asked for with the change they follow, carried out by whoever claims them first,
taken up again when that one dies."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from tenure.connections import read as connections
from tenure.connections.models import Site
from tenure.core.clock import Clock
from tenure.core.garbage import searched_seldom
from tenure.customers.mapping import Changed
from tenure.customers.models import Origin
from tenure.customers.write import By
from tenure.sync.models import Replay
from tenure.sync.replay import Progress, replay

JOB = "replay"
LEASE = "60 seconds"
ATTEMPTS = 5


def after(changed: Changed, by: By) -> Replay:
    """The replay that a change of the mapping calls for. In the change's own transaction."""
    return _ask(by, filling=list(changed.filling), retyped=dict(changed.retyped))


def again(by: By, sites: Iterable[Site] | None = None) -> Replay:
    """Go through everything that is stored once more, or through what these sites stored."""
    return _ask(by, sites=None if sites is None else [site.pk for site in sites])


def _ask(by: By, **how: object) -> Replay:
    with transaction.atomic():
        asked = Replay.objects.create(member=by.member, reason=by.reason, requested_at=Now(), **how)
        _enqueue(asked.pk)
        asked.refresh_from_db()
    return asked


def _enqueue(pk: int) -> None:
    ours = JobManager(DjangoConnector())  # in this transaction, also inside a worker
    job = configure_task(
        name=JOB, job_manager=ours, queue="sync", queueing_lock=f"replay-{pk}", lock=JOB
    )
    with suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(replay_id=pk)


def perform(replay_id: int, clock: Clock, progress: Progress | None = None) -> Replay:
    """Carry it out in this process and return it; as it is, when somebody else holds it.

    What goes wrong is kept on it and raised; it is taken up again, a few times.
    """
    if not _claim(replay_id):
        return Replay.objects.get(pk=replay_id)
    asked = Replay.objects.select_related("change_set", "member").get(pk=replay_id)
    try:
        with searched_seldom():
            _carry_out(asked, clock.now(), progress)
    except Exception as error:
        trouble = f"{type(error).__name__}: {error}"[:2_000]
        Replay.objects.filter(pk=replay_id).update(trouble=trouble, lease_expires_at=None)
        raise
    return Replay.objects.get(pk=replay_id)


def _carry_out(asked: Replay, now: datetime, progress: Progress | None) -> None:
    def moved(done: int, total: int) -> None:
        Replay.objects.filter(pk=asked.pk).update(done=done, total=total)
        _renew(asked.pk)
        if progress:
            progress(done, total)

    sites = connections.sites()
    chosen = [site for site in sites if asked.sites is None or site.pk in asked.sites]
    done = replay(
        chosen,
        by=By(Origin.SYNC, asked.member, asked.reason),
        now=now,
        filling=asked.filling,
        retyped=asked.retyped,
        progress=moved,
        under=asked,
    )
    outcome = {
        "created": done.created,
        "identified": done.identified,
        "updated": done.updated,
        "subscriptions": done.subscriptions,
    }
    Replay.objects.filter(pk=asked.pk).update(finished_at=Now(), outcome=outcome, trouble="")


def _claim(replay_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_replay SET lease_expires_at = clock_timestamp() + %s::interval,"
            " attempts = attempts + 1, started_at = coalesce(started_at, clock_timestamp())"
            " WHERE id = %s AND finished_at IS NULL"
            " AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())",
            [LEASE, replay_id],
        )
        return bool(cursor.rowcount)


def _renew(replay_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_replay SET lease_expires_at = clock_timestamp() + %s::interval"
            " WHERE id = %s",
            [LEASE, replay_id],
        )


def revive() -> int:
    """Queue again what nobody holds any more; how many."""
    rows = Replay.objects.filter(finished_at=None, attempts__lt=ATTEMPTS)
    left = rows.filter(Q(lease_expires_at=None) | Q(lease_expires_at__lt=Now()))
    for pk in left.values_list("pk", flat=True):
        _enqueue(pk)
    return left.count()


def newest() -> Replay | None:
    """The newest replay there is."""
    return Replay.objects.select_related("member").first()


def get(pk: int) -> Replay:
    """The replay. Raises Replay.DoesNotExist."""
    return Replay.objects.select_related("member").get(pk=pk)
