"""Contacts over the API."""

import pytest

from tenure.customers.models import Contact
from tests.api.conftest import Caller
from tests.metrics import rows

pytestmark = pytest.mark.django_db
ADA = {"account": "T-1", "email": "Ada@Example.com", "name": "Ada", "title": "CEO"}


@pytest.fixture(autouse=True)
def _account(db: None) -> None:
    rows.an_account("Acme", identifier="T-1")


def test_a_contact_is_added_changed_and_taken_away(writer: Caller) -> None:
    made = writer.post("contacts", ADA)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["identifier"], shown["account"]) == ("ada@example.com", "T-1")
    assert shown["sources"]["title"]["source"] == "api"
    assert shown["sources"]["title"]["set_by"] == "token nightly push"
    path = made["Location"].removeprefix("/api/v1/")
    changed = writer.patch(path, {"title": "CTO"}, {"If-Match": made["ETag"]})
    assert changed.json()["title"] == "CTO"
    stale = writer.patch(path, {"title": "CFO"}, {"If-Match": made["ETag"]})
    assert stale.status_code == 412
    assert writer("DELETE", path).status_code == 204
    assert writer.get(path).status_code == 404
    assert Contact.objects.get().removed_at


def test_a_contact_that_is_there_is_not_added_again(writer: Caller) -> None:
    writer.post("contacts", ADA)
    assert writer.post("contacts", ADA).status_code == 409


def test_contacts_are_found_by_account_and_e_mail(writer: Caller) -> None:
    rows.an_account("Other", identifier="T-2")
    writer.post("contacts", ADA)
    writer.post("contacts", {**ADA, "account": "T-2", "email": "bob@example.com"})
    found = writer.get("contacts", account="T-2").json()["data"]
    assert [one["email"] for one in found] == ["bob@example.com"]
    assert len(writer.get("contacts", email="ADA@example.com").json()["data"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"account": "nobody", "email": "a@example.com"}, 404, None),
        ({"account": "T-1"}, 422, "email"),
        ({"account": "T-1", "email": "a@example.com", "colour": "red"}, 422, "colour"),
        ({"email": "a@example.com"}, 422, "account"),
    ],
)
def test_what_cannot_be_taken_is_named(
    writer: Caller, body: dict[str, str], status: int, field: str | None
) -> None:
    answer = writer.post("contacts", body)
    assert (answer.status_code, answer.json().get("field")) == (status, field)
    assert not Contact.objects.exists()
