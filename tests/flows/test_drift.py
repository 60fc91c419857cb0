"""Import Only keeps what was imported; the drift report says what the source says now, and money."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tenure.connections.models import Mode, Site
from tenure.customers import comparisons, drift, write
from tenure.customers.models import (
    Account,
    Attribute,
    BillingAccount,
    Change,
    Comparison,
    Subscription,
)
from tenure.customers.write import ValueRefused
from tenure.metrics import drift as money
from tenure.simulator.server import Served
from tenure.sync.reverting import undo_last, undo_one
from tests.api.conftest import a_caller
from tests.flows.conftest import Sync
from tests.flows.planning import by_hand, clock_of
from tests.flows.test_later_syncs import change, live
from tests.flows.test_plan import companies
from tests.flows.upstream import upstream

pytestmark = pytest.mark.django_db(transaction=True)


def drifted(us: Site, sync: Sync, served: Served) -> Account:
    """An imported account that the source has renamed since, and which nobody touched here."""
    Site.objects.update(accounts_mode=Mode.IMPORT, subscriptions_mode=Mode.IMPORT)
    us.refresh_from_db()
    sync(us)
    known = companies(served, us)[0]
    live(served, 0.01)
    change(served, us, kind="accounts", id=known["id"], set={"company": "Renamed Works"})
    sync(us)
    return Account.objects.get(identifier=known["code"])


def test_what_the_source_says_now_is_counted_by_field(us: Site, sync: Sync, served: Served) -> None:
    account = drifted(us, sync, served)
    found = drift.count([us])
    assert (found.accounts, dict(found.fields)) == (1, {"company": 1, "name": 1})
    one = next(one for one in drift.listing([us]) if one.field == "company")
    assert (one.account_id, one.held, one.says) == (
        account.pk,
        account.attributes["company"],
        "Renamed Works",
    )


def test_an_accepted_value_is_the_sources_and_follows_nothing(
    us: Site, sync: Sync, served: Served
) -> None:
    account = drifted(us, sync, served)
    before = account.attributes["company"]
    done = drift.accept(
        account.pk, "company", by_hand(), now=clock_of(served), shown="Renamed Works"
    )
    account.refresh_from_db()
    assert account.attributes["company"] == "Renamed Works"
    assert account.sources["company"]["site"] == us.subdomain
    assert Change.objects.get(change_set=done.change_set).changes == {
        "attributes.company": [before, "Renamed Works"]
    }
    known = companies(served, us)[0]
    live(served, 0.01)
    change(served, us, kind="accounts", id=known["id"], set={"company": "Once more"})
    sync(us)
    account.refresh_from_db()
    assert account.attributes["company"] == "Renamed Works"


def test_a_value_that_moved_on_is_not_accepted(us: Site, sync: Sync, served: Served) -> None:
    account = drifted(us, sync, served)
    with pytest.raises(ValueRefused, match="something else by now"):
        drift.accept(account.pk, "company", by_hand(), now=clock_of(served), shown="Old news")


def test_all_of_a_field_is_accepted_as_one_change(us: Site, sync: Sync, served: Served) -> None:
    drifted(us, sync, served)
    done = drift.accept_all([us], by_hand(), now=clock_of(served), name="company")
    assert len(done.accounts) == 1
    assert dict(drift.count([us]).fields) == {"name": 1}
    drift.accept_all([us], by_hand(), now=clock_of(served))
    assert drift.count([us]).values == 0


def test_a_site_in_daily_sync_does_not_drift(us: Site, sync: Sync, served: Served) -> None:
    sync(us)
    account = Account.objects.get(identifier=companies(served, us)[0]["code"])
    write.edit([account.pk], {"company": "By hand"}, by_hand(), now=clock_of(served))
    assert drift.importing() == []


def test_an_accepted_value_is_taken_back_and_differs_again(
    us: Site, sync: Sync, served: Served
) -> None:
    account = drifted(us, sync, served)
    before = (account.attributes["company"], account.sources.get("company"))
    by = by_hand()
    drift.accept(account.pk, "company", by, now=clock_of(served))
    assert by.member
    undo_last(by.member, clock_of(served))
    account.refresh_from_db()
    assert account.attributes["company"] == before[0]
    assert account.sources["company"].keys() == {"back"}
    assert drift.count([us]).fields["company"] == 1


def test_what_is_compared_is_kept_until_something_it_was_made_of_changes(
    us: Site, sync: Sync, served: Served
) -> None:
    account = drifted(us, sync, served)
    assert comparisons.settle() == 0
    assert drift.count([us], settled=True).values == 2
    write.edit([account.pk], {"company": "Renamed Works"}, by_hand(), now=clock_of(served))
    assert drift.count([us], settled=True).values == 2
    assert dict(drift.count([us]).fields) == {"name": 1}
    BillingAccount.objects.filter(account=account).update(company="Third name")
    assert dict(drift.count([us]).fields) == {"company": 1, "name": 1}
    Attribute.objects.filter(name="company").update(source_field="")
    assert dict(drift.count([us]).fields) == {"name": 1}
    Site.objects.update(accounts_mode=Mode.DAILY)
    assert drift.count(drift.importing([us])).values == 0


def test_many_accounts_are_compared_some_at_a_time(us: Site, sync: Sync, served: Served) -> None:
    drifted(us, sync, served)
    Comparison.objects.all().delete()
    everything = Account.objects.filter(removed_at=None).count()
    assert comparisons.settle(most=5) == everything - 5
    assert comparisons.settle(most=everything) == 0
    assert Comparison.objects.count() == everything


def changed_agreement(us: Site, sync: Sync, served: Served) -> dict[str, Any]:
    """A subscription that was imported with an attribute, and of which the source has changed the
    quantity and the purchase order since; as it was then."""
    Site.objects.update(subscriptions_mode=Mode.IMPORT)
    us.refresh_from_db()
    Attribute.objects.create(
        name="po",
        object_kind="subscription",
        label="PO",
        kind="text",
        source_field="subscription.po_number",
    )
    sync(us)
    known = next(
        one
        for one in upstream(served, us.subdomain, "subscriptions").values()
        if one["state"] == "active" and one["quantity"] and not one.get("coupon_redemptions")
    )
    live(served, 0.01)
    said = {"quantity": known["quantity"] * 2, "po_number": "PO-77"}
    change(served, us, kind="subscriptions", id=known["id"], set=said)
    sync(us)
    found: dict[str, Any] = known
    return found


def differing(us: Site, known: dict[str, Any], now: datetime) -> dict[str, Any]:
    """In which of the changed fields the subscription still differs."""
    every = {one.upstream_id: one.changes for one in money.listing([us], now, limit=1000)}
    watched = ("quantity", "po_number", "attributes.po")
    return {
        name: every[known["id"]][name] for name in watched if name in every.get(known["id"], {})
    }


def test_a_subscription_is_accepted_field_by_field_and_taken_back(
    us: Site, sync: Sync, served: Served
) -> None:
    known = changed_agreement(us, sync, served)
    now, by = clock_of(served), by_hand()
    row = Subscription.objects.get(upstream_id=known["id"])
    pairs = differing(us, known, now)
    assert pairs.keys() == {"quantity", "po_number", "attributes.po"}
    with pytest.raises(ValueRefused, match="something else by now"):
        money.accept(row.pk, by, now=now, name="quantity", shown=1)
    money.accept(row.pk, by, now=now, name="quantity", shown=pairs["quantity"][1])
    row.refresh_from_db()
    assert (row.quantity, row.po_number) == (known["quantity"] * 2, known["po_number"])
    assert differing(us, known, now).keys() == {"po_number", "attributes.po"}
    money.accept(row.pk, by, now=now, name="attributes.po")
    row.refresh_from_db()
    assert row.attributes["po"] == "PO-77"
    assert row.sources["po"]["set_by"] == "ann@tenure.example"

    assert by.member
    undo_last(by.member, now)
    undo_last(by.member, now)
    row.refresh_from_db()
    assert (row.quantity, row.attributes.get("po")) == (known["quantity"], known["po_number"])
    assert differing(us, known, now) == pairs


def test_a_subscription_accepted_whole_differs_no_more_until_that_is_taken_back(
    us: Site, sync: Sync, served: Served
) -> None:
    known = changed_agreement(us, sync, served)
    now, by = clock_of(served), by_hand()
    row = Subscription.objects.get(upstream_id=known["id"])
    pairs = differing(us, known, now)
    held = row.quantity, row.po_number, row.attributes
    money.accept(row.pk, by, now=now)
    assert not differing(us, known, now)
    with pytest.raises(ValueRefused, match="does not differ any more"):
        money.accept(row.pk, by, now=now)
    assert by.member
    done = undo_last(by.member, now)
    row.refresh_from_db()
    assert (row.quantity, row.po_number, row.attributes) == held
    assert differing(us, known, now) == pairs
    assert done.counts.subscriptions == 1
    assert done.change_set
    undo_one(done.change_set, by, now)
    assert not differing(us, known, now)


def test_all_subscriptions_are_accepted_in_one_field_then_in_all_as_one_change_each(
    us: Site, sync: Sync, served: Served
) -> None:
    known = changed_agreement(us, sync, served)
    now, by = clock_of(served), by_hand()
    differ = money.count([us], now)
    done = money.accept_all([us], by, now=now, name="quantity")
    assert (done.subscriptions, "quantity" in money.count([us], now).fields) == (
        differ.fields["quantity"],
        False,
    )
    assert differing(us, known, now).keys() == {"po_number", "attributes.po"}
    rest = money.accept_all([us], by, now=now)
    assert rest.subscriptions == differ.subscriptions
    assert money.count([us], now).subscriptions == 0
    assert money.accept_all([us], by, now=now).change_set is None
    assert done.change_set
    undone = undo_one(done.change_set, by, now)
    assert undone.counts.subscriptions == done.subscriptions
    assert "quantity" in differing(us, known, now)


def test_subscriptions_that_differ_are_listed_and_accepted_over_the_api(
    us: Site, sync: Sync, served: Served
) -> None:
    known = changed_agreement(us, sync, served)
    caller = a_caller()
    rows = caller.get("drift/subscriptions", site=us.subdomain).json()["data"]
    (one,) = [row for row in rows if row["id"] == known["id"]]
    held, says = one["changes"]["quantity"]
    assert (held, says) == (known["quantity"], known["quantity"] * 2)
    assert float(one["mrr_says"]["amount"]) > float(one["mrr_held"]["amount"])
    taken = {"site": us.subdomain, "id": known["id"], "field": "quantity"}
    assert caller.post("drift/subscriptions/accept", {**taken, "says": 1}).status_code == 422
    assert caller.post("drift/subscriptions/accept", {**taken, "says": says}).status_code == 200
    assert Subscription.objects.get(upstream_id=known["id"]).quantity == says
    assert caller.post("drift/subscriptions/accept", {**taken, "id": "x"}).status_code == 422
    done = caller.post("drift/subscriptions/accept-all", {"site": us.subdomain}).json()
    assert done["subscriptions"] >= 1
    assert not caller.get("drift/subscriptions").json()["data"]


def test_subscriptions_are_priced_as_held_and_as_the_source_has_them(
    us: Site, sync: Sync, served: Served
) -> None:
    Site.objects.update(subscriptions_mode=Mode.IMPORT)
    us.refresh_from_db()
    sync(us)
    known = next(
        one
        for one in upstream(served, us.subdomain, "subscriptions").values()
        if one["state"] == "active" and one["quantity"] and not one.get("coupon_redemptions")
    )
    live(served, 0.01)
    doubled = known["quantity"] * 2
    change(served, us, kind="subscriptions", id=known["id"], set={"quantity": doubled})
    sync(us)
    now = clock_of(served)
    one = next(d for d in money.listing([us], now) if d.upstream_id == known["id"])
    assert one.changes["quantity"] == [known["quantity"], doubled]
    assert one.held is not None
    assert one.says is not None
    row = Subscription.objects.get(upstream_id=known["id"])
    assert row.unit_amount is not None
    assert one.says > one.held > 0
    sums = money.count([us], now)
    assert sums.subscriptions == len(money.listing([us], now, limit=1000))
    assert sums.says[row.currency] - sums.held[row.currency] >= one.says - one.held
    money.accept(row.pk, by_hand(), now=now)
    row.refresh_from_db()
    assert row.quantity == doubled
    assert known["id"] not in {d.upstream_id for d in money.listing([us], now)}
    assert Decimal(row.unit_amount) > 0
