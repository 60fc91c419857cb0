"""Attributes of subscriptions by API: set, pinned, let go, with their history."""

import pytest

from tenure.customers.models import Attribute, Subscription
from tests.api.conftest import Caller
from tests.web.builders import a_customer


@pytest.fixture
def address(db: None) -> str:
    """Where a subscription is, whose order number is PO-1."""
    Attribute.objects.create(
        name="po",
        label="Order",
        kind="text",
        object_kind="subscription",
        source_field="subscription.po_number",
    )
    account = a_customer(identifier="T-1")
    row = account.subscriptions.order_by("pk")[0]
    row.po_number, row.attributes = "PO-1", {"po": "PO-1"}
    row.save()
    return f"subscriptions/northwind/{row.upstream_id}"


def test_an_attribute_is_set_and_says_its_source_and_policy(writer: Caller, address: str) -> None:
    shown = writer.get(address).json()
    assert shown["sources"]["po"]["source"] == "sync"
    assert shown["sources"]["po"]["site"] == "northwind"
    answer = writer.patch(address, {"attributes": {"po": "PO-2"}, "reason": "They wrote"})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["attributes"] == {"po": "PO-2"}
    assert (told["sources"]["po"]["source"], told["sources"]["po"]["policy"]) == ("api", "daily")
    (entry,) = writer.get(f"{address}/history").json()["data"]
    assert (entry["field"], entry["old"], entry["new"]) == ("po", "PO-1", "PO-2")
    assert entry["reason"] == "They wrote"


def test_a_value_is_pinned_and_let_go(writer: Caller, address: str) -> None:
    pin = f"{address}/attributes/po/pin"
    writer.patch(address, {"attributes": {"po": "PO-2"}})
    told = writer("PUT", pin, {"reason": "Legal"}).json()["sources"]["po"]
    assert (told["pinned"], told["pin"]["reason"], told["incoming"]) == (True, "Legal", "PO-1")
    told = writer("DELETE", pin).json()["sources"]["po"]
    assert not told["pinned"]
    assert writer("DELETE", pin).status_code == 404


def test_what_is_stale_unknown_or_of_another_type_changes_nothing(
    writer: Caller, address: str
) -> None:
    tag = writer.get(address)["ETag"]
    assert (
        writer.patch(address, {"attributes": {"po": "PO-2"}}, {"If-Match": tag}).status_code == 200
    )
    assert (
        writer.patch(address, {"attributes": {"po": "PO-3"}}, {"If-Match": tag}).status_code == 412
    )
    refused = writer.patch(address, {"attributes": {"quantity": 7}})
    assert refused.status_code == 422
    assert "Subscriptions have no attribute" in refused.json()["detail"]
    assert writer.patch("subscriptions/northwind/nobody", {"attributes": {}}).status_code == 404
    assert Subscription.objects.get(attributes__po="PO-2").attributes == {"po": "PO-2"}
