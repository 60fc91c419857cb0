"""A subscription's attributes, edited where they stand, as an account's are."""

from typing import Any

import pytest
from django.test import Client

from tenure.access.models import Role
from tenure.connections.models import Mode, Site
from tenure.customers.models import Account, Attribute, Change, ChangeSet, Subscription
from tests.web.builders import a_customer, a_member

PART = {"HX-Request": "true", "HX-Target": "editor-content"}
DRAWER = {"HX-Request": "true", "HX-Target": "drawer-content"}


@pytest.fixture
def row(db: None) -> Subscription:
    """A subscription with an order number; its seats are nobody's yet."""
    made = {"object_kind": "subscription"}
    Attribute.objects.create(
        name="po", label="Order", kind="text", source_field="subscription.po_number", **made
    )
    Attribute.objects.create(name="seats", label="Licences", kind="number", **made)
    account = a_customer(identifier="T-1001")
    found: Subscription = account.subscriptions.order_by("pk")[0]
    found.po_number, found.attributes = "PO-1", {"po": "PO-1"}
    found.save()
    return found


def at(row: Subscription, what: str, name: str) -> str:
    return f"/subscriptions/{row.pk}/{what}/{name}/"


def save(client: Client, row: Subscription, name: str, value: str, **more: str) -> Any:
    data = {"value": value, "how": "save", **more}
    return client.post(at(row, "edit", name), data, headers=PART)


def tab(client: Client, row: Subscription) -> str:
    text: str = client.get(f"/accounts/{row.account_id}/subscriptions/").text
    return text


def test_the_popover_says_what_becomes_of_the_value(signed_in: Client, row: Subscription) -> None:
    text = signed_in.get(at(row, "edit", "po"), headers=PART).text
    for shown in ("Order", "PO-1", "will be replaced", "Save until next sync", "Save and pin"):
        assert shown in text
    Site.objects.update(subscriptions_mode=Mode.IMPORT)
    text = signed_in.get(at(row, "edit", "po"), headers=PART).text
    assert "was imported once from northwind" in text
    assert "Save and pin" not in text


def test_a_value_is_saved_shown_with_its_source_and_undone(
    signed_in: Client, row: Subscription
) -> None:
    answer = save(signed_in, row, "po", "PO-2")
    assert answer["HX-Trigger"] == "saved"
    assert "Order of Team (monthly) saved." in answer.text or "saved." in answer.text
    text = tab(signed_in, row)
    assert "PO-2" in text
    assert "Manual" in text
    made = ChangeSet.objects.latest("pk")
    said = signed_in.post("/undo/", {"change_set": made.pk}, headers=PART).text
    assert "1 subscription as before" in said
    row.refresh_from_db()
    assert row.attributes["po"] == "PO-1"


def test_a_value_is_pinned_and_let_go(signed_in: Client, row: Subscription) -> None:
    refused = save(signed_in, row, "po", "PO-2", how="pin")
    assert refused.status_code == 422
    assert "Say why it is pinned" in refused.text
    assert "saved and pinned" in save(signed_in, row, "po", "PO-2", how="pin", reason="Legal").text
    assert "pinned" in tab(signed_in, row)
    assert "no longer pinned" in save(signed_in, row, "po", "", how="unpin").text
    row.refresh_from_db()
    assert row.attributes["po"] == "PO-2"
    assert "pin" not in row.sources["po"]


def test_the_history_shows_who_and_restores(signed_in: Client, row: Subscription) -> None:
    save(signed_in, row, "po", "PO-2")
    text = signed_in.get(at(row, "attributes", "po"), headers=DRAWER).text
    for shown in ("PO-1", "PO-2", "Ada Byron", "Restore"):
        assert shown in text
    assert "History of Order" in signed_in.get(at(row, "attributes", "po")).text
    change = Change.objects.latest("pk")
    answer = signed_in.post(at(row, "restore", "po"), {"change": change.pk}, headers=PART)
    assert "restored" in answer.text
    row.refresh_from_db()
    assert row.attributes["po"] == "PO-1"


def test_what_has_no_value_can_be_given_one(signed_in: Client, row: Subscription) -> None:
    assert "1 attribute without a value" in tab(signed_in, row)
    refused = save(signed_in, row, "seats", "many")
    assert refused.status_code == 422
    assert "Licences:" in refused.text
    save(signed_in, row, "seats", "40")
    row.refresh_from_db()
    assert row.attributes["seats"] == "40"


def test_without_scripts_it_is_a_page_and_leads_back(signed_in: Client, row: Subscription) -> None:
    assert "Edit Order" in signed_in.get(at(row, "edit", "po")).text
    answer = signed_in.post(at(row, "edit", "po"), {"value": "PO-2", "how": "save"})
    assert answer.status_code == 302
    assert answer.url == f"/accounts/{row.account_id}/subscriptions/"
    Subscription.objects.update(account=None)
    answer = signed_in.post(at(row, "edit", "po"), {"value": "PO-3", "how": "save"})
    assert answer.url == f"/subscriptions/{row.pk}/"


@pytest.mark.parametrize("role", Role.values)
def test_only_those_who_may_edit_customers_do(client: Client, row: Subscription, role: str) -> None:
    client.force_login(a_member(role))
    may = role in {Role.ADMINISTRATOR, Role.SUPER_MANAGER, Role.CSM}
    assert ("data-edit" in tab(client, row).split("sub-card")[1]) == may
    assert (client.get(at(row, "edit", "po")).status_code == 200) == may
    assert (save(client, row, "po", "PO-2").status_code == 200) == may
    before = Change.objects.count()
    restored = client.post(at(row, "restore", "po"), {"change": "1"}, headers=PART)
    assert (restored.status_code == 403) != may
    assert Change.objects.count() == before
    row.refresh_from_db()
    assert (row.attributes["po"] == "PO-2") == may


def test_what_is_not_there_is_said_to_be(signed_in: Client, row: Subscription) -> None:
    assert signed_in.get(at(row, "edit", "nothing")).status_code == 404
    assert signed_in.get("/subscriptions/4711000/edit/po/").status_code == 404
    assert Account.objects.count() == 1
