"""Step 2, Test: what the check of each site found."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from tenure.connections import setups
from tenure.connections.check import check_sites
from tenure.connections.findings import Finding, Told, Verdict, told
from tenure.connections.setups import Step
from tenure.sync import write as syncing
from tenure.sync.models import Trigger
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites, only
from tenure.web.setup import steps

COUNTED = ("Accounts", "Subscriptions", "Invoices", "Custom fields")


@dataclass(frozen=True, slots=True)
class Checked:
    """One site's check with what a person must see first: how much there is, and what is in the way.
    ``site`` says in a sentence what kind of site it is."""

    told: Told
    site: Finding | None
    counts: Sequence[Finding]
    open: Sequence[Finding]


def checked(one: Told) -> Checked:
    """The check, its lines sorted by what they are to the reader."""
    return Checked(
        told=one,
        site=next((line for line in one.lines if line.what == "Site"), None),
        counts=[line for line in one.lines if line.what in COUNTED and line.told[0].isdecimal()],
        open=[line for line in one.lines if line.verdict in (Verdict.WARN, Verdict.BAD)],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_sites)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The check as it was made; again on request. Going on begins to read the sites."""
    setup = steps.setup_of(pk)
    if elsewhere := steps.misplaced(setup, Step.TEST):
        return elsewhere
    if request.method == "POST" and "again" in request.POST:
        reports = check_sites(setups.sites_of(setup), now=settings.TENURE_CLOCK.now())
        setups.keep_checks(setup, [told(report) for report in reports])
    elif request.method == "POST":
        for site in setups.sites_of(setup):
            syncing.request_run(site, Trigger.FIRST, member=member_of(request))
        return steps.to(setup, Step.SAMPLE)
    checks = setups.checks_of(setup)
    shown = {
        "shown": [checked(one) for one in checks],
        "is_bad": any(one.verdict == "bad" for one in checks),
        "is_weak": any(one.verdict == "warn" for one in checks),
        "has_begun": setup.step != Step.TEST,
    }
    return steps.show(request, setup, Step.TEST, shown)
