"""Bulk rows: each has a result of its own, a bad one spoils no other, and 5,000 are soon done."""

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenure.customers.models import Account, Change, ChangeSet, Contact, Touched
from tests.api.conftest import Caller
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db
MOST_QUERIES = 50


def results(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["result"] for row in answer.json()["data"]]


def test_a_bad_row_spoils_no_other(writer: Caller, seats: None) -> None:
    rows.an_account("Standing", identifier="T-1")
    rows.an_account("Same", identifier="T-2", attributes={"seats": "5"})
    sent: list[Any] = [
        {"identifier": "T-1", "attributes": {"seats": 3}},
        {"identifier": "T-2", "attributes": {"seats": 5}},
        {"identifier": "T-3", "name": "New", "attributes": {"vip": True, "products": ["a", "b"]}},
        {"identifier": "T-4", "attributes": {"seats": "many"}},
        {"identifier": "T-5", "attributes": {"nothing": 1}},
        {"identifier": "T-1", "attributes": {"seats": 4}},
        {"name": "No identifier"},
        {"identifier": "T-6", "owner": "nobody@example.com"},
        "not an object",
        None,
        {"identifier": "T-7", "site": "nowhere"},
        {"identifier": "T-8", "atributes": {}},
        {"identifier": "  "},
    ]
    answer = writer.post("accounts/bulk", sent)
    assert results(answer) == ["updated", "unchanged", "created"] + ["refused"] * 10
    document = answer.json()
    assert [document[name] for name in ("created", "updated", "unchanged", "refused")] == [
        1, 1, 1, 10,
    ]  # fmt: skip
    fields = [row.get("field") for row in document["data"][3:]]
    assert fields == [
        "seats", "nothing", "identifier", "identifier", "owner", "row", "row", "site", "atributes",
        "identifier",
    ]  # fmt: skip
    assert "row 0" in document["data"][5]["detail"]
    assert set(Account.objects.values_list("identifier", flat=True)) == {"T-1", "T-2", "T-3"}
    assert Account.objects.get(identifier="T-3").attributes == {"vip": True, "products": ["a", "b"]}


def test_everything_of_a_request_is_one_change_set(writer: Caller, seats: None) -> None:
    standing = rows.an_account("Standing", identifier="T-1")
    sent = [{"identifier": "T-1", "name": "Renamed"}, {"identifier": "T-2"}]
    answer = writer.post("accounts/bulk", sent).json()
    change_set = ChangeSet.objects.get()
    assert answer["change_set"] == change_set.pk
    assert change_set.origin == "api"
    assert Account.objects.get(identifier="T-2").created_in == change_set
    assert Change.objects.get().object_id == standing.pk


def test_made_accounts_wait_for_their_figures(writer: Caller) -> None:
    writer.post("accounts/bulk", [{"identifier": "T-1"}])
    assert list(Touched.objects.values_list("account_id", flat=True)) == [Account.objects.get().pk]


def test_rows_name_the_account_of_a_site(writer: Caller) -> None:
    north, south = rows.a_site("north"), rows.a_site("south")
    for site in (north, south):
        rows.an_account(site.subdomain, identifier="7", scope=site)
    sent = [
        {"identifier": "7", "name": "Which"},
        {"identifier": "7", "site": "south", "name": "South"},
        {"identifier": "north:7", "name": "North"},
    ]
    answer = writer.post("accounts/bulk", sent)
    assert results(answer) == ["refused", "updated", "updated"]
    assert "north, south" in answer.json()["data"][0]["next_step"]
    assert set(Account.objects.values_list("name", flat=True)) == {"North", "South"}


def test_a_hidden_account_is_not_made_again(writer: Caller) -> None:
    account = rows.an_account("Gone", identifier="T-1")
    Account.objects.filter(pk=account.pk).update(removed_at=NOW)
    assert results(
        writer.post("accounts/bulk", [{"identifier": "T-1"}, {"identifier": "T-2"}])
    ) == [
        "refused",
        "created",
    ]


def test_owners_are_found_by_their_e_mail_in_any_case(writer: Caller) -> None:
    member = a_member(email="ada@example.com")
    writer.post("accounts/bulk", [{"identifier": "T-1", "owner": "ADA@example.com"}])
    assert Account.objects.get().owner == member


@pytest.mark.parametrize("sent", [[], {}, [{"identifier": "T"}] * 5001, 7])
def test_only_a_list_of_1_to_5000_rows_is_taken(writer: Caller, sent: Any) -> None:
    assert writer.post("accounts/bulk", sent).status_code == 422


def test_five_thousand_accounts_are_made_and_changed_in_one_request_each(
    writer: Caller, seats: None
) -> None:
    def push(offset: int) -> list[dict[str, Any]]:
        return [
            {
                "identifier": f"T-{number}",
                "name": f"Customer {number}",
                "attributes": {"seats": number + offset, "vip": True, "plan_note": "x" * 200},
            }
            for number in range(5000)
        ]

    for offset, expected in ((0, "created"), (1, "updated"), (1, "unchanged")):
        began, busy = time.perf_counter(), time.process_time()
        with CaptureQueriesContext(connection) as asked:
            answer = writer.post("accounts/bulk", push(offset))
        took, busy = time.perf_counter() - began, time.process_time() - busy
        print(f"5,000 {expected}: {took:.1f} s, {busy:.1f} s of this process, {len(asked)} queries")
        assert set(results(answer)) == {expected}
        # A few statements for all rows together is what keeps it quick on any machine.
        assert len(asked) < MOST_QUERIES
    assert Change.objects.count() == 5000


def test_contacts_in_bulk_have_a_result_each(writer: Caller) -> None:
    account = rows.an_account("Acme", identifier="T-1")
    first = [
        {"account": "T-1", "email": "Ada@Example.com", "name": "Ada"},
        {"account": "nobody", "email": "x@example.com"},
        {"account": "T-1", "name": "No address"},
        {"account": "T-1", "email": "ada@example.com"},
        {"account": "T-1", "email": "bob@example.com", "colour": "red"},
        7,
    ]
    answer = writer.post("contacts/bulk", first)
    assert results(answer) == ["created"] + ["refused"] * 5
    assert [row.get("field") for row in answer.json()["data"][1:]] == [
        "account", "email", "identifier", "colour", "row",
    ]  # fmt: skip
    again = [{"account": "T-1", "email": "ada@example.com", "name": "Ada", "title": "CEO"}]
    assert results(writer.post("contacts/bulk", again)) == ["updated"]
    assert results(writer.post("contacts/bulk", again)) == ["unchanged"]
    assert Contact.objects.get(account=account).title == "CEO"


def test_an_account_that_is_called_bulk_is_reached_like_any_other(writer: Caller) -> None:
    made = writer.post("accounts", {"identifier": "bulk", "name": "Bulk Goods"})
    assert made["Location"] == "/api/v1/accounts/bulk"
    assert writer.get("accounts/bulk").json()["name"] == "Bulk Goods"
    assert writer.patch("accounts/bulk", {"name": "Bulk"}).json()["name"] == "Bulk"
    assert writer.get("accounts/bulk/history").status_code == 200
    assert writer.post("accounts/bulk", [{"identifier": "bulk"}]).json()["unchanged"] == 1
