"""Steps 8 and 9, Progress and Done: accounts are made in the background; then they are there."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_safe

from tenure.connections import schedule, setups
from tenure.connections.models import SetUp
from tenure.connections.setups import Step
from tenure.core.clock import SystemClock
from tenure.customers import read as customers
from tenure.customers import touched
from tenure.metrics import read as metrics
from tenure.sync import activation
from tenure.sync import read as sync
from tenure.sync.activation import Activation, State
from tenure.web.permissions import may_manage_sites, only
from tenure.web.runs.progress import progress as progress_of
from tenure.web.setup import steps

FIRST_ACCOUNTS = 5


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_sites)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Phases with real counts; POST pauses or goes on."""
    setup = steps.setup_of(pk)
    if elsewhere := steps.misplaced(setup, Step.PROGRESS):
        return elsewhere
    if request.method == "POST":
        (activation.pause if "pause" in request.POST else activation.ask)(setup)
        return HttpResponseRedirect(steps.address(setup, Step.PROGRESS))
    going = activation.of(setup)
    if going is None:
        return HttpResponseRedirect(steps.address(setup, Step.DRY_RUN))
    shown = _shown(setup, going)
    if shown["is_done"]:
        setups.reach(setup, Step.DONE)
    part = (
        "web/setup/progress_live.html" if request.headers.get("HX-Target") == "setup-live" else ""
    )
    return steps.show(request, setup, Step.PROGRESS, shown, part=part)


def _shown(setup: SetUp, going: Activation) -> dict[str, Any]:
    now = SystemClock().now()
    sites = setups.sites_of(setup)
    newest = [run for site in sites for run in sync.runs(site, limit=1)]
    waiting = touched.count()
    made = going.state == State.COMPLETE
    runs_left = any(run.is_active for run in newest)
    return {
        "going": going,
        "share": _share(going),
        "rate": _rate(going, now),
        "remaining": _remaining(going, now),
        "lasted": ((going.finished_at or now) - going.started_at) if going.started_at else None,
        "waiting": waiting,
        "runs": [progress_of(run, now) for run in newest] if made else [],
        "first": customers.first_of_sites([site.pk for site in sites], FIRST_ACCOUNTS),
        "is_done": made and not runs_left and not waiting,
        "alive": going.is_going or (made and (runs_left or bool(waiting))),
        "made": made,
    }


def _share(going: Activation) -> int:
    if going.state == State.COMPLETE:
        return 100
    return min(99, going.done * 100 // going.total) if going.total else 0


def _rate(going: Activation, now: datetime) -> float | None:
    if not going.started_at:
        return None
    seconds = ((going.finished_at or now) - going.started_at).total_seconds()
    return going.done / seconds if seconds >= 1 else None


def _remaining(going: Activation, now: datetime) -> timedelta | None:
    pace = _rate(going, now)
    left = going.total - going.done
    return timedelta(seconds=left / pace) if pace and left and going.is_going else None


@require_safe
@only(may_manage_sites)
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """What there is now, and what is worth doing next. The set-up ends here."""
    setup = steps.setup_of(pk)
    if elsewhere := steps.misplaced(setup, Step.DONE):
        return elsewhere
    setups.finish(setup, settings.TENURE_CLOCK.now())
    sites = setups.sites_of(setup)
    ids = [site.pk for site in sites]
    shown = {
        "held": customers.staged_counts(ids),
        "made": customers.accounts_of_sites(ids),
        "totals": metrics.totals(),
        "kept": [(site, schedule.in_words(site.schedule)) for site in sites],
        "unlinked": customers.unlinked_of_sites(ids),
    }
    return steps.show(request, setup, Step.DONE, shown)
