"""Ending the staging of the sites of a set-up: in the background, seen as it goes on, paused and
gone on with. What was done is found done, so a worker that dies costs nothing but the time.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection, transaction
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from tenure.connections import setups
from tenure.connections.models import SetUp, Site
from tenure.core.clock import Clock
from tenure.core.errors import TenureError
from tenure.customers.write import By
from tenure.sync import replay, write
from tenure.sync.models import Trigger

log = logging.getLogger(__name__)

JOB = "activate"  # the background job, by name: the job itself stands above us
SILENT = timedelta(seconds=30)  # after which somebody else takes it up
NOTED_EVERY = timedelta(seconds=0.5)
LOCK = 7_301_642  # the first half of the advisory locks of this file


class State(StrEnum):
    """How far the activation of a set-up is."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    COMPLETE = "complete"


GOING = (State.QUEUED, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Activation:
    """The activation of a set-up as it stands: rows gone through, of how many, since when.

    ``reason`` and ``next_step`` say why it failed. Times are by real clocks.
    """

    state: State
    done: int
    total: int
    started_at: datetime | None
    finished_at: datetime | None
    beat_at: datetime | None
    reason: str
    next_step: str

    @property
    def is_going(self) -> bool:
        """Whether it will go on by itself."""
        return self.state in GOING


class _Paused(Exception):
    """A person asked to pause."""


def of(setup: SetUp) -> Activation | None:
    """The activation of this set-up; None while nobody has asked for it."""
    kept = setup.choices.get("activation")
    if not kept:
        return None
    rows = [tuple(pair) for pair in kept.get("rows", {}).values()]
    return Activation(
        state=State(kept["state"]),
        done=sum(done for done, _ in rows),
        total=sum(total for _, total in rows),
        started_at=_time(kept.get("started_at")),
        finished_at=_time(kept.get("finished_at")),
        beat_at=_time(kept.get("beat_at")),
        reason=kept.get("reason", ""),
        next_step=kept.get("next_step", ""),
    )


def ask(setup: SetUp) -> None:
    """Begin the activation, or go on with it; the job is queued in the same transaction."""
    with transaction.atomic():
        going = of(setups.get(setup.pk))
        if going and (going.is_going or going.state == State.COMPLETE):
            return
        _note(setup, state=State.QUEUED, beat_at=_now(), reason="", next_step="")
        _enqueue(setup)


def pause(setup: SetUp) -> None:
    """Ask it to stop after the rows in hand; ``ask`` goes on from there."""
    with transaction.atomic():
        going = of(setups.get(setup.pk))
        if going and going.is_going:
            _note(setup, state=State.PAUSED)


def revive(now: datetime) -> None:
    """Queue again what nobody does any more."""
    for setup in setups.unfinished():
        going = of(setup)
        if going and going.is_going and going.beat_at and now - going.beat_at > SILENT:
            _enqueue(setup)


def carry_out(setup_id: int, clock: Clock) -> None:
    """Make the accounts of the set-up's sites in this process, unless another one is doing it or
    it was paused. Every kind of trouble ends as a state with its reason; none is raised."""
    with _alone(setup_id) as mine:
        setup = SetUp.objects.select_related("member").filter(pk=setup_id).first()
        going = of(setup) if setup else None
        if not (mine and setup and going and going.is_going):
            return
        started = going.started_at or datetime.now(UTC)
        _note(setup, state=State.RUNNING, started_at=started.isoformat(), beat_at=_now())
        try:
            _activate(setup, clock)
        except _Paused:
            return
        except Exception as error:  # noqa: BLE001 - whoever watches must hear how it ended
            _failed(setup, error)


def _activate(setup: SetUp, clock: Clock) -> None:
    by = By(member=setup.member, reason="Set up")
    for site in setups.sites_of(setup):
        if site.pk not in _kept(setup).get("done", ()):
            watch = _Watch(setup, site)
            replay.activate(site, by=by, now=clock.now(), progress=watch)
            watch.note(final=True)
    with transaction.atomic():
        # What changed since the records were read comes with an ordinary run, by the modes chosen.
        for site in setups.sites_of(setup):
            write.request_run(site, Trigger.MANUAL, member=setup.member)
        _note(setup, state=State.COMPLETE, finished_at=_now(), beat_at=_now())
        if setup.choices.get("unattended"):  # nobody will come to the last step
            setups.finish(setup, clock.now())


def _failed(setup: SetUp, error: Exception) -> None:
    log.error("the activation of set-up %s broke off", setup.pk, exc_info=error)
    told = error.message if isinstance(error, TenureError) else f"{type(error).__name__}: {error}"
    step = error.next_step if isinstance(error, TenureError) else ""
    kept = "What was made so far stays. Go on to try the rest again."
    _note(setup, state=State.FAILED, reason=told, next_step=f"{step} {kept}".strip())


class _Watch:
    """Hears how far the activation of one site is; notes it, and breaks off when it was paused."""

    def __init__(self, setup: SetUp, site: Site) -> None:
        self._setup, self._site = setup, site
        self._noted = datetime.min.replace(tzinfo=UTC)
        self._rows = (0, 0)

    def __call__(self, done: int, total: int) -> None:
        self._rows = (done, total)
        if datetime.now(UTC) - self._noted >= NOTED_EVERY:
            self.note()
            if _kept(self._setup)["state"] == State.PAUSED:
                raise _Paused

    def note(self, *, final: bool = False) -> None:
        self._noted = datetime.now(UTC)
        with transaction.atomic():
            kept = _kept(self._setup)
            rows = {**kept.get("rows", {}), str(self._site.pk): list(self._rows)}
            done = [*kept.get("done", ()), *([self._site.pk] if final else ())]
            _note(self._setup, rows=rows, done=done, beat_at=_now())


def _kept(setup: SetUp) -> Mapping[str, Any]:
    fresh = SetUp.objects.filter(pk=setup.pk).values_list("choices", flat=True).first() or {}
    kept: Mapping[str, Any] = fresh.get("activation") or {"state": State.PAUSED}
    return kept


def _note(setup: SetUp, **values: Any) -> None:
    with transaction.atomic():
        locked = SetUp.objects.select_for_update().get(pk=setup.pk)
        setups.note(setup, activation={**locked.choices.get("activation", {}), **values})


@contextmanager
def _alone(setup_id: int) -> Iterator[bool]:
    """Whether this process has the activation for itself; the database frees it when it dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, setup_id])
        [mine] = cursor.fetchone() or [False]
    try:
        yield bool(mine)
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, setup_id])


def _enqueue(setup: SetUp) -> None:
    job = configure_task(
        name=JOB,
        job_manager=JobManager(DjangoConnector()),
        queue="sync",
        queueing_lock=f"activate-{setup.pk}",
    )
    with suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(setup_id=setup.pk)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
