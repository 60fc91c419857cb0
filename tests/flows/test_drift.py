"""Import Only keeps what was imported; the drift report says what the source says now, and money."""

from decimal import Decimal

import pytest

from tenure.connections.models import Mode, Site
from tenure.customers import drift, write
from tenure.customers.models import Account, Change, Subscription
from tenure.customers.write import ValueRefused
from tenure.metrics import drift as money
from tenure.simulator.server import Served
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
