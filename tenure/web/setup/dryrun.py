"""Step 7, Dry run: what activation would make of what was read, by the identifier, mapping and
modes chosen. Nothing is made until a person says so here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from tenure.access.models import Member
from tenure.connections import read as connections
from tenure.connections import setups
from tenure.connections.models import SetUp, Site
from tenure.connections.setups import Step
from tenure.core.clock import SystemClock
from tenure.core.errors import TenureError
from tenure.customers import attributes
from tenure.sync import read as sync
from tenure.sync.models import Plan, PlanState
from tenure.sync.planning import background
from tenure.web.frame import member_of
from tenure.web.permissions import may_manage_sites, only
from tenure.web.runs.progress import Progress, progress
from tenure.web.setup import steps

SHOWN = 12
OBJECTS = {"account": "Accounts", "subscription": "Subscriptions", "attribute": "Attributes"}
# Sign and word of each verb, in the order in which people read them.
SIGNS = {
    "create": ("+", "to be made"),
    "update": ("~", "to be changed"),
    "override": ("!", "with manual values to be replaced"),
    "leave": ("=", "left as they are"),
    "pinned": ("▪", "with pinned values kept"),
    "conflict": ("?", "in conflict"),
    "unidentified": ("?", "without identifier"),
    "quarantine": ("?", "unreadable"),
}


@dataclass(frozen=True, slots=True)
class Count:
    """How many objects one verb is about."""

    sign: str
    verb: str
    words: str
    number: int


@dataclass(frozen=True, slots=True)
class Planned:
    """One site's dry run: still to wait for (``reading``), being worked out, ready or failed."""

    site: Site
    plan: Plan | None
    counts: Mapping[str, Sequence[Count]]
    entries: Sequence[Any]
    more: int
    reading: Progress | None = None

    @property
    def is_ready(self) -> bool:
        return self.plan is not None and self.plan.state == PlanState.READY

    @property
    def has_failed(self) -> bool:
        return self.plan is not None and self.plan.state == PlanState.FAILED


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_manage_sites)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The dry run, made anew whenever what it depends on has changed; POST makes the accounts."""
    setup = steps.setup_of(pk)
    if elsewhere := steps.misplaced(setup, Step.DRY_RUN):
        return elsewhere
    if request.method == "POST" and "again" in request.POST:
        setups.note(setup, plans=None)
        return HttpResponseRedirect(steps.address(setup, Step.DRY_RUN))
    planned = [_planned(setup, site, member_of(request)) for site in setups.sites_of(setup)]
    ready = all(one.is_ready for one in planned)
    if request.method == "POST" and ready:
        return steps.onward(setup, Step.DRY_RUN)
    shown = {
        "planned": planned,
        "is_ready": ready,
        "alive": not ready and not any(one.has_failed for one in planned),
        "made": _sum(planned, "create"),
        "lost": _sum(planned, "override"),
        "nobody": _sum(planned, "unidentified") + _sum(planned, "quarantine"),
        "rule": connections.identifier_rule(),
    }
    part = "web/setup/dry_run_live.html" if request.headers.get("HX-Target") == "plan-live" else ""
    return steps.show(request, setup, Step.DRY_RUN, shown, part=part)


def _planned(setup: SetUp, site: Site, member: Member) -> Planned:
    going = sync.active_run(site)
    if going:
        return Planned(site, None, {}, (), 0, progress(going, SystemClock().now()))
    plan = _plan(setup, site, member)
    if plan is None or plan.state != PlanState.READY:
        return Planned(site, plan, {}, (), 0)
    counts = {OBJECTS.get(k, k): _counts(v) for k, v in plan.counts.get("objects", {}).items()}
    entries = background.first_entries(plan, SHOWN)
    total = sum(
        number
        for kind, verbs in plan.counts.get("objects", {}).items()
        for verb, number in verbs.items()
        if kind != "subscription" and verb != "leave"
    )
    return Planned(site, plan, counts, entries, max(0, total - len(entries)))


def _plan(setup: SetUp, site: Site, member: Member) -> Plan | None:
    """The plan of the site for what is chosen now; asked for when there is none yet. A failed one
    stays until somebody asks again."""
    basis = _basis(site)
    kept = setup.choices.get("plans", {}).get(str(site.pk), {})
    if kept.get("basis") == basis:
        found = background.of_ids([kept["plan"]])
        if found:
            return found[0]
    try:
        with transaction.atomic():
            plan = background.ask(site, member=member, now=settings.TENURE_CLOCK.now())
            mine = {str(site.pk): {"plan": plan.pk, "basis": basis}}
            setups.note(setup, plans={**setup.choices.get("plans", {}), **mine})
    except TenureError as error:
        return Plan(
            site=site, state=PlanState.FAILED, reason=error.message, next_step=error.next_step
        )
    return plan


def _basis(site: Site) -> list[Any]:
    """Everything a plan depends on beside the records: another value of it makes a plan stale."""
    rule = connections.identifier_rule()
    newest = sync.runs(site, limit=1)
    mapping = [
        [*map(str, (kind, one.name, one.kind, one.path))]
        for kind in ("account", "subscription")
        for one in attributes.mapped(kind)
    ]
    return [
        rule.pk if rule else 0,
        newest[0].pk if newest else 0,
        site.accounts_mode,
        site.subscriptions_mode,
        site.allows_pins,
        mapping,
    ]


def _counts(verbs: Mapping[str, int]) -> Sequence[Count]:
    found = [
        Count(sign, verb, words, verbs.get(verb, 0))
        for verb, (sign, words) in SIGNS.items()
        if verbs.get(verb) or verb in ("create", "update", "override")
    ]
    return [one for one in found if one.number or one.verb == "create"] or found[:1]


def _sum(planned: Sequence[Planned], verb: str) -> int:
    objects = [one.plan.counts.get("objects", {}) for one in planned if one.plan and one.is_ready]
    return sum(found.get("account", {}).get(verb, 0) for found in objects)
