"""Making a plan: read upstream's changes, work out what a run would do with them, keep the answer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection, transaction

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.connections.read import endpoint
from tenure.core.errors import ConfigurationError, TemporaryError, TenureError
from tenure.customers import payers
from tenure.customers.models import Account, Contact
from tenure.customers.models import Subscription as StoredSubscription
from tenure.sources import registry
from tenure.sources.base import Stream
from tenure.sync import read
from tenure.sync.models import Plan, PlanState
from tenure.sync.planning import entries, pending
from tenure.sync.planning.upstream import ChangesReader, Upstream
from tenure.sync.planning.working import Working

T = TypeVar("T")


def make_plan(
    site: Site,
    *,
    member: Member | None,
    now: datetime,
    read_all: bool = False,
    whole: bool | None = None,
) -> Plan:
    """What the next sync of the site would do. Nothing but the plan is written.

    A staged site's plan shows what it would make of all that is stored once it is activated;
    ``whole`` asks the same of any site. Left out, everything is looked at while a change of the
    mapping has not been gone through yet. Raises TenureError: a site that was never read is planned
    only with ``read_all``, and none while a run goes on.
    """
    plan = begin(site, member=member, now=now, read_all=read_all, whole=whole)
    try:
        work_out(plan, now=now)
    except TenureError as error:
        failed(plan, error)
        raise
    return plan


def begin(
    site: Site,
    *,
    member: Member | None,
    now: datetime,
    read_all: bool = False,
    whole: bool | None = None,
    waits: bool = False,
) -> Plan:
    """A plan still to be worked out. Raises TenureError where there cannot be one now; with ``waits``
    whoever works it out waits for a run that goes on."""
    _refuse_unread(site, read_all=read_all)
    if not waits:
        refuse_running(site)
    waiting = pending.of(site)
    return Plan.objects.create(
        site=site,
        member=member,
        created_at=now,
        state=PlanState.WORKING,
        whole=(site.staged or bool(waiting)) if whole is None else whole,
        pending=waiting.told(),
    )


def work_out(plan: Plan, *, now: datetime) -> None:
    """Read upstream and fill the plan. Raises TenureError with nothing kept but the plan's row."""
    with ThreadPoolExecutor(1, thread_name_prefix=f"plan-{plan.pk}") as thread:
        try:
            upstream = asyncio.run(_read(plan, thread))
        finally:
            thread.submit(_close).result()
    fill(plan, upstream, now=now)


def fill(plan: Plan, upstream: Upstream, *, now: datetime) -> None:
    """Keep what a run would do with what was read upstream."""
    waiting = pending.of(plan.site) if plan.whole else pending.Pending()
    working = Working(plan.site, upstream, now, whole=plan.whole, pending=waiting)
    with transaction.atomic():
        counts = entries.keep(plan, working.entries())
        _count_the_rest(plan.site, counts, upstream)
        plan.pending = waiting.told() if plan.whole else plan.pending
        plan.upstream_end, plan.counts, plan.state = upstream.end, counts, PlanState.READY
        plan.save()


def failed(plan: Plan, error: TenureError) -> None:
    """Keep on the plan why it could not be worked out."""
    plan.state, plan.reason, plan.next_step = PlanState.FAILED, error.message, error.next_step
    plan.save(update_fields=["state", "reason", "next_step"])


def _refuse_unread(site: Site, *, read_all: bool) -> None:
    mark = read.marks(site).get(Stream.ACCOUNTS)
    if not read_all and (mark is None or mark.loaded_at is None):
        raise ConfigurationError(
            f"{site.subdomain} has not been read yet, so there is nothing to compare with.",
            next_step=(
                "Run its first pull while it is staged: that makes no account and can be planned"
                f" at once. Or read everything just for the plan: tenure plan {site.subdomain}"
                " --read-all."
            ),
        )


def refuse_running(site: Site) -> None:
    """Raises TemporaryError while a run of the site goes on."""
    going = read.active_run(site)
    if going:
        raise TemporaryError(
            f"{site.subdomain}: run {going.pk} is going on and changes what a plan is made from.",
            next_step="Plan again when it has ended, or stop it first.",
        )


async def _read(plan: Plan, thread: ThreadPoolExecutor) -> Upstream:
    loop = asyncio.get_running_loop()

    async def db(act: Callable[..., T], *args: Any) -> T:
        return await loop.run_in_executor(thread, act, *args)

    site = plan.site
    source = registry.source(site.source)
    async with source.connect(await db(endpoint, site)) as line:
        facts = await line.identify()
        refuse_other_site(site, facts.site_id, facts.subdomain)
        reader = ChangesReader(line, site, db, Upstream(facts.upstream_now))
        return await reader.read_everything(await db(read.marks, site))


def refuse_other_site(site: Site, site_id: str, subdomain: str) -> None:
    """Raises ConfigurationError when the stored key opens another site by now (F19)."""
    if site_id != site.site_id:
        raise ConfigurationError(
            f"{site.subdomain}: the stored key now belongs to {subdomain}; nothing was read.",
            next_step=f"Replace the key of {site.subdomain} under Settings > Integrations.",
        )


def _close() -> None:
    connection.close()


def _count_the_rest(site: Site, counts: dict[str, Any], upstream: Upstream) -> None:
    """What stays as it is, and how many facts follow in any case."""
    theirs = Account.objects.filter(payers.fed_by([site.pk]), removed_at=None)
    people = Contact.objects.filter(removed_at=None, account__in=theirs)
    held = {
        "account": theirs.count(),
        "contact": people.count(),
        "subscription": StoredSubscription.objects.filter(site_id=site.pk, removed_at=None).count(),
    }
    for kind, here in held.items():
        counted = counts["objects"].setdefault(kind, {})
        changed = sum(counted.get(verb, 0) for verb in ("update", "override"))
        # What comes back is not among those that are here.
        counted["leave"] = here - changed + counts["back"].get(kind, 0)
    counts["following"] = upstream.following
    counts["read"], counts["requests"] = upstream.read, upstream.requests
    counts["notes"] = upstream.notes
