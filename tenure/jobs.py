"""What runs in the background. Each job is idempotent: delivery is at least once.

A worker that dies in mid-job leaves it marked as being done; ``tick`` finds the run by its expired
lease and queues it again, and the dead job is closed.
"""

import logging
from datetime import UTC, datetime

from django.conf import settings
from django.db import close_old_connections, transaction
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from tenure import flow
from tenure.access import outcomes
from tenure.core.clock import Clock
from tenure.customers import bulk_work
from tenure.customers.exchange import imports
from tenure.sync import activation, replays, schedule
from tenure.sync.planning import background
from tenure.sync.write import JOB

log = logging.getLogger(__name__)

STALLED_SECONDS = 30  # three heartbeats of the queue's worker; fewer hit healthy ones
KEEP_JOBS_HOURS = 24
PAST_CHUNKS = 20


def _clock() -> Clock:
    clock: Clock = settings.TENURE_CLOCK
    return clock


@app.task(name=JOB, queue="sync")
def pull(run_id: int) -> None:
    """Carry one run out, or leave it to whoever holds it."""
    close_old_connections()
    flow.pull(run_id, _clock())


@app.task(name=activation.JOB, queue="sync")
def activate(setup_id: int) -> None:
    """Make the accounts of the sites of a set-up, or leave it to whoever does it already."""
    close_old_connections()
    flow.activate(setup_id, _clock())


@app.task(name=replays.JOB, queue="sync", lock=replays.JOB)
def replay(replay_id: int) -> None:
    """Go through what is stored again, or leave it to whoever does."""
    close_old_connections()
    flow.replay(replay_id, _clock())


@app.task(name=background.JOB, queue="sync")
def work_out_plan(plan_id: int) -> None:
    """Work out what a sync would do, for whoever waits to see it."""
    close_old_connections()
    background.carry_out(plan_id, _clock().now())


@app.task(name=imports.JOB, queue="sync")
def carry_out_import(import_id: int) -> None:
    """Check, apply or undo an uploaded file as far as it was asked for."""
    close_old_connections()
    flow.bring_in(import_id, _clock())


@app.task(name=bulk_work.JOB, queue="sync")
def edit_many(edit_id: int) -> None:
    """Change very many accounts, or take it back, as far as it was asked for."""
    close_old_connections()
    flow.edit_many(edit_id, _clock())


# The library takes seconds from a sixth field, the last one.
@app.periodic(cron="* * * * * */10")
@app.task(name="tick", queue="tick", queueing_lock="tick", lock="tick")
def tick(timestamp: int) -> None:
    """Start what is due, take up what was dropped, refresh what time has moved."""
    close_old_connections()
    with transaction.atomic():
        schedule.revive()
        replays.revive()
        imports.revive()
        bulk_work.revive()
        schedule.start_due(datetime.now(UTC))
        activation.revive(datetime.now(UTC))
    flow.catch_up(_clock().now())
    flow.age(datetime.now(UTC), _clock())


@app.periodic(cron="* * * * * */10")
@app.task(name="look_back", queue="tick", queueing_lock="look_back", lock="look_back")
def look_back(timestamp: int) -> None:
    """Make out the time before the first sync, a few seconds' work at a time."""
    close_old_connections()
    for _ in range(PAST_CHUNKS):
        if not flow.look_back(_clock().now()):
            return


@app.periodic(cron="* * * * * */10")
@app.task(name="announce", queue="notify", queueing_lock="announce", lock="announce")
def announce(timestamp: int) -> None:
    """Tell people what waits to be told, in a queue of its own."""
    close_old_connections()
    flow.announce(_clock().now())


@app.periodic(cron="* * * * * */30")
@app.task(name="close_dead_jobs", queue="tick", queueing_lock="close_dead_jobs")
async def close_dead_jobs(timestamp: int) -> None:
    """Close jobs whose worker stopped beating; the work itself is taken up by ``tick``."""
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
    for job in stalled:
        log.warning("job %s (%s) lost its worker and is closed", job.id, job.task_name)
        await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)


@app.periodic(cron="37 * * * *")
@app.task(name="forget_outcomes", queue="tick", queueing_lock="forget_outcomes")
def forget_outcomes(timestamp: int) -> None:
    """Drop the kept answers of requests that nobody will repeat any more."""
    close_old_connections()
    outcomes.forget_old(_clock().now())


@app.periodic(cron="17 * * * *")
@app.task(name="remove_old_jobs", queue="tick", queueing_lock="remove_old_jobs", pass_context=True)
async def remove_old_jobs(context: JobContext, timestamp: int) -> None:
    """Keep the queue's tables small."""
    await app.job_manager.delete_old_jobs(
        nb_hours=KEEP_JOBS_HOURS, include_failed=True, include_cancelled=True
    )


@app.periodic(cron="23 * * * *")
@app.task(name="forget_old_imports", queue="tick", queueing_lock="forget_old_imports")
def forget_old_imports(timestamp: int) -> None:
    """Delete uploaded files that nobody applied, and rejects that nobody came for."""
    close_old_connections()
    imports.forget_old()
