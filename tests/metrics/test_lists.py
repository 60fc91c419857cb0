"""The lists across accounts: every order, every filter, sums, and the definitions they share."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.money import Money
from tenure.customers.models import Account, Allocation, Invoice, Subscription
from tenure.metrics import refresh
from tenure.metrics.inputs import UTC_ZONE
from tenure.metrics.lists import invoices, subscriptions
from tenure.metrics.lists.filters import At, UnusableFilter
from tenure.metrics.models import SubscriptionFacts
from tenure.metrics.paging import UnusablePage
from tests.metrics.rows import (
    NOW,
    a_payment,
    a_plan,
    a_site,
    a_subscription,
    an_account,
    an_invoice,
    upstream,
)
from tests.metrics.test_agreement import invoices as any_invoice
from tests.metrics.test_agreement import patient, stored

pytestmark = pytest.mark.django_db
HERE = At(NOW, UTC_ZONE)
LISTS = {"subscriptions": subscriptions, "invoices": invoices}


def days(number: int) -> Any:
    return NOW + timedelta(days=number)


@pytest.fixture
def business() -> list[Account]:
    return a_business()


def a_business() -> list[Account]:
    """Six accounts with subscriptions and invoices of every kind, and some of nobody known."""
    monthly, yearly = a_plan(), a_plan(a_site("eu"), code="year", name="Yearly", interval_length=12)
    accounts = [an_account(f"Customer {letter * 3}") for letter in "abcdef"]
    for number, account in enumerate(accounts):
        term = {"current_term_ends_at": days(number + 1), "current_period_ends_at": days(5)}
        a_subscription(account, monthly, unit_amount=str(number % 3 * 10), **term)
        a_subscription(account, yearly, state="canceled", expires_at=days(number), currency="EUR")
        bill = an_invoice(account, number=f"10{number}", due_at=days(-number * 20), total=number)
        a_payment(bill, status="declined", status_message="Card expired")
        an_invoice(account, state="paid", balance=0, paid=50, closed_at=days(-1), currency="EUR")
    trial = {"trial_started_at": days(-1), "trial_ends_at": days(9)}
    a_subscription(accounts[0], monthly, unit_amount="70", **trial)
    a_subscription(accounts[1], monthly, unit_amount=None)
    a_subscription(accounts[2], monthly, state="expired", expires_at=days(-3))
    Subscription.objects.create(
        account_upstream_id="stranger", plan_upstream_id="", plan_code="pro", state="active",
        currency="USD", **upstream(),
    )  # fmt: skip
    Invoice.objects.create(
        account_upstream_id="stranger", type="charge", state="pending", currency="USD",
        total=9, balance=9, **upstream(),
    )  # fmt: skip
    refresh.measure([account.pk for account in accounts], NOW)
    return accounts


def forwards(what: Any, sort: str, **given: str) -> Iterator[Any]:
    cursor = None
    while True:
        page = what.page(what.asked_for(given, HERE), sort=sort, cursor=cursor, limit=4)
        yield page
        if page.next is None:
            return
        cursor = page.next


def found(what: Any, sort: str = "id", **given: str) -> list[int]:
    return [one.row.pk for page in forwards(what, sort, **given) for one in page.rows]


BOTH_WAYS = [(name, sign + key) for name, what in LISTS.items() for key in what.ORDERS for sign in ("", "-")]  # fmt: skip


@pytest.mark.parametrize(("name", "sort"), BOTH_WAYS)
def test_pages_show_every_row_once_and_go_back_the_same_way(
    business: list[Account], name: str, sort: str
) -> None:
    what = LISTS[name]
    pages = list(forwards(what, sort))
    seen = [one.row.pk for page in pages for one in page.rows]
    everything = (Subscription if name == "subscriptions" else Invoice).objects
    assert sorted(seen) == sorted(everything.values_list("pk", flat=True))
    assert pages[0].previous is None
    everywhere = what.asked_for({}, HERE)
    for earlier, later in pairwise(pages):
        again = what.page(everywhere, sort=sort, cursor=later.previous, limit=4)
        assert [one.row.pk for one in again.rows] == [one.row.pk for one in earlier.rows]


def test_subscriptions_are_sorted_by_what_they_are_worth_and_unknown_ones_come_last(
    business: list[Account],
) -> None:
    rows = [one for page in forwards(subscriptions, "-mrr") for one in page.rows]
    amounts = [one.mrr.amount for one in rows if one.mrr]
    assert amounts == sorted(amounts, reverse=True)
    assert [one.mrr for one in rows[-2:]] == [None, None]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"status": "active"}, 7),
        ({"status": "cancelling"}, 5),  # the first has ended today
        ({"status": "trial,expired"}, 3),
        ({"status": "live"}, 13),
        ({"plan": "year"}, 6),
        ({"site": "eu", "status": "cancelling"}, 5),
        ({"currency": "EUR"}, 6),
        ({"renews_within": "2"}, 2),
        ({"renews_from": "2026-07-03", "renews_to": "2026-07-04"}, 2),
        ({"ends_within": "3"}, 4),
        ({"trial_within": "10"}, 1),
        ({"trial_within": "8"}, 0),
        ({"mrr_from": "10", "mrr_to": "10"}, 2),
        ({"renews": "yes"}, 6),
        ({"mark": "unknown"}, 1),
        ({"mark": "free"}, 2),
        ({"q": "customer eee"}, 2),
        ({"state": "canceled"}, 6),
    ],
)
def test_subscriptions_are_filtered(
    business: list[Account], given: dict[str, str], expected: int
) -> None:
    asked = subscriptions.asked_for(given, HERE)
    assert len(found(subscriptions, "-mrr", **given)) == expected
    assert len(found(subscriptions, "id", **given)) == expected
    assert subscriptions.capped_count(asked) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"status": "open"}, 7),
        ({"status": "past_due"}, 6),
        ({"status": "due"}, 1),
        ({"status": "paid"}, 6),
        ({"late_from": "31", "late_to": "60"}, 2),
        ({"due_from": "2026-06-10", "due_to": "2026-06-10"}, 1),
        ({"due_within": "3"}, 1),
        ({"paid_from": "2026-06-29", "paid_to": "2026-06-29"}, 6),
        ({"total_from": "2", "total_to": "4", "status": "past_due"}, 3),
        ({"balance_from": "100"}, 6),
        ({"currency": "EUR,USD"}, 13),
        ({"q": "103"}, 1),
        ({"q": "#103"}, 1),
        ({"q": "ddd CUSTOMER"}, 2),
        ({"whose": "nobody"}, 1),
        ({"type": "credit"}, 0),
    ],
)
def test_invoices_are_filtered(
    business: list[Account], given: dict[str, str], expected: int
) -> None:
    assert len(found(invoices, "-issued", **given)) == expected
    assert len(found(invoices, "due", **given)) == expected
    assert invoices.capped_count(invoices.asked_for(given, HERE)) == expected


@patient
@given(st.lists(any_invoice, max_size=8))
def test_how_an_invoice_stands_is_one_definition(bills: list[dict[str, Any]]) -> None:
    account_id, _, _ = stored(bills, [])
    mine = {"account": str(account_id)}
    rows = {one.row.pk: one for page in forwards(invoices, "id", **mine) for one in page.rows}
    for kind in ("past_due", "due", "processing", "failed"):
        expected = {pk for pk, one in rows.items() if one.stands.kind == kind}
        assert set(found(invoices, "id", status=kind, **mine)) == expected
    late = {pk for pk, one in rows.items() if 31 <= one.stands.days <= 60}
    assert set(found(invoices, "id", late_from="31", late_to="60", **mine)) == late


def test_a_row_of_an_invoice_knows_what_was_tried(business: list[Account]) -> None:
    (row,) = invoices.page(invoices.asked_for({"q": "104"}, HERE)).rows
    assert (row.attempts.number, row.attempts.failed) == (1, 1)
    assert row.attempts.last_failure == "Card expired"
    assert (row.status, row.stands.days) == ("past_due", 80)


def test_an_invoice_of_several_accounts_is_found_by_each(business: list[Account]) -> None:
    bill = an_invoice(business[0], number="777")
    Invoice.objects.filter(pk=bill.pk).update(account=None)
    for account in business[:2]:
        Allocation.objects.create(invoice=bill, account=account, total=50, paid=0, balance=50)
    for account in business[:2]:
        assert bill.pk in found(invoices, "id", account=str(account.pk))
    assert found(invoices, "id", whose="several") == [bill.pk]


def test_sums_are_one_line_a_currency(business: list[Account]) -> None:
    mrr = subscriptions.sums(subscriptions.asked_for({}, HERE))
    # 0 + 10 + 20 twice in dollars; five of 100 a year in euros, the sixth has ended
    assert [(line.currency, line.rows, line.amounts) for line in mrr.lines] == [
        ("EUR", 6, [Money(Decimal("41.666665"), "EUR")]),
        ("USD", 9, [Money(Decimal(60), "USD")]),
    ]
    owed = invoices.sums(invoices.asked_for({"status": "open"}, HERE))
    assert [line.amounts[2] for line in owed.lines] == [Money(Decimal(609), "USD")]


def test_what_an_account_no_longer_has_leaves_the_list(business: list[Account]) -> None:
    account = business[0]
    assert SubscriptionFacts.objects.filter(account=account).count() == 3
    moved = Subscription.objects.filter(account=account).order_by("pk")[0]
    Subscription.objects.filter(pk=moved.pk).update(account=business[1])
    refresh.measure([account.pk, business[1].pk], NOW)
    assert SubscriptionFacts.objects.get(pk=moved.pk).account_id == business[1].pk
    Subscription.objects.filter(pk=moved.pk).update(removed_at=NOW)
    refresh.measure([business[1].pk], NOW)
    assert not SubscriptionFacts.objects.filter(pk=moved.pk).exists()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("status", "odd", "“odd” is no status.*Use one of active"),
        ("renews_within", "-1", "no whole number"),
        ("renews_within", "1e9", "no whole number"),
        ("renews_from", "yesterday", "“yesterday” is no day"),
        ("mrr_from", "NaN", "“NaN” is no amount"),
        ("mrr_from", "1,000", "without thousands"),
        ("plan", ",", "Between 1 and 50"),
    ],
)
def test_a_filter_that_cannot_be_taken_is_refused_by_name(name: str, value: str, told: str) -> None:
    with pytest.raises(UnusableFilter, match=told) as refusal:
        subscriptions.asked_for({name: value}, HERE)
    assert refusal.value.field == name


def test_an_unknown_order_is_refused_by_name() -> None:
    with pytest.raises(UnusablePage, match=r"Invoices cannot be sorted by “shoe size”"):
        invoices.page(invoices.asked_for({}, HERE), sort="shoe size")


def test_days_are_those_of_the_workspace(business: list[Account]) -> None:
    bill = an_invoice(business[0], due_at=NOW.replace(hour=23))
    day = {"due_from": "2026-07-01", "due_to": "2026-07-01"}
    there = At(NOW, ZoneInfo("Europe/Berlin"))
    rows = invoices.page(invoices.asked_for(day, there)).rows
    assert [one.row.pk for one in rows] == [bill.pk]


def test_a_search_that_finds_very_many_accounts_still_finds_them(
    business: list[Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenure.metrics.lists.found.MOST_ACCOUNTS", 2)
    assert len(found(invoices, "-issued", q="customer")) == 12
    assert len(found(subscriptions, "-mrr", q="customer")) == 15
