"""Step 1, Connect: sites and their keys. They are checked first; only when all are good is anything
saved, sealed and staged."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from tenure.connections import setups, write
from tenure.connections.check import check_keys
from tenure.connections.findings import Told, told
from tenure.connections.setups import Step
from tenure.connections.write import SitesRefused
from tenure.core.errors import ConfigurationError
from tenure.sources import registry
from tenure.sources.base import Source
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites, only
from tenure.web.setup import entries, steps
from tenure.web.setup.entries import Entries, Row


@sensitive_post_parameters("api_key", "map")
@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_sites)
def connect(request: HttpRequest) -> HttpResponse:
    """The form; when every key is good, its sites are staged and the next step shows the check."""
    source = _source(request)
    if request.method != "POST":
        rows = request.GET.get("rows", "1")
        return _show(request, source, entries.blank(int(rows) if rows.isdecimal() else 1))
    typed = entries.read(source, request.POST)
    if not typed.is_usable:
        return _show(request, source, typed, status=400)
    return _check(request, source, typed)


@require_safe
@only(may_manage_sites)
def row(request: HttpRequest) -> HttpResponse:
    """One more empty row for the form."""
    return render(
        request, "web/setup/row.html", {"row": Row(), "source": _source(request), "several": True}
    )


def _source(request: HttpRequest) -> Source:
    try:
        return registry.source(request.GET.get("source", registry.DEFAULT))
    except ConfigurationError as error:
        raise Http404(str(error)) from None


@sensitive_variables()
def _check(request: HttpRequest, source: Source, typed: Entries) -> HttpResponse:
    now = settings.TENURE_CLOCK.now()
    try:
        write.refuse_connected(source.key, typed.keys)
        reports = check_keys(source.key, typed.keys, typed.regions, now=now)
        if any(report.error for report in reports):
            return _refused(request, source, typed, [told(report) for report in reports])
        regions = {report.subdomain: report.region for report in reports}
        with transaction.atomic():
            sites = write.add_sites(source.key, typed.keys, regions, staged=True, now=now)
            setup = setups.begin(
                sites, [told(report) for report in reports], member=member_of(request), now=now
            )
    except SitesRefused as error:
        for outcome in error.outcomes:
            _at(typed, outcome.subdomain, str(outcome.error or ""))
        return _show(request, source, typed, status=400)
    return steps.to(setup, Step.TEST)


def _at(typed: Entries, subdomain: str, message: str) -> None:
    """Put a refusal at the entry it is about."""
    if not message:
        return
    if typed.is_map:
        typed.map_error = "Nothing was saved."
        typed.map_faults = [*typed.map_faults, message]
        return
    typed.rows[list(typed.keys).index(subdomain)].site_error = message


def _refused(
    request: HttpRequest, source: Source, typed: Entries, checks: Sequence[Told]
) -> HttpResponse:
    if not typed.is_map:
        for one, row in zip(checks, typed.rows, strict=True):
            row.told = one
    return _show(request, source, typed, checks=checks, status=400)


def _show(
    request: HttpRequest,
    source: Source,
    typed: Entries,
    *,
    checks: Sequence[Told] = (),
    status: int = 200,
) -> HttpResponse:
    bad = sum(1 for one in checks if one.verdict == "bad")
    shown: dict[str, Any] = {
        "typed": typed,
        "source": source,
        "checks": checks,
        "refused": bad,
        "spare": (settings.TENURE_DEMO or {}).get("spare"),
        "several": len(typed.rows) > 1,
    }
    return steps.show(request, None, Step.CONNECT, shown, status=status)
