"""The computed records of a bulk site hang together like stored ones."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tenure.simulator.store import SiteStore
from tenure.simulator.table import encode
from tenure.simulator.world.bulk import BulkWorld, bulk
from tenure.simulator.world.moments import wire
from tenure.simulator.world.shapes import record

TODAY = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
KINDS = ["accounts", "subscriptions", "invoices", "line_items", "transactions"]


@pytest.fixture
def world() -> BulkWorld:
    return bulk(accounts=120, periods=3, until=TODAY)


@pytest.fixture
def site(world: BulkWorld) -> SiteStore:
    return world.sites["brightwharf-bulk"]


def assert_orders_are_right(site: SiteStore, kind: str) -> None:
    """Both lists hold every record once, in order."""
    for sort in ("created_at", "updated_at"):
        keys = list(site.table(kind).keys(sort))
        assert keys == sorted((made[sort], made["id"]) for made in site.all(kind))
        assert len(keys) == site.count(kind)


def test_it_has_the_size_asked_for(site: SiteStore) -> None:
    assert [site.count(kind) for kind in KINDS] == [120, 120, 360, 720, 360]


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_carries_every_documented_property(site: SiteStore, kind: str) -> None:
    wanted = record(kind.removesuffix("s")).keys()
    assert all(made.keys() == wanted for made in site.all(kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sort", ["created_at", "updated_at"])
def test_the_computed_order_is_the_order_of_the_records(
    site: SiteStore, kind: str, sort: str
) -> None:
    keys = list(site.table(kind).keys(sort))
    assert keys == sorted((made[sort], made["id"]) for made in site.all(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_is_what_the_record_would_encode_to(site: SiteStore, kind: str) -> None:
    for made in site.all(kind):
        assert site.table(kind).encoded(made["id"]) == encode(made)


@pytest.mark.parametrize("kind", KINDS)
def test_a_glance_shows_what_the_record_says(site: SiteStore, kind: str) -> None:
    for made in site.all(kind):
        glance = site.table(kind).glance(made["id"])
        assert glance is not None
        assert glance.items() <= made.items()


def test_amounts_add_up(site: SiteStore) -> None:
    for invoice in site.all("invoices"):
        assert invoice["subtotal"] == sum(line["subtotal"] for line in invoice["line_items"])
        assert invoice["tax"] == sum(line["tax"] for line in invoice["line_items"])
        assert invoice["total"] == invoice["subtotal"] + invoice["tax"]
        assert invoice["balance"] == invoice["total"] - invoice["paid"]
        assert invoice["transactions"][0]["amount"] == invoice["total"]
        assert isinstance(invoice["total"], Decimal) == (invoice["currency"] != "JPY")


def test_parts_are_listed_as_they_are_embedded(site: SiteStore) -> None:
    for invoice in site.all("invoices"):
        for kind in ("line_items", "transactions"):
            assert [site.get(kind, part["id"]) for part in invoice[kind]] == invoice[kind]


def test_records_are_found_by_account_code_and_number(site: SiteStore) -> None:
    account = site.find("accounts", "code", "BW-100007")
    assert account is not None
    invoices = site.of_account("invoices", account["id"])
    assert [i["account"]["id"] for i in invoices] == [account["id"]] * 3
    assert site.find("invoices", "number", invoices[1]["number"]) == invoices[1]
    assert len(site.of_account("line_items", account["id"])) == 6
    assert site.find("accounts", "code", "BW-100120") is None
    assert site.find("accounts", "code", "nobody") is None


def test_the_latest_bills_of_some_are_not_paid(site: SiteStore) -> None:
    states = {invoice["state"] for invoice in site.all("invoices")}
    assert "paid" in states
    late = {a["id"] for a in site.all("accounts") if a["has_past_due_invoice"]}
    owing = {i["account"]["id"] for i in site.all("invoices") if i["state"] == "past_due"}
    assert late == owing


def test_a_change_moves_the_record_to_the_end_of_the_list(
    world: BulkWorld, site: SiteStore
) -> None:
    _, id_ = site.table("invoices").keys("updated_at")[5]
    world.change(
        {"site": site.subdomain, "kind": "invoices", "id": id_, "set": {"state": "failed"}}
    )
    assert site.table("invoices").keys("updated_at")[-1] == (wire(TODAY), id_)
    made = site.get("invoices", id_)
    assert made is not None
    assert made["state"] == "failed"
    assert site.count("invoices") == 360
    assert_orders_are_right(site, "invoices")


def test_a_record_of_another_origin_can_join(site: SiteStore) -> None:
    _, id_ = site.table("accounts").keys("created_at")[0]
    made = site.get("accounts", id_)
    assert made is not None
    for _ in range(2):
        site.put("accounts", made | {"id": "newcomer", "code": "NEW-1"})
    assert site.count("accounts") == 121
    assert_orders_are_right(site, "accounts")
    found = site.find("accounts", "code", "NEW-1")
    assert found is not None
    assert found["id"] == "newcomer"
    site.remove("accounts", "newcomer")
    assert site.count("accounts") == 120
    assert_orders_are_right(site, "accounts")


def test_a_removed_record_is_gone(world: BulkWorld, site: SiteStore) -> None:
    _, id_ = site.table("accounts").keys("created_at")[5]
    world.change({"site": site.subdomain, "remove": "accounts", "id": id_})
    assert site.get("accounts", id_) is None
    assert site.count("accounts") == 119
    assert id_ not in {made["id"] for made in site.all("accounts")}
    assert_orders_are_right(site, "accounts")


def test_many_records_can_be_touched_at_once(world: BulkWorld, site: SiteStore) -> None:
    world.change({"site": site.subdomain, "touch": "subscriptions", "count": 30})
    stamps = [made["updated_at"] for made in site.all("subscriptions")]
    assert stamps.count(wire(TODAY)) == 30
    assert_orders_are_right(site, "subscriptions")


def test_a_million_accounts_cost_no_time_to_build() -> None:
    store = bulk(accounts=1_000_000, until=TODAY).sites["brightwharf-bulk"]
    keys = store.table("invoices").keys("updated_at")
    assert len(keys) == 2_000_000
    assert len({id_ for _, id_ in keys[1_000_000:1_000_200]}) == 200


def test_a_bad_change_is_refused_with_a_sentence(world: BulkWorld) -> None:
    with pytest.raises(ValueError, match="no site 'x'"):
        world.change({"site": "x", "touch": "accounts"})
    with pytest.raises(ValueError, match="has no accounts with id 'nobody'"):
        world.change({"site": "brightwharf-bulk", "remove": "accounts", "id": "nobody"})
