"""A run has one runner at a time, and whoever lost it cannot write."""

from datetime import timedelta

import pytest
from django.db import connection

from tenure.connections.models import Site
from tenure.core.clock import FrozenClock
from tenure.sync import lease, schedule
from tenure.sync.models import Run, RunState, Trigger
from tenure.sync.run import perform
from tenure.sync.write import cancel, request_run
from tests.flows.conftest import TODAY, Sync

pytestmark = pytest.mark.django_db(transaction=True)


def expire_lease(run: Run) -> None:
    """Let the lease end as if its holder had stopped a minute ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sync_run SET lease_expires_at = now() - interval '1 second' WHERE id = %s",
            [run.pk],
        )


def test_a_second_request_joins_the_run_that_is_going(us: Site) -> None:
    first, new = request_run(us, Trigger.MANUAL)
    second, also_new = request_run(us, Trigger.CLI)
    assert (new, also_new) == (True, False)
    assert first.pk == second.pk


def test_only_one_of_two_can_claim(us: Site) -> None:
    run, _ = request_run(us, Trigger.CLI)
    assert lease.claim(run.pk) == 1
    assert lease.claim(run.pk) is None


def test_a_worker_presumed_dead_cannot_commit_after_its_successor_started(us: Site) -> None:
    run, _ = request_run(us, Trigger.CLI)
    paused = lease.claim(run.pk)
    expire_lease(run)
    successor = lease.claim(run.pk)
    assert (paused, successor) == (1, 2)
    lease.guard(run.pk, successor)
    with pytest.raises(lease.LostLease):
        lease.guard(run.pk, paused)


def test_a_run_held_elsewhere_is_left_alone(us: Site) -> None:
    run, _ = request_run(us, Trigger.CLI)
    lease.claim(run.pk)
    left = perform(run.pk, FrozenClock(TODAY))
    assert left.state == RunState.RUNNING
    assert not left.streams.exists()


def test_a_dropped_run_is_queued_again_once_its_lease_has_ended(us: Site) -> None:
    run, _ = request_run(us, Trigger.CLI)
    lease.claim(run.pk)
    assert schedule.revive() == []
    expire_lease(run)
    assert [r.pk for r in schedule.revive()] == [run.pk]


def test_a_queued_run_whose_job_was_lost_is_queued_again(us: Site) -> None:
    run, _ = request_run(us, Trigger.CLI)
    assert schedule.revive() == []
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
        cursor.execute("UPDATE sync_run SET requested_at = now() - interval '31 seconds'")
    assert [r.pk for r in schedule.revive()] == [run.pk]


def test_a_run_asked_to_stop_stops_at_its_next_page(us: Site, sync: Sync) -> None:
    run, _ = request_run(us, Trigger.MANUAL)
    cancel(run)
    ended = perform(run.pk, FrozenClock(TODAY))
    assert ended.state == RunState.CANCELLED
    assert sync(us).state == RunState.COMPLETE


def test_a_new_site_is_due_at_once_and_then_by_its_schedule(us: Site, sync: Sync) -> None:
    (run,) = schedule.start_due(TODAY)
    assert run.trigger == Trigger.FIRST
    perform(run.pk, FrozenClock(TODAY))
    run.refresh_from_db()
    assert schedule.start_due(run.requested_at) == []  # midnight may be a minute away
    (night,) = schedule.start_due(run.requested_at + timedelta(hours=25))
    assert night.trigger == Trigger.SCHEDULE
