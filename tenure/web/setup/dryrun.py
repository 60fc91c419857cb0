"""Step 7, Dry run: what activation would make of what was read, by the identifier, mapping and
modes chosen. Nothing is made until a person says so here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
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
from tenure.sync.models import Plan, PlanEntry, PlanState
from tenure.sync.planning import background
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, may_manage_sites, only
from tenure.web.plans.entries import VERBS, Row, Tile, rows
from tenure.web.plans.pages import pin_lost
from tenure.web.runs.progress import Progress, progress
from tenure.web.setup import steps

SHOWN, OF_EACH = 12, 2
KEPT = "Kept in the set-up"
# Whatever a person set by hand is shown in full; of everything else a few, and the rest in the plan.
IN_FULL = frozenset({"override"})


@dataclass(frozen=True, slots=True)
class Planned:
    """One site's dry run: still to wait for (``reading``), being worked out, ready or failed. ``tiles``
    count accounts, ``follows`` the subscriptions, which follow their source in any case."""

    site: Site
    plan: Plan | None
    tiles: Sequence[Tile] = ()
    rows: Sequence[Row] = ()
    more: int = 0
    lost: int = 0
    follows: int = 0
    may_keep: bool = False
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
    if request.method == "POST" and "keep" in request.POST:
        return _keep(request, setup)
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
        "rule": connections.identifier_rule(),
    }
    part = "web/setup/dry_run_live.html" if request.headers.get("HX-Target") == "plan-live" else ""
    return steps.show(request, setup, Step.DRY_RUN, shown, part=part)


def _keep(request: HttpRequest, setup: SetUp) -> HttpResponse:
    """Pin what one row of a site's dry run, or every row, would lose; then it is worked out anew."""
    pk, _, position = request.POST["keep"].partition(":")
    ours = {str(kept["plan"]) for kept in setup.choices.get("plans", {}).values()}
    found = background.of_ids([int(pk)]) if pk in ours else ()
    if found and may_edit_customers(member_of(request)):
        now, reason = settings.TENURE_CLOCK.now(), request.POST.get("reason", "").strip()[:500]
        try:
            kept = pin_lost(found[0], position, member_of(request), reason=reason or KEPT, now=now)
        except TenureError as error:
            messages.error(request, str(error))
        else:
            setups.note(setup, plans=None)
            values = f"{kept} value{'' if kept == 1 else 's'}"
            messages.success(request, f"{values} pinned. The dry run is worked out with them.")
    return HttpResponseRedirect(steps.address(setup, Step.DRY_RUN))


def _planned(setup: SetUp, site: Site, member: Member) -> Planned:
    going = sync.active_run(site)
    if going:
        return Planned(site, None, reading=progress(going, SystemClock().now()))
    plan = _plan(setup, site, member)
    if plan is None or plan.state != PlanState.READY:
        return Planned(site, plan)
    accounts: Mapping[str, int] = plan.counts.get("objects", {}).get("account", {})
    shown = _first(plan)
    return Planned(
        site,
        plan,
        tiles=[
            Tile(verb, accounts[verb.key], is_chosen=False)
            for verb in VERBS
            if accounts.get(verb.key)
        ],
        rows=rows(shown),
        more=max(0, sum(n for verb, n in accounts.items() if verb != "leave") - len(shown)),
        lost=accounts.get("override", 0),
        follows=sum(plan.counts.get("objects", {}).get("subscription", {}).values()),
        may_keep=may_edit_customers(member) and site.allows_pins,
    )


def _first(plan: Plan) -> Sequence[PlanEntry]:
    """Lost edits, as many as there is room for, then a few entries of every other kind."""
    found: list[PlanEntry] = []
    for verb in VERBS:
        room = SHOWN if verb.key in IN_FULL else OF_EACH
        found += background.first_entries(plan, room, verb=verb.key)
    return found


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


def _sum(planned: Sequence[Planned], verb: str) -> int:
    objects = [one.plan.counts.get("objects", {}) for one in planned if one.plan and one.is_ready]
    return sum(found.get("account", {}).get(verb, 0) for found in objects)
