"""Accounts over the API: read, listed, changed, made and pinned, every value with its source."""

from typing import Any

import pytest

from tenure.customers.models import Account, Attribute, Change
from tests.api.conftest import Caller
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Account:
    return a_customer(identifier="T-1")


def test_an_account_is_shown_with_its_money_and_the_source_of_each_value(
    reader: Caller, customer: Account
) -> None:
    shown = reader.get("accounts/T-1").json()
    assert shown["identifier"] == "T-1"
    assert shown["money"]["mrr"] == [{"amount": "198.00", "currency": "USD"}]
    assert shown["attributes"]["seats"] == {
        "value": "25",
        "source": "manual",
        "site": None,
        "set_by": "Ada",
        "set_at": NOW.isoformat(),
        "policy": "daily",
        "pinned": False,
    }
    assert shown["attributes"]["company"]["source"] == "sync"
    assert shown["attributes"]["company"]["site"] == "northwind"
    assert shown["billing_accounts"][0]["site"] == "northwind"
    assert shown["updated_at"].endswith("Z")


def test_a_list_goes_on_where_a_page_ended(reader: Caller) -> None:
    for number in range(5):
        rows.an_account(f"Account {number}", identifier=f"T-{number}")
    first = reader.get("accounts", sort="name", limit=3).json()
    rest = reader.get("accounts", sort="name", limit=3, cursor=first["next"]).json()
    assert [one["identifier"] for one in first["data"] + rest["data"]] == [
        f"T-{number}" for number in range(5)
    ]
    assert rest["next"] is None


def test_values_are_changed_and_say_who_did_it(
    writer: Caller, customer: Account, seats: None
) -> None:
    answer = writer.patch("accounts/T-1", {"attributes": {"budget": 12.50, "vip": True}})
    assert answer.status_code == 200
    shown = answer.json()["attributes"]
    assert shown["budget"]["value"] == "12.5"
    assert shown["budget"]["source"] == "api"
    assert shown["budget"]["set_by"] == "token nightly push"
    assert shown["budget"]["policy"] is None
    assert shown["vip"]["value"] is True
    assert Change.objects.get(changes__has_key="attributes.vip").change_set.origin == "api"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"attributes": {"seats": "many"}}, "seats"),
        ({"attributes": {"nothing": 1}}, "nothing"),
        ({"attributes": {"name": "Acme"}}, "attributes.name"),
        ({"name": ""}, "name"),
        ({"owner": "nobody@example.com"}, "owner"),
        ({"nmae": "Acme"}, "nmae"),
        ({"name": 7}, "name"),
    ],
)
def test_a_value_that_cannot_be_taken_changes_nothing_and_is_named(
    writer: Caller, seats: None, body: dict[str, Any], field: str
) -> None:
    account = rows.an_account("Acme", identifier="T-1")
    answer = writer.patch("accounts/T-1", {"attributes": {"vip": True}, **body})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["field"] == field
    account.refresh_from_db()
    assert account.attributes == {}


def test_an_update_of_what_was_changed_meanwhile_is_refused(
    writer: Caller, customer: Account, seats: None
) -> None:
    tag = writer.get("accounts/T-1")["ETag"]
    first = writer.patch("accounts/T-1", {"attributes": {"vip": True}}, {"If-Match": tag})
    second = writer.patch("accounts/T-1", {"attributes": {"vip": False}}, {"If-Match": tag})
    assert (first.status_code, second.status_code) == (200, 412)
    assert second.json()["field"] == "If-Match"
    third = writer.patch("accounts/T-1", {"name": "Acme"}, {"If-Match": first["ETag"]})
    assert third.json()["name"] == "Acme"


def test_figures_computed_anew_do_not_stand_in_the_way_of_an_update(
    writer: Caller, customer: Account
) -> None:
    tag = writer.get("accounts/T-1")["ETag"]
    customer.facts.mrr = {"USD": "1.00"}
    customer.facts.save()
    answer = writer.patch("accounts/T-1", {"name": "Acme"}, {"If-Match": tag})
    assert answer.status_code == 200
    assert writer.get("accounts/T-1")["ETag"] != tag


def test_what_the_caller_has_already_is_not_sent_again(reader: Caller, customer: Account) -> None:
    tag = reader.get("accounts/T-1")["ETag"]
    answer = reader("GET", "accounts/T-1", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_an_account_is_made_with_its_address_and_figures(writer: Caller, seats: None) -> None:
    answer = writer.post(
        "accounts", {"identifier": "A/7 ü", "name": "Acme", "attributes": {"seats": 3}}
    )
    assert answer.status_code == 201
    assert answer["Location"] == "/api/v1/accounts/A%2F7%20%C3%BC"
    assert writer.get("accounts/A/7 ü").json()["attributes"]["seats"]["value"] == "3"
    assert answer.json()["as_of"] is not None


def test_an_account_that_exists_is_not_made_again(writer: Caller, customer: Account) -> None:
    answer = writer.post("accounts", {"identifier": "T-1"})
    assert (answer.status_code, answer.json()["field"]) == (409, "identifier")


def test_a_pinned_value_says_why_and_what_the_source_would_put_there(
    writer: Caller, customer: Account
) -> None:
    body = {"reason": "Agreed by phone", "until": "2027-01-01T00:00:00+02:00"}
    answer = writer("PUT", "accounts/T-1/attributes/seats/pin", body)
    assert answer.status_code == 200
    shown = answer.json()["attributes"]["seats"]
    assert shown["pinned"] is True
    assert shown["pin"]["reason"] == "Agreed by phone"
    assert shown["incoming"] == "25"
    customer.refresh_from_db()
    customer.sources["seats"]["incoming"] = "40"
    customer.save()
    assert writer.get("accounts/T-1").json()["attributes"]["seats"]["incoming"] == "40"
    gone = writer("DELETE", "accounts/T-1/attributes/seats/pin").json()["attributes"]["seats"]
    assert gone["pinned"] is False
    assert "incoming" not in gone


def test_where_pins_do_not_hold_none_is_set(writer: Caller, customer: Account) -> None:
    site = customer.billing_accounts.get().site
    site.allows_pins = False
    site.save()
    answer = writer("PUT", "accounts/T-1/attributes/seats/pin", {"reason": "Agreed"})
    assert answer.status_code == 409
    assert "northwind" in answer.json()["detail"]


def test_the_history_has_an_entry_for_each_field_that_changed(
    writer: Caller, customer: Account, seats: None
) -> None:
    writer.patch("accounts/T-1", {"name": "Acme", "attributes": {"vip": True}})
    told = writer.get("accounts/T-1/history").json()["data"]
    assert {(e["field"], e["new"], e["source"]) for e in told} == {
        ("name", "Acme", "api"),
        ("vip", True, "api"),
        ("seats", "25", "manual"),
    }
    only = writer.get("accounts/T-1/history", field="vip").json()["data"]
    assert [entry["field"] for entry in only] == ["vip"]


def test_a_history_is_read_in_pages(writer: Caller, customer: Account, seats: None) -> None:
    for number in range(7):
        writer.patch("accounts/T-1", {"attributes": {"seats": number}})
    seen, cursor = [], None
    while True:
        page = writer.get("accounts/T-1/history", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [entry["new"] for entry in page.json()["data"]]
        cursor = page.json()["next"]
        if cursor is None:
            break
    assert seen == ["6", "5", "4", "3", "2", "1", "0", "25"]


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_the_timeline_has_everything_once_and_newest_first(
    reader: Caller, customer: Account, limit: int
) -> None:
    seen: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        page = reader.get("accounts/T-1/timeline", **query).json()
        seen += page["data"]
        cursor = page["next"]
        if cursor is None:
            break
    kinds = [event["kind"] for event in seen]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "invoice": 3,
        "payment": 3,
        "subscription": 3,
        "change": 1,
    }
    assert [event["at"] for event in seen] == sorted((e["at"] for e in seen), reverse=True)
    paid = next(event for event in seen if event["kind"] == "invoice")
    assert paid["amount"] == {"amount": "198.00", "currency": "USD"}


def test_an_identifier_of_several_sites_needs_its_site(reader: Caller) -> None:
    for name in ("north", "south"):
        rows.an_account(f"Acme {name}", identifier="7", scope=rows.a_site(name))
    answer = reader.get("accounts/7")
    assert answer.status_code == 404
    assert "north:7, south:7" in answer.json()["next_step"]
    assert reader.get("accounts/south:7").json()["name"] == "Acme south"


def test_a_merged_account_is_not_shown(reader: Caller) -> None:
    account = rows.an_account("Acme", identifier="T-1")
    Account.objects.filter(pk=account.pk).update(removed_at=NOW)
    assert reader.get("accounts/T-1").status_code == 404
    assert reader.get("accounts").json()["data"] == []


def test_a_value_without_a_field_behind_it_has_no_policy(reader: Caller, customer: Account) -> None:
    Attribute.objects.filter(name="seats").update(source_field="")
    assert reader.get("accounts/T-1").json()["attributes"]["seats"]["policy"] is None


def test_the_list_is_narrowed_by_a_rule(reader: Caller, customer: Account) -> None:
    rows.an_account("Idle Ltd", identifier="T-2")
    found = reader.get("accounts", rule="mrr > 0").json()["data"]
    assert [one["identifier"] for one in found] == ["T-1"]
    assert reader.get("accounts", health="red").json()["data"] == []


def test_a_rule_that_cannot_be_read_is_refused_with_its_place(
    reader: Caller, customer: Account
) -> None:
    answer = reader.get("accounts", rule="mmr > 0")
    told = answer.json()
    assert answer.status_code == 422
    assert (told["field"], told["errors"][0]["field"]) == ("rule", "rule[0:7]")
    assert "Did you mean mrr?" in told["next_step"]
