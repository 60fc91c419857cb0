"""A run is taken back: values as before it, later edits stay, and taking that back restores it."""

from typing import Any

import pytest

from tenure.connections.models import Site
from tenure.customers import revert, write
from tenure.customers.models import Account, BillingAccount
from tenure.customers.revert import RevertedAlready
from tenure.customers.write import By, Pin
from tenure.simulator.server import Served
from tenure.sync.models import Run
from tenure.sync.reverting import revert_run
from tests.flows.conftest import Sync
from tests.flows.planning import by_hand, clock_of, planned, verbs
from tests.flows.test_later_syncs import change, live
from tests.flows.test_plan import companies

pytestmark = pytest.mark.django_db(transaction=True)


def state() -> dict[str, Any]:
    """Every account that can be seen: its values, who owns it and what bills it."""
    found: dict[str, Any] = {}
    for account in Account.objects.filter(removed_at=None).select_related("owner"):
        bills = account.billing_accounts.order_by("upstream_id")
        found[account.identifier] = (
            account.name,
            account.state,
            account.attributes,
            account.owner and account.owner.email,
            list(bills.values_list("upstream_id", flat=True)),
        )
    return found


def busy(us: Site, sync: Sync, served: Served) -> Run:
    """A run that made accounts, changed some and overrode an edit."""
    sync(us)
    account = Account.objects.get(identifier=companies(served, us)[0]["code"])
    write.edit([account.pk], {"company": "By hand"}, by_hand(), now=clock_of(served))
    live(served, 60)
    for number, known in enumerate(companies(served, us)[1:4]):
        change(served, us, kind="accounts", id=known["id"], set={"company": f"New {number}"})
    return sync(us)


def test_values_are_as_before_the_run_and_the_accounts_it_made_are_hidden(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    account = Account.objects.get(identifier=companies(served, us)[0]["code"])
    write.edit([account.pk], {"company": "By hand"}, by_hand(), now=clock_of(served))
    before = state()
    live(served, 60)
    change(served, us, kind="accounts", id=companies(served, us)[1]["id"], set={"company": "New"})
    run = sync(us)
    after = state()
    assert after.keys() > before.keys()
    assert run.change_set
    counted = revert.count(run.change_set)
    done = revert_run(run, by_hand(), clock_of(served))
    assert state() == before
    assert done.counts == counted
    assert counted.hidden == len(after) - len(before)
    assert done.change_set
    revert.revert(done.change_set, by_hand(), clock_of(served))
    assert state() == after


def test_what_was_edited_since_stays_and_is_listed(us: Site, sync: Sync, served: Served) -> None:
    run = busy(us, sync, served)
    account = Account.objects.get(identifier=companies(served, us)[1]["code"])
    write.edit([account.pk], {"company": "Edited later"}, by_hand(), now=clock_of(served))
    assert run.change_set
    lines = {line.identifier: line for line in revert.preview(run.change_set)}
    told = lines[account.identifier].stayed["attributes.company"]
    assert told == [companies(served, us)[1]["company"], "Edited later"]
    revert_run(run, by_hand(), clock_of(served))
    account.refresh_from_db()
    assert account.attributes["company"] == "Edited later"


def test_a_run_is_taken_back_once(us: Site, sync: Sync, served: Served) -> None:
    run = busy(us, sync, served)
    revert_run(run, by_hand(), clock_of(served))
    with pytest.raises(RevertedAlready, match="taken back already"):
        revert_run(run, by_hand(), clock_of(served))


def test_daily_sync_brings_everything_back_at_its_next_run(
    us: Site, sync: Sync, served: Served
) -> None:
    run = busy(us, sync, served)
    after = state()
    revert_run(run, by_hand(), clock_of(served))
    plan = planned(served, us)
    assert verbs(plan)["override"] > 0
    sync(us)
    assert state() == after


def test_restored_values_that_are_pinned_withstand_the_next_run(
    us: Site, sync: Sync, served: Served
) -> None:
    run = busy(us, sync, served)
    account = Account.objects.get(identifier=companies(served, us)[0]["code"])
    revert_run(run, by_hand(), clock_of(served), pin=Pin("The source is wrong"))
    sync(us)
    account.refresh_from_db()
    assert account.attributes["company"] == "By hand"


def test_a_link_that_a_run_drew_is_taken_back_and_drawn_again(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    known = companies(served, us)[0]
    row = BillingAccount.objects.get(upstream_id=known["id"])
    BillingAccount.objects.filter(pk=row.pk).update(account=None, identified_as=None)
    live(served, 1)
    change(served, us, kind="accounts", id=known["id"], set={"company": "Linked again"})
    run = sync(us)
    row.refresh_from_db()
    linked = row.account_id
    assert linked
    assert revert_run(run, By(), clock_of(served)).counts.links == 1
    row.refresh_from_db()
    assert row.account_id is None
    sync(us)
    row.refresh_from_db()
    assert row.account_id == linked
