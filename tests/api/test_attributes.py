"""Attributes over the API: listed with their field, made for values pushed by hand, mapped, removed."""

import pytest

from tenure.customers.models import Attribute, Change
from tenure.sync.models import Replay
from tests.api.conftest import Caller
from tests.metrics import rows
from tests.web.builders import a_customer

pytestmark = pytest.mark.django_db
LOGIN = {"name": "last_login", "type": "date", "label": "Last login"}


def test_an_attribute_is_made_for_values_that_are_pushed(admin: Caller) -> None:
    rows.an_account("Acme", identifier="T-1")
    made = admin.post("attributes", LOGIN)
    assert made.status_code == 201, made.content
    assert made.json()["field"] is None
    assert made.json()["status"] == "by_hand"
    assert not Replay.objects.exists()
    body = [{"identifier": "T-1", "attributes": {"last_login": "2026-03-01"}}]
    assert admin.post("accounts/bulk", body).json()["updated"] == 1
    value = admin.get("accounts/T-1").json()["attributes"]["last_login"]
    assert (value["value"], value["policy"]) == ("2026-03-01", None)


def test_a_mapped_attribute_lets_the_values_follow(admin: Caller) -> None:
    a_customer(identifier="T-1")
    body = {"name": "locale", "field": "account.preferred_locale"}
    made = admin.post("attributes", body)
    assert made.status_code == 201, made.content
    assert (made.json()["field"], made.json()["type"]) == ("account.preferred_locale", "text")
    assert Replay.objects.count() == 1


def test_an_attribute_is_changed_and_removed(admin: Caller) -> None:
    made = admin.post("attributes", LOGIN)
    path = made["Location"].removeprefix("/api/v1/")
    changed = admin.patch(path, {"label": "Seen last"}, {"If-Match": made["ETag"]})
    assert changed.json()["label"] == "Seen last"
    assert admin.patch(path, {"label": "X"}, {"If-Match": made["ETag"]}).status_code == 412
    assert Change.objects.filter(object_kind="attribute").last().change_set.origin == "api"  # type: ignore[union-attr]
    assert admin("DELETE", path).status_code == 204
    assert not Attribute.objects.filter(name="last_login").exists()
    assert admin("DELETE", path).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"name": "owner"}, 422, "name"),
        ({"name": "1st"}, 422, "name"),
        ({"name": "tier", "field": "account.nothing"}, 422, "field"),
        ({"name": "tier", "type": "colour"}, 422, "type"),
        ({"name": "last_login"}, 409, "name"),
        ({"name": "Last_Login"}, 422, "name"),
    ],
)
def test_what_cannot_be_an_attribute_is_refused(
    admin: Caller, body: dict[str, str], status: int, field: str
) -> None:
    admin.post("attributes", LOGIN)
    answer = admin.post("attributes", body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_attributes_are_listed_in_pages(reader: Caller) -> None:
    first = reader.get("attributes", limit=3).json()
    rest = reader.get("attributes", cursor=first["next"], limit=200).json()
    names = [one["name"] for one in first["data"] + rest["data"]]
    assert len(first["data"]) == 3
    assert len(names) == len(set(names))
    assert "email" in names
    assert rest["next"] is None


def test_custom_fields_that_wait_are_listed(reader: Caller) -> None:
    account = a_customer(identifier="T-1")
    payer = account.billing_accounts.get()
    payer.custom_fields = {"tier": "gold"}
    payer.save()
    waiting = reader.get("attributes/unmapped").json()["data"]
    assert [(one["field"], one["filled"]) for one in waiting] == [("account.custom_fields.tier", 1)]


def test_many_attributes_are_made_with_a_result_for_each(admin: Caller) -> None:
    rows = [
        {"name": "tier", "field": "account.custom_fields.tier", "type": "text"},
        {"name": "seats_used", "type": "number"},
        {"name": "9 lives"},
        {"name": "x", "type": "colour"},
        "nonsense",
    ]
    done = admin.post("attributes/bulk", rows).json()
    assert [one["result"] for one in done["data"]] == ["created"] * 2 + ["refused"] * 3
    assert done["data"][0]["identifier"] == "account.tier"
    assert done["data"][3]["field"] == "type"
    assert Replay.objects.count() == 1
    again = admin.post("attributes/bulk", [rows[0], {**rows[1], "label": "Used"}]).json()
    assert [one["result"] for one in again["data"]] == ["unchanged", "updated"]
    assert admin.get("attributes/account/seats_used").json()["label"] == "Used"
    assert Replay.objects.count() == 1
