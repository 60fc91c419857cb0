"""Which sites are due: by their schedule, or because a run that stopped said when to go on."""

from datetime import datetime

from tenure.connections import read as connections
from tenure.connections.models import Site, SiteState
from tenure.connections.schedule import next_due
from tenure.sync import read, write
from tenure.sync.models import Run, RunState, Trigger


def start_due(now: datetime) -> list[Run]:
    """Ask for a run of every site that is due at ``now`` (real time)."""
    started = []
    for site in connections.sites():
        trigger = _due(site, now)
        if trigger:
            run, new = write.request_run(site, trigger)
            started += [run] if new else []
    return started


def next_start(site: Site) -> datetime | None:
    """When the site will be synced by itself next; None while it will not be."""
    if site.state != SiteState.ACTIVE or not connections.is_connected(site):
        return None
    last = _last(site)
    if last and last.retry_at:
        return last.retry_at
    if site.staged:
        return None
    return next_due(site.schedule, last.requested_at if last else None, site.created_at)


def revive() -> list[Run]:
    """Queue again the runs whose worker is gone; they go on from their last page."""
    runs = read.stalled()
    for run in runs:
        write.enqueue(run)
    return runs


def _due(site: Site, now: datetime) -> Trigger | None:
    if site.state != SiteState.ACTIVE or not connections.is_connected(site):
        return None
    last = _last(site)
    if last and last.is_active:
        return None
    if last and last.state == RunState.INCOMPLETE and last.retry_at and last.retry_at <= now:
        return Trigger.SCHEDULE
    if site.staged:
        return None  # whoever sets it up says when it is read; what was cut off went on above
    if last is None:
        return Trigger.FIRST
    due = next_due(site.schedule, last.requested_at, now)
    return Trigger.SCHEDULE if due and due <= now else None


def _last(site: Site) -> Run | None:
    return next(iter(read.runs(site, limit=1)), None)
