"""Billing objects over the API: each with its site, its id there and whose it is."""

from decimal import Decimal

import pytest

from tenure.customers.models import Account, Allocation
from tests.api.conftest import Caller
from tests.metrics import rows
from tests.web.builders import a_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Account:
    return a_customer(identifier="T-1")


def test_a_subscription_has_its_site_and_money(reader: Caller, customer: Account) -> None:
    listed = reader.get("subscriptions", account="T-1", state="active").json()["data"]
    assert len(listed) == 1
    assert listed[0]["site"] == "northwind"
    assert listed[0]["account"] == "T-1"
    assert listed[0]["unit_amount"] == {"amount": "49.50", "currency": "USD"}
    one = reader.get(f"subscriptions/northwind/{listed[0]['recurly_id']}")
    assert {k: v for k, v in one.json().items() if k != "sources"} == listed[0]
    assert one["ETag"]


def test_an_invoice_says_whose_it_is(reader: Caller, customer: Account) -> None:
    listed = reader.get("invoices", account="T-1").json()["data"]
    assert [one["number"] for one in listed] == ["1003", "1002", "1001"]
    assert listed[0]["balance"] == {"amount": "198.00", "currency": "USD"}
    assert (listed[0]["allocations"], listed[0]["unallocated"]) == ([], None)


def test_a_split_invoice_shows_each_part_and_the_rest(reader: Caller, customer: Account) -> None:
    other = rows.an_account("Other", identifier="T-2")
    invoice = rows.an_invoice(other, number="2001", total=Decimal(100), balance=Decimal(100))
    type(invoice).objects.filter(pk=invoice.pk).update(account=None)
    for account, total in ((customer, 60), (other, 30), (None, 10)):
        Allocation.objects.create(
            invoice=invoice, account=account, total=total, paid=0, balance=total
        )
    shown = reader.get("invoices", account="T-2").json()["data"]
    assert len(shown) == 1
    assert shown[0]["account"] is None
    assert [(part["account"], part["total"]["amount"]) for part in shown[0]["allocations"]] == [
        ("T-1", "60.00"),
        ("T-2", "30.00"),
    ]
    assert shown[0]["unallocated"]["balance"] == {"amount": "10.00", "currency": "USD"}
    assert "2001" in [one["number"] for one in reader.get("invoices", account="T-1").json()["data"]]


def test_a_billing_account_says_what_it_was_recognised_as(
    reader: Caller, customer: Account
) -> None:
    payer = customer.billing_accounts.get()
    shown = reader.get(f"billing-accounts/northwind/{payer.upstream_id}").json()
    assert (shown["account"], shown["company"]) == ("T-1", "Northwind Robotics")


def test_lists_go_on_by_cursor_in_both_directions(reader: Caller, customer: Account) -> None:
    for sort, order in (("-id", ["1003", "1002", "1001"]), ("id", ["1001", "1002", "1003"])):
        first = reader.get("invoices", sort=sort, limit=2).json()
        second = reader.get("invoices", sort=sort, limit=2, cursor=first["next"]).json()
        assert [one["number"] for one in first["data"] + second["data"]] == order
        assert second["next"] is None


@pytest.mark.parametrize("name", ["subscriptions", "invoices", "billing-accounts"])
def test_what_is_not_there_is_said(reader: Caller, customer: Account, name: str) -> None:
    assert reader.get(name, site="nowhere").status_code == 404
    assert reader.get(name, account="nobody").status_code == 404
    assert reader.get(f"{name}/northwind/nothing").status_code == 404
    assert reader.get(name, site="northwind", state="unheard-of").json() == {
        "data": [],
        "next": None,
    }


def test_subscriptions_are_filtered_and_sorted_as_on_their_page(
    reader: Caller, customer: Account
) -> None:
    listed = reader.get("subscriptions", status="active", sort="-mrr", renews_within="30").json()
    (one,) = listed["data"]
    assert one["mrr"] == {"amount": "198.00", "currency": "USD"}
    assert (one["status"], one["renews_on"]) == ("active", "2026-07-12")
    totals = reader.get("subscriptions/totals").json()
    assert (totals["count"], totals["sums"][0]["mrr"]["amount"]) == (2, "198.00")


def test_invoices_say_how_they_stand_and_what_they_add_up_to(
    reader: Caller, customer: Account
) -> None:
    (late,) = reader.get("invoices", status="past_due", sort="due", q="T-1").json()["data"]
    assert (late["number"], late["days_past_due"], late["failed_attempts"]) == ("1002", 35, 1)
    totals = reader.get("invoices/totals", status="open").json()
    assert totals["sums"][0]["balance"] == {"amount": "396.00", "currency": "USD"}


def test_a_filter_that_cannot_be_taken_is_named(reader: Caller, customer: Account) -> None:
    answer = reader.get("invoices", due_from="yesterday")
    assert (answer.status_code, answer.json()["field"]) == (400, "due_from")


def test_a_figure_is_taken_apart(reader: Caller, customer: Account) -> None:
    (usd,) = reader.get("accounts/T-1/explain", figure="past_due").json()["data"]
    assert usd["total"] == {"amount": "198.00", "currency": "USD"}
    assert [part["label"] for part in usd["parts"]] == ["1002"]
    assert {left["reason"]: left["count"] for left in usd["excluded"]} == {
        "Not late yet": 1,
        "Paid or closed: nothing is owed on it": 1,
    }
    assert reader.get("accounts/T-1/explain", figure="shoes").status_code == 400


def test_revenue_is_shown_with_the_accounts_behind_it(reader: Caller, customer: Account) -> None:
    shown = reader.get("revenue", currency="USD").json()
    month = shown["months"][-1]
    assert (month["month"], month["complete"]) == ("2026-06", False)
    assert month["end"] == {"amount": "198.00", "currency": "USD"}
    query = {"currency": "USD", "from": "2026-06-01", "to": "2026-06-30"}
    (moved,) = reader.get("revenue/accounts", **query).json()["data"]
    assert (moved["account"], moved["amount"]["amount"]) == ("T-1", "198.00")
    (held,) = reader.get("revenue/mrr", currency="USD").json()["data"]
    assert held["mrr"]["amount"] == "198.00"
    (owed,) = reader.get("revenue/receivables").json()["data"]
    late = {"amount": {"amount": "198.00", "currency": "USD"}, "invoices": 1}
    assert owed["ageing"]["31-60"] == late
    assert reader.get("revenue", site="nowhere").status_code == 404
    assert reader.get("revenue/accounts", **{"from": "x"}).json()["field"] == "from"
