"""A run with a plan does what was shown, or stops with nothing applied and shows the difference."""

import pytest

from tenure import flow
from tenure.connections.models import Site
from tenure.core.clock import FrozenClock
from tenure.core.errors import ConfigurationError
from tenure.customers import write
from tenure.customers.models import Account, Change
from tenure.customers.write import Pin
from tenure.simulator.server import Served
from tenure.sync.models import Plan, Run, RunState, Trigger
from tenure.sync.planning import holding
from tests.flows.conftest import Sync
from tests.flows.planning import applied, by_hand, clock_of, planned, promised, verbs
from tests.flows.test_later_syncs import change, live
from tests.flows.test_plan import companies

pytestmark = pytest.mark.django_db(transaction=True)


def apply(served: Served, plan: Plan) -> Run:
    """Carry a plan out, through the whole flow."""
    run = holding.apply(plan, Trigger.CLI, member=None)
    return flow.pull(run.pk, FrozenClock(clock_of(served)))


def renamed(served: Served, site: Site, which: int, company: str) -> str:
    """Rename a company upstream; its account code."""
    known = companies(served, site)[which]
    change(served, site, kind="accounts", id=known["id"], set={"company": company})
    return str(known["code"])


def test_a_plan_that_holds_is_applied_as_shown(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    live(served, 1)
    code = renamed(served, us, 0, "Renamed Works")
    plan = planned(served, us)
    run = apply(served, plan)
    plan.refresh_from_db()
    assert (run.state, run.reason) == (RunState.COMPLETE, "")
    assert promised(plan) == applied(run) != {}
    assert plan.outcome == {"run": run.pk, "held": True, "applied": True, "differences": []}
    assert Account.objects.get(identifier=code).name == "Renamed Works"


def test_a_plan_that_no_longer_holds_stops_the_run_and_shows_the_difference(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    live(served, 1)
    first, second = (renamed(served, us, i, f"New {i}") for i in (0, 1))
    plan = planned(served, us)
    live(served, 0.01)
    renamed(served, us, 1, "Something else")
    third = renamed(served, us, 2, "New 2")
    run = apply(served, plan)
    plan.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "1 added, 0 gone, 1 changed" in run.reason
    assert not Change.objects.filter(change_set=run.change_set).exists()
    again = Plan.objects.get(replaces=plan)
    assert f"plan {again.pk}" in run.next_step
    found = holding.differences(plan.pk, again.pk, limit=10)
    assert {(one.what, one.identifier) for one in found} == {("changed", second), ("added", third)}
    assert first in promised(again)
    assert apply(served, again).state == RunState.COMPLETE


def test_an_edit_made_after_the_plan_was_shown_stops_the_run(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    plan = planned(served, us)
    account = Account.objects.get(identifier=companies(served, us)[0]["code"])
    write.edit([account.pk], {"company": "Just now"}, by_hand(), now=clock_of(served))
    run = apply(served, plan)
    account.refresh_from_db()
    assert run.state == RunState.FAILED
    assert account.attributes["company"] == "Just now"


def test_a_value_kept_by_a_pin_leaves_the_next_plan(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    account = Account.objects.get(identifier=companies(served, us)[0]["code"])
    write.edit([account.pk], {"company": "By hand"}, by_hand(), now=clock_of(served))
    assert verbs(planned(served, us)) == {"override": 1}
    write.pin(account.pk, ["company"], Pin("Ours"), by_hand(), now=clock_of(served))
    again = planned(served, us)
    assert verbs(again) == {"pinned": 1}
    assert apply(served, again).state == RunState.COMPLETE
    account.refresh_from_db()
    assert account.attributes["company"] == "By hand"


def test_a_plan_of_a_staged_site_is_not_for_a_sync(us: Site, sync: Sync, served: Served) -> None:
    Site.objects.update(staged=True)
    us.refresh_from_db()
    sync(us)
    plan = planned(served, us)
    with pytest.raises(ConfigurationError, match="all that is stored"):
        holding.apply(plan, Trigger.CLI, member=None)
