"""A replay does from stored rows what a fresh sync would, and leaves people's own values alone."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenure.connections.models import Mode
from tenure.customers import write
from tenure.customers.models import Account, BillingAccount, Change, Subscription, Touched
from tenure.customers.write import By
from tenure.sync.replay import activate, replay
from tests.builders import NOW, a_billing_account, a_site, a_subscription
from tests.sync.landed import attribute, everything, land_accounts, land_subscriptions

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
WITH_TIER = {"custom_fields": b'{"tier": "gold", "seats": "12"}'}


def test_a_new_mapping_fills_the_accounts_of_a_daily_site() -> None:
    site = a_site()
    land_accounts(site, [a_billing_account(vat_number="GB1", address=b'{"city": "Leeds"}')])
    attribute("city", "account.address.city")
    done = replay([site], by=By(), now=LATER)
    account = Account.objects.get()
    assert account.attributes["city"] == "Leeds"
    assert account.sources["city"]["site"] == site.subdomain
    assert (done.updated, done.created) == (1, 0)
    assert Change.objects.get().changes == {"attributes.city": [None, "Leeds"]}
    assert Touched.objects.filter(account_id=account.pk).exists()


def test_a_second_replay_changes_nothing() -> None:
    site = a_site()
    land_accounts(site, [a_billing_account(address=b'{"city": "Leeds"}')])
    attribute("city", "account.address.city")
    replay([site], by=By(), now=LATER)
    before = everything()
    assert replay([site], by=By(), now=LATER).updated == 0
    assert everything() == before


def test_an_import_takes_a_new_mapping_once_and_keeps_what_it_has() -> None:
    site = a_site(accounts_mode=Mode.IMPORT)
    land_accounts(site, [a_billing_account(email="a@x.example", **WITH_TIER)])
    attribute("email", "account.username")
    attribute("plan", "account.custom_fields.tier")
    replay([site], by=By(), now=LATER, filling=("plan",))
    account = Account.objects.get()
    assert account.attributes["plan"] == "gold"
    assert account.attributes["email"] == "a@x.example"


def test_without_filling_an_import_is_left_alone() -> None:
    site = a_site(accounts_mode=Mode.IMPORT)
    land_accounts(site, [a_billing_account(**WITH_TIER)])
    attribute("plan", "account.custom_fields.tier")
    assert replay([site], by=By(), now=LATER).updated == 0


def test_link_only_takes_nothing_of_a_new_mapping() -> None:
    site = a_site(accounts_mode=Mode.LINK)
    write.create("ACC1", {}, By(), now=NOW, scope_id=site.pk)
    land_accounts(site, [a_billing_account(**WITH_TIER)])
    attribute("plan", "account.custom_fields.tier")
    replay([site], by=By(), now=LATER, filling=("plan",))
    assert BillingAccount.objects.get().account == Account.objects.get()
    assert Account.objects.get().attributes == {}


def test_values_set_by_hand_wait_for_the_next_run() -> None:
    site = a_site()
    land_accounts(site, [a_billing_account(**WITH_TIER)])
    account = Account.objects.get()
    attribute("plan", "account.address.city")
    write.edit([account.pk], {"plan": "mine"}, By(), now=NOW)
    attribute("plan", "account.custom_fields.tier")
    replay([site], by=By(), now=LATER)
    account.refresh_from_db()
    assert account.attributes["plan"] == "mine"


def test_a_staged_site_that_is_activated_equals_one_that_was_synced() -> None:
    page = [a_billing_account("a", **WITH_TIER), a_billing_account("b", state="closed")]
    agreements = [a_subscription("s", account_upstream_id="a", po_number="77")]
    direct = a_site("direct")
    attribute("po", "subscription.po_number")
    land_accounts(direct, page)
    land_subscriptions(direct, agreements)
    expected = everything()
    for model in (Subscription, BillingAccount, Account):
        model.objects.all().delete()
    direct.staged = True
    direct.save()
    land_accounts(direct, page)
    land_subscriptions(direct, agreements)
    assert not Account.objects.exists()
    done = activate(direct, by=By(), now=LATER)
    assert (done.created, done.identified) == (2, 2)
    assert everything() == expected
    direct.refresh_from_db()
    assert not direct.staged


def test_a_staged_site_is_not_replayed() -> None:
    site = a_site(staged=True)
    land_accounts(site, [a_billing_account()])
    assert replay([site], by=By(), now=LATER).created == 0


def test_attributes_of_subscriptions_are_composed_when_they_land_and_at_a_replay() -> None:
    site = a_site()
    land_accounts(site, [a_billing_account()])
    attribute("po", "subscription.po_number")
    land_subscriptions(site, [a_subscription(po_number="77", custom_fields=b'{"team": "Blue"}')])
    assert Subscription.objects.get().attributes == {"po": "77", "team": "Blue"}
    attribute("po", "subscription.collection_method")
    attribute("group", "subscription.custom_fields.team")
    done = replay([site], by=By(), now=LATER)
    assert Subscription.objects.get().attributes == {"team": "Blue", "group": "Blue"}
    assert done.subscriptions == 1
    assert Change.objects.get(object_kind="subscription").changes == {
        "attributes.po": ["77", None],
        "attributes.group": [None, "Blue"],
    }


def test_progress_ends_at_its_total() -> None:
    site = a_site()
    land_accounts(site, [a_billing_account("a"), a_billing_account("b")])
    heard: list[tuple[int, int]] = []
    replay([site], by=By(), now=LATER, progress=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (2, 2)


def test_the_number_of_queries_does_not_grow_with_the_accounts() -> None:
    site = a_site()
    counts = []
    for size in (3, 60):
        land_accounts(site, [a_billing_account(f"{size}-{i}", **WITH_TIER) for i in range(size)])
        attribute(f"plan{size}", "account.custom_fields.tier")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            replay([site], by=By(), now=LATER)
        counts.append(len(queries))
    assert counts[0] == counts[1]
