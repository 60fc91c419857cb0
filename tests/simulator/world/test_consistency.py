"""The records of a world agree with one another and with its clock."""

from collections import Counter

import pytest

from tenure.simulator.world import World
from tenure.simulator.world.moments import wire
from tenure.simulator.world.shapes import record
from tests.simulator.world.conftest import TODAY

SHAPES = {
    "accounts": "account",
    "add_ons": "add_on",
    "coupons": "coupon",
    "coupon_redemptions": "coupon_redemption",
    "credit_payments": "credit_payment",
    "custom_field_definitions": "custom_field_definition",
    "dunning_campaigns": "dunning_campaign",
    "invoices": "invoice",
    "items": "item",
    "line_items": "line_item",
    "measured_units": "measured_unit",
    "plans": "plan",
    "subscriptions": "subscription",
    "transactions": "transaction",
}


@pytest.mark.parametrize(("kind", "shape"), SHAPES.items())
def test_every_record_carries_every_documented_property(
    business: World, kind: str, shape: str
) -> None:
    wanted = record(shape).keys()
    for store in business.sites.values():
        assert all(made.keys() == wanted for made in store.all(kind))


def test_ids_are_unique_across_kinds_and_sites(business: World) -> None:
    ids = Counter(
        made["id"]
        for store in business.sites.values()
        for kind in store.kinds()
        for made in store.all(kind)
    )
    assert ids.most_common(1)[0][1] == 1
    assert all(len(id_) <= 13 and id_.isalnum() and id_ == id_.lower() for id_ in ids)


def test_invoice_numbers_follow_one_another_on_each_site(business: World) -> None:
    for store in business.sites.values():
        numbers = sorted(int(invoice["number"]) for invoice in store.all("invoices"))
        assert numbers == list(range(1001, 1001 + len(numbers)))


def test_nothing_was_updated_in_the_future_or_before_it_was_made(business: World) -> None:
    now = wire(TODAY)
    for store in business.sites.values():
        for kind in store.kinds():
            for made in store.all(kind):
                assert made["created_at"] <= made["updated_at"] <= now, (kind, made["id"])


def test_what_an_invoice_embeds_is_what_the_lists_hold(business: World) -> None:
    for store in business.sites.values():
        for invoice in store.all("invoices"):
            for kind in ("line_items", "transactions"):
                assert all(store.get(kind, part["id"]) == part for part in invoice[kind])
            for payment in invoice["transactions"]:
                assert payment["invoice"]["state"] == invoice["state"]


def test_small_forms_of_accounts_show_what_the_account_says(business: World) -> None:
    for store in business.sites.values():
        accounts = {made["id"]: made for made in store.all("accounts")}
        for kind in ("subscriptions", "invoices", "line_items", "transactions"):
            for made in store.all(kind):
                small = made["account"]
                assert small.items() <= accounts[small["id"]].items()


def test_account_flags_agree_with_subscriptions_and_invoices(business: World) -> None:
    for store in business.sites.values():
        for account in store.all("accounts"):
            states = {s["state"] for s in store.of_account("subscriptions", account["id"])}
            owed = {i["state"] for i in store.of_account("invoices", account["id"])}
            assert account["has_active_subscription"] == ("active" in states)
            assert account["has_canceled_subscription"] == ("canceled" in states)
            assert account["has_paused_subscription"] == ("paused" in states)
            assert account["has_future_subscription"] == ("future" in states)
            assert account["has_past_due_invoice"] == ("past_due" in owed)


def test_a_running_subscription_is_in_a_period_that_is_not_over(business: World) -> None:
    # Renewals are worked off up to three minutes after the period's end.
    late = wire(TODAY.replace(hour=8, minute=57))
    for store in business.sites.values():
        for made in store.all("subscriptions"):
            if made["state"] in ("active", "canceled", "paused"):
                assert made["current_period_ends_at"] > late
            if made["state"] == "canceled":
                assert made["expires_at"] > late
            if made["state"] == "expired":
                assert made["expires_at"] <= wire(TODAY)
                assert made["expiration_reason"]


def test_children_are_billed_to_their_parent_when_they_say_so(business: World) -> None:
    billed = 0
    for store in business.sites.values():
        for child in store.all("accounts"):
            if child["bill_to"] != "parent":
                continue
            assert not store.of_account("invoices", child["id"])
            for line in store.all("line_items"):
                if line["bill_for_account_id"] == child["id"]:
                    billed += 1
                    assert line["account"]["id"] == child["parent_account_id"]
    assert billed


def tenants(world: World, site: str) -> dict[str, str]:
    """Account code by tenant id."""
    return {
        field["value"]: account["code"]
        for account in world.sites[site].all("accounts")
        for field in account["custom_fields"]
        if field["name"] == "tenant_id"
    }


def test_some_customers_are_on_both_sites_under_different_codes(business: World) -> None:
    us, eu = tenants(business, "acme-us"), tenants(business, "acme-eu")
    shared = us.keys() & eu.keys()
    assert len(shared) >= 3
    assert all(us[tenant] != eu[tenant] for tenant in shared)


def test_an_equal_code_on_both_sites_may_mean_different_customers(business: World) -> None:
    us, eu = (
        {a["code"]: a["company"] for a in store.all("accounts")}
        for store in business.sites.values()
    )
    common = us.keys() & eu.keys()
    assert common
    assert all(us[code] != eu[code] for code in common)


def test_codes_are_unique_on_a_site(business: World) -> None:
    for store in business.sites.values():
        codes = [account["code"] for account in store.all("accounts")]
        assert len(codes) == len(set(codes))
        assert all(len(code) <= 50 for code in codes)


def test_some_accounts_lack_a_tenant_id_and_some_share_one_by_mistake(business: World) -> None:
    accounts = [a for store in business.sites.values() for a in store.all("accounts")]
    without = [a for a in accounts if all(f["name"] != "tenant_id" for f in a["custom_fields"])]
    assert without
    for store in business.sites.values():
        values = Counter(
            f["value"]
            for a in store.all("accounts")
            for f in a["custom_fields"]
            if f["name"] == "tenant_id"
        )
        if max(values.values()) > 1:
            return
    raise AssertionError("no site has two accounts with one tenant id")


def test_one_customer_has_more_invoices_than_anybody_reads(business: World) -> None:
    counts = Counter(
        invoice["account"]["id"]
        for store in business.sites.values()
        for invoice in store.all("invoices")
    )
    assert counts.most_common(1)[0][1] > 350


def test_names_come_in_many_scripts_and_empty(business: World) -> None:
    names = {a["company"] for store in business.sites.values() for a in store.all("accounts")}
    assert {"", None} <= names
    assert any("ا" in (name or "") for name in names)
    assert any("株" in (name or "") for name in names)
    assert any("🌞" in (name or "") for name in names)
