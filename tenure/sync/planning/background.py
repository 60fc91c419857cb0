"""A plan worked out in the background, because a large site's takes longer than a page may."""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.core.errors import TenureError
from tenure.sync import read
from tenure.sync.models import Plan, PlanEntry, PlanState
from tenure.sync.planning import making

LONGEST_WAIT = 60  # seconds
JOB = "work_out_plan"  # by name: the job itself stands above us
UNFORESEEN = "Something unforeseen happened: {}: {}"


def ask(site: Site, *, member: Member | None, now: datetime, whole: bool | None = None) -> Plan:
    """A plan that is being worked out; its state says when it can be looked at. A run that goes on is
    waited for; ``whole`` is as ``making.make_plan`` takes it. Raises TenureError where there cannot be
    one now."""
    with transaction.atomic():
        plan = making.begin(site, member=member, now=now, whole=whole, waits=True)
        enqueue(plan)
    return plan


def enqueue(plan: Plan) -> None:
    """Queue the job that works the plan out, once; in the caller's transaction."""
    ours = JobManager(DjangoConnector())
    job = configure_task(name=JOB, job_manager=ours, queue="sync", queueing_lock=f"plan-{plan.pk}")
    with suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(plan_id=plan.pk)


def carry_out(plan_id: int, now: datetime) -> None:
    """Work the plan out, unless that is done already. Trouble is kept on it and not raised."""
    plan = Plan.objects.select_related("site", "member").filter(pk=plan_id).first()
    if plan is None or plan.state != PlanState.WORKING:
        return
    try:
        _wait(plan)
        making.work_out(plan, now=now)
    except TenureError as error:
        _fail(plan, error.message, error.next_step)
    except Exception as error:  # noqa: BLE001 - whoever waits for the plan must hear of it
        _fail(plan, UNFORESEEN.format(type(error).__name__, error), "Plan again.")


def _wait(plan: Plan) -> None:
    """Wait a while for the site's run to end, as it changes what a plan is made from."""
    for _ in range(LONGEST_WAIT):
        if read.active_run(plan.site) is None:
            return
        time.sleep(1)
    making.refuse_running(plan.site)


def _fail(plan: Plan, reason: str, next_step: str) -> None:
    Plan.objects.filter(pk=plan.pk).update(
        state=PlanState.FAILED, reason=reason, next_step=next_step
    )


def first_entries(plan: Plan, limit: int, *, verb: str) -> Sequence[PlanEntry]:
    """The first entries of a kind. Subscriptions are only counted: they follow their source in any
    case."""
    return list(plan.entries.exclude(object_kind="subscription").filter(verb=verb)[:limit])


def of_ids(ids: Sequence[int]) -> Sequence[Plan]:
    """These plans, with their sites."""
    return list(Plan.objects.select_related("site").filter(pk__in=ids).order_by("site__priority"))
