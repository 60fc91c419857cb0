"""Step 3, Sample: the records are read and staged. Nobody need wait for the end to go on."""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from tenure.connections import setups
from tenure.connections.models import Site, SiteState
from tenure.connections.setups import Step
from tenure.core.clock import SystemClock
from tenure.customers import read as customers
from tenure.sync import read as sync
from tenure.sync import write as syncing
from tenure.sync.models import Run, Trigger
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites, only
from tenure.web.runs.progress import Progress, progress
from tenure.web.setup import steps

PATIENCE = timedelta(seconds=10)
# They arrive inside invoices, so their own streams have nothing more to bring.
NESTED = ("transactions", "credit_payments")


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_sites)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """How far each site is read, alive while it goes on."""
    setup = steps.setup_of(pk)
    if elsewhere := steps.misplaced(setup, Step.SAMPLE):
        return elsewhere
    sites = setups.sites_of(setup)
    if request.method == "POST" and "again" in request.POST:
        for site in sites:
            syncing.request_run(site, Trigger.FIRST, member=member_of(request))
        return steps.to(setup, Step.SAMPLE)
    if request.method == "POST":
        return steps.onward(setup, Step.SAMPLE)
    read = [_newest(site) for site in sites]
    held = customers.staged_counts([site.pk for site in sites])
    shown = {
        "read": [one for one in read if one],
        "late": [one.run.pk for one in read if one and _is_late(one.run, SystemClock().now())],
        "alive": any(one.run.is_active for one in read if one),
        "stopped": [one for one in read if one and _has_stopped(one.run)],
        "needs_key": [site for site in sites if site.state == SiteState.NEEDS_KEY],
        "held": held,
        "nested": NESTED,
    }
    part = "web/setup/sample_live.html" if request.headers.get("HX-Target") == "sample-live" else ""
    return steps.show(request, setup, Step.SAMPLE, shown, part=part)


def _newest(site: Site) -> Progress | None:
    found = sync.runs(site, limit=1)
    return progress(found[0], SystemClock().now()) if found else None


def _is_late(run: Run, now: datetime) -> bool:
    """Nobody took it up although a worker would have."""
    return run.state == "queued" and now - run.requested_at > PATIENCE


def _has_stopped(run: Run) -> bool:
    """Ended before everything was read, and nothing goes on by itself."""
    return not run.is_active and run.state != "complete" and run.retry_at is None
