"""What a plan says and what a run did, in a form in which the two can be held side by side."""

from datetime import datetime
from typing import Any

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.customers.models import Account, Change
from tenure.customers.write import By
from tenure.simulator.server import Served
from tenure.sync.models import Plan, Run
from tenure.sync.planning.making import make_plan


def clock_of(served: Served) -> datetime:
    """The present upstream."""
    return served.call(lambda simulator: simulator.world.now())


def planned(served: Served, site: Site, **options: Any) -> Plan:
    """A plan of the site's next sync, made now."""
    return make_plan(site, member=None, now=clock_of(served), **options)


def verbs(plan: Plan, kind: str = "account") -> dict[str, int]:
    """How many entries there are of each verb, for one kind of object."""
    found: dict[str, int] = {}
    for entry in plan.entries.filter(object_kind=kind):
        found[entry.verb] = found.get(entry.verb, 0) + 1
    return found


def promised(plan: Plan) -> dict[str, Any]:
    """What the plan says becomes of accounts: the values that differ, by identifier."""
    rows = plan.entries.filter(object_kind="account", verb__in=["update", "override"])
    return {entry.identifier: entry.changes for entry in rows}


def applied(run: Run) -> dict[str, Any]:
    """What the run changed about accounts it did not make: first old and last new value."""
    found: dict[str, Any] = {}
    rows = Change.objects.filter(change_set=run.change_set, object_kind="account").order_by("pk")
    made = set(
        Account.objects.filter(created_in=run.change_set).values_list("identifier", flat=True)
    )
    names = dict(Account.objects.values_list("pk", "identifier"))
    for row in rows:
        whole = found.setdefault(names[row.object_id], {})
        for field, (old, new) in row.changes.items():
            whole[field] = [whole.get(field, [old])[0], new]
    settled = {
        name: {f: pair for f, pair in changes.items() if pair[0] != pair[1]}
        for name, changes in found.items()
        if name not in made
    }
    return {name: changes for name, changes in settled.items() if changes}


def by_hand(email: str = "ann@tenure.example") -> By:
    """Somebody who edits."""
    member, _ = Member.objects.get_or_create(email=email)
    return By(member=member)
