"""The Sync pages: how each site stands, the runs, one run as it goes on, and the quarantine."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.connections import read as connections
from tenure.connections.models import Mode, Site, SiteState
from tenure.core.clock import SystemClock
from tenure.identity import conflicts, unidentified
from tenure.sync import read as sync
from tenure.sync import write as syncing
from tenure.sync.models import Run, Trigger
from tenure.sync.standing import standings
from tenure.web.frame import member_of
from tenure.web.permissions import may_sync, only
from tenure.web.plans.differences import differences
from tenure.web.plans.entries import fields_of, labels
from tenure.web.runs.cards import card
from tenure.web.runs.progress import progress

PAGE = 25
POLL_STOPS = 286  # tells htmx that what it polls for has ended


@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """The sites as they stand and the newest runs; alive while a run goes on."""
    now = SystemClock().now()
    before = request.GET.get("before", "")
    found = sync.runs(limit=PAGE + 1, before=int(before) if before.isdecimal() else None)
    waiting = sync.quarantine_counts()
    shown = {
        "cards": [card(known, now, waiting.get(known.site.pk, 0)) for known in standings()],
        "runs": [progress(run, now) for run in found[:PAGE]],
        "more": found[PAGE - 1].pk if len(found) > PAGE else None,
        "first": not before,
        "may_sync": may_sync(member_of(request)),
        "alive": any(run.is_active for run in found),
        "quarantined": sum(waiting.values()),
        "conflicts": conflicts.count(),
        "unidentified": unidentified.count(),
        "imports": any(Mode.IMPORT in _modes(site) for site in connections.sites()),
    }
    part = request.headers.get("HX-Target") == "sync-live"
    return render(request, "web/runs/live.html" if part else "web/runs/sync.html", shown)


def _modes(site: Site) -> tuple[str, str]:
    return site.accounts_mode, site.subscriptions_mode


@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One run. A polling page gets its live part, and the word to stop when the run has ended."""
    found = _run(pk)
    known = progress(found, SystemClock().now())
    shown: dict[str, Any] = {"p": known, "run": found, "may_sync": may_sync(member_of(request))}
    if request.headers.get("HX-Target") != "run-live":
        plan = found.plan if found.plan_id and not found.is_active else None
        known_labels = labels()
        shown["differences"] = [
            (one, fields_of(one.now or {}, known_labels))
            for one in (differences(plan, limit=PAGE) if plan else ())
        ]
        return render(request, "web/runs/run.html", shown)
    return render(request, "web/runs/run_live.html", shown)


@require_POST
@only(may_sync)
def sync_now(request: HttpRequest) -> HttpResponse:
    """Ask for a run of one site, or of every connected one; a run already going is joined."""
    wanted = request.POST.get("site", "")
    sites = [s for s in connections.sites() if connections.is_connected(s)]
    if wanted:
        sites = [site for site in sites if str(site.pk) == wanted]
    asked = [_ask(site, request) for site in sites if site.state == SiteState.ACTIVE]
    if not asked:
        messages.error(request, "No site can be synced now: look at the state of each.")
        return HttpResponseRedirect(reverse("sync"))
    if len(asked) == 1:
        return HttpResponseRedirect(reverse("run", args=[asked[0].pk]))
    messages.success(request, f"{len(asked)} sites are being synced.")
    return HttpResponseRedirect(reverse("sync"))


def _ask(site: Site, request: HttpRequest) -> Run:
    found, created = syncing.request_run(
        site,
        Trigger.MANUAL,
        member=member_of(request),
        full=bool(request.POST.get("full")),
        sweep=bool(request.POST.get("sweep")),
    )
    if not created:
        messages.success(request, f"{site.subdomain}: a run was going on already; this is it.")
    return found


@require_POST
@only(may_sync)
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a run to stop at its next page; what it read stays."""
    syncing.cancel(_run(pk))
    messages.success(request, "The run stops at its next page; what it has read is kept.")
    return HttpResponseRedirect(reverse("run", args=[pk]))


@require_safe
def quarantine(request: HttpRequest) -> HttpResponse:
    """Records that could not be read, with the reason of each."""
    pages = Paginator(sync.quarantined(), PAGE)
    return render(
        request, "web/runs/quarantine.html", {"page": pages.get_page(request.GET.get("page"))}
    )


def _run(pk: int) -> Run:
    try:
        return sync.get_run(pk)
    except Run.DoesNotExist:
        raise Http404(f"There is no run {pk}. It may have been removed with its site.") from None
