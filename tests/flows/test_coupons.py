"""Coupons that an account has for itself: who is asked for them, what they do to MRR, and what is known
of them later."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tenure.connections.models import Site
from tenure.customers import coupons
from tenure.customers.models import AccountCoupon, BillingAccount, CouponTrace, Subscription
from tenure.metrics import explain, read
from tenure.metrics.models import MrrStep
from tenure.simulator.server import Served
from tenure.sync import coupons as asking
from tenure.sync.models import Mark, Run, RunState, StreamRun, StreamState
from tests.flows.conftest import TODAY, Sync
from tests.flows.planning import planned
from tests.flows.test_figures import business, by_currency, figures
from tests.flows.test_later_syncs import change, live
from tests.flows.test_trouble import fault
from tests.flows.upstream import upstream

pytestmark = pytest.mark.django_db(transaction=True)


def asked(served: Served) -> list[str]:
    """The accounts asked for their coupons since the last time, by id."""

    def take(simulator: Any) -> Iterator[str]:
        seen = simulator.log.entries()
        simulator.log.clear()
        return [one["path"] for one in seen if "coupon_redemptions" in one["path"]]

    return [path.split("/")[2] for path in served.call(take)]


def in_force(served: Served, site: Site) -> dict[str, dict[str, Any]]:
    """The redemptions that accounts have for themselves and that a bill has used, by account."""
    every = upstream(served, site.subdomain, "coupon_redemptions").values()
    return {
        one["account"]["id"]: one
        for one in every
        if one["state"] == "active" and not one["subscription_id"] and one["discounted"]
    }


def counts(run: Run) -> StreamRun:
    return StreamRun.objects.get(run=run, stream="coupon_redemptions")


def known(site: Site) -> dict[str, bool]:
    rows = AccountCoupon.objects.filter(site=site, known_to=None)
    return dict(rows.values_list("account_upstream_id", "active"))


def mrr_matches(served: Served, site: Site, upstream_id: str) -> bool:
    truth = business(served, site)[upstream_id]["mrr"]
    found = figures(site, upstream_id, "mrr")
    expected = by_currency(Subscription, site, truth)
    return found.keys() == expected.keys() and all(
        abs(found[code] - expected[code]) < Decimal("0.00001") for code in found
    )


def test_only_accounts_of_which_a_bill_tells_are_asked_and_their_coupons_come_off_mrr(
    us: Site, sync: Sync, served: Served
) -> None:
    theirs = in_force(served, us)
    run = sync(us)
    assert theirs
    assert sorted(asked(served)) == sorted(theirs)
    assert known(us) == dict.fromkeys(theirs, True)
    row = counts(run)
    assert (run.state, row.state) == (RunState.COMPLETE, StreamState.DONE)
    assert (row.read, row.created, row.requests) == (len(theirs), len(theirs), len(theirs))
    assert not CouponTrace.objects.exists()
    for upstream_id, redemption in theirs.items():
        assert mrr_matches(served, us, upstream_id)
        account = BillingAccount.objects.get(site=us, upstream_id=upstream_id).account_id
        assert account
        facts = read.facts_of([account])[account]
        assert "discounted" in facts.flags
        code = redemption["coupon"]["code"]
        (group,) = explain.parts(account, "mrr", TODAY)
        lines = [step.label for part in group.parts for step in part.steps]
        assert [line for line in lines if line == f"discount {code} 10 % of the account"]
        assert sum(part.amount.amount for part in group.parts if part.amount) == group.total.amount

    # Nothing is asked twice a day, and after a day whoever has one is looked at again.
    assert sync(us).state == RunState.COMPLETE
    assert asked(served) == []
    live(served, 1.01)
    assert planned(served, us).counts["requests"] > 0
    assert asked(served) == []  # a plan asks nobody
    run = sync(us)
    assert sorted(asked(served)) == sorted(theirs)
    assert (counts(run).created, counts(run).updated) == (0, 0)
    assert AccountCoupon.objects.filter(site=us).count() == len(theirs)

    # Where the site fails, the rest need not wait for it; where a key may not ask, nothing is missed.
    live(served, 1.01)
    fault(served, "status", path="/accounts/*/coupon_redemptions", args={"status": 500})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(asking, "TOGETHER", 1)
        patched.setattr(asking, "GIVEN_UP", 1)
        run = sync(us)
    assert (run.state, counts(run).state) == (RunState.INCOMPLETE, StreamState.FAILED)
    assert len(set(asked(served))) == 1 < len(theirs)
    served.call(lambda s: s.faults.clear())
    refused = {"status": 403, "kind": "invalid_permissions"}
    fault(served, "status", path="/accounts/*/coupon_redemptions", args=refused)
    run = sync(us)
    assert (run.state, counts(run).state) == (RunState.COMPLETE, StreamState.UNAVAILABLE)
    assert known(us) == dict.fromkeys(theirs, True)
    served.call(lambda s: s.faults.clear())
    assert sorted(set(asked(served))) == sorted(theirs)

    # Bills read before anybody looked for coupons in them are gone through once.
    AccountCoupon.objects.all().delete()
    Mark.objects.filter(stream="coupon_redemptions").update(loaded_at=None)
    sync(us)
    assert sorted(asked(served)) == sorted(theirs)
    AccountCoupon.objects.all().delete()
    sync(us)
    assert asked(served) == []


def test_a_coupon_counts_from_its_first_bill_until_it_is_taken_away(
    us: Site, sync: Sync, served: Served
) -> None:
    sync(us)
    lives = Subscription.objects.filter(
        site=us,
        state="active",
        pending_change__isnull=True,
        paused_at=None,
        auto_renew=True,
        unit_amount__gt=0,
        current_period_ends_at__lt=TODAY + timedelta(days=31),
        current_period_ends_at__gt=TODAY + timedelta(days=1),
    )
    lives = lives.exclude(trial_ends_at__gt=TODAY).exclude(account_upstream_id__in=known(us))
    upstream_id = lives.order_by("pk")[0].account_upstream_id
    before = figures(us, upstream_id, "mrr")
    asked(served)
    redeem = {"kind": "accounts", "id": upstream_id, "coupon": "PARTNER-10"}
    change(served, us, action="redeem_coupon", **redeem)
    live(served, 0.5)
    sync(us)
    assert upstream_id not in asked(served)  # no bill tells of it yet
    live(served, 31)
    sync(us)
    assert upstream_id in asked(served)
    assert figures(us, upstream_id, "mrr") != before
    assert mrr_matches(served, us, upstream_id)
    account = BillingAccount.objects.get(site=us, upstream_id=upstream_id).account_id

    # What it was is still known when it is gone, and its end is seen within a day.
    seen = served.call(lambda s: s.world.now())
    live(served, 0.2)
    removed = served.call(lambda s: s.world.now()).date()
    change(served, us, action="remove_coupon", **redeem)
    live(served, 1)
    fault(served, "status", path=f"/accounts/{upstream_id}/*", args={"status": 500})
    run = sync(us)
    assert run.state == RunState.INCOMPLETE
    assert "the coupons of one account could not be read" in run.reason
    assert run.next_step == "They are asked again by the next run."
    assert known(us)[upstream_id] is True
    served.call(lambda s: s.faults.clear())
    run = sync(us)
    assert run.state == RunState.COMPLETE
    assert known(us)[upstream_id] is False
    assert mrr_matches(served, us, upstream_id)
    assert [one.active for one in coupons.held(account, seen + timedelta(hours=1))] == [True]
    assert coupons.held(account, None) == []
    last = MrrStep.objects.filter(account_id=account).order_by("day").last()
    assert last
    assert (last.reason, last.day) == ("discount", removed)
