"""The account list: every order, both directions, stable pages, search."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenure.customers.models import Account
from tenure.metrics import read, refresh
from tenure.metrics.paging import ORDERS, UnusablePage, order_of, place_of
from tests.metrics.rows import (
    NOW,
    a_billing_account,
    a_payment,
    a_plan,
    a_site,
    a_subscription,
    an_account,
    an_invoice,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def customers() -> list[Account]:
    """Fourteen accounts: some alike, some without revenue or invoices, two not measured yet."""
    plan, made = a_plan(), []
    for number in range(12):
        account = an_account(f"Customer {number % 5}", created_at=NOW - timedelta(days=number % 4))
        if number % 3:
            term = NOW + timedelta(days=number % 2 + 1) if number % 2 else None
            price = str(number % 4 * 10)
            a_subscription(account, plan, unit_amount=price, current_term_ends_at=term)
        if number % 4:
            bill = an_invoice(account, due_at=NOW - timedelta(days=number), balance=number // 2)
            a_payment(bill, collected_at=NOW - timedelta(days=number // 3))
        made.append(account)
    refresh.measure([account.pk for account in made], NOW)
    return [*made, an_account("Fresh"), an_account("Customer 2")]


def forwards(sort: str, *, limit: int = 3, search: str = "") -> Iterator[read.AccountsPage]:
    cursor = None
    while True:
        page = read.accounts_page(sort=sort, cursor=cursor, limit=limit, search=search)
        yield page
        if page.next is None:
            return
        cursor = page.next


BOTH_WAYS = [sign + key for key in ORDERS for sign in ("", "-")]


@pytest.mark.parametrize("sort", BOTH_WAYS)
def test_pages_show_every_account_once(customers: list[Account], sort: str) -> None:
    seen = [row.id for page in forwards(sort) for row in page.rows]
    assert sorted(seen) == sorted(account.pk for account in customers)
    whole = read.accounts_page(sort=sort, limit=100)
    assert seen == [row.id for row in whole.rows]


@pytest.mark.parametrize("sort", BOTH_WAYS)
def test_going_back_shows_the_same_pages(customers: list[Account], sort: str) -> None:
    pages = list(forwards(sort))
    assert pages[0].previous is None
    for earlier, later in pairwise(pages):
        assert later.previous is not None
        again = read.accounts_page(sort=sort, cursor=later.previous, limit=3)
        assert again.rows == earlier.rows
        assert again.next is not None
    assert read.accounts_page(sort=sort, cursor=pages[1].previous, limit=3).previous is None


def test_unknown_values_come_last_in_both_directions(customers: list[Account]) -> None:
    for sort in ("mrr", "-mrr"):
        rows = read.accounts_page(sort=sort, limit=100).rows
        known = [bool(row.mrr) for row in rows]
        assert known == sorted(known, reverse=True)
        assert [row.as_of is None for row in rows[-2:]] == [True, True]


def test_mrr_is_sorted_by_amount(customers: list[Account]) -> None:
    rows = read.accounts_page(sort="-mrr", limit=100).rows
    amounts = [row.mrr[0].amount for row in rows if row.mrr]
    assert amounts == sorted(amounts, reverse=True)
    assert amounts[0] == Decimal(30)


def test_a_page_goes_on_from_its_row_when_others_arrive(customers: list[Account]) -> None:
    first = read.accounts_page(sort="name", limit=3)
    an_account("Aaa")
    second = read.accounts_page(sort="name", limit=3, cursor=first.next)
    assert not {row.id for row in first.rows} & {row.id for row in second.rows}


def test_search_finds_words_in_any_order() -> None:
    wanted, other = an_account("North Wind Works"), an_account("North Sea")
    rows = read.accounts_page(search="WIND nor").rows
    assert [row.id for row in rows] == [wanted.pk]
    assert (read.capped_count("wind nor"), read.capped_count(other.name)) == (1, 1)


def test_search_finds_the_exact_identifier_though_the_text_lacks_it() -> None:
    account = an_account("Acme", identifier="T-77")
    Account.objects.filter(pk=account.pk).update(search="acme")
    assert [row.id for row in read.accounts_page(search=" T-77 ").rows] == [account.pk]


@pytest.mark.parametrize("search", ["100%", "a_b", "c\\d", "\x00", "\udcff"])
def test_special_characters_are_searched_as_they_are(search: str) -> None:
    an_account("100 axb")
    assert read.accounts_page(search="q" + search).rows == ()


def test_the_count_stops_at_its_cap(customers: list[Account]) -> None:
    assert read.capped_count() == len(customers)
    assert read.capped_count(cap=5) == 5


@pytest.mark.parametrize(
    "cursor", ["", "x", "%%%", "W10", "bnVsbA", "WyItbXJyIiwwLDAsIk5hTiIsMV0", "é", "W" * 50_000]
)
def test_a_damaged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(UnusablePage, match="Start again from the first page"):
        place_of(order_of("-mrr"), cursor)


def test_a_cursor_of_another_order_is_refused(customers: list[Account]) -> None:
    cursor = read.accounts_page(sort="-mrr", limit=3).next
    with pytest.raises(UnusablePage, match="another sort order"):
        read.accounts_page(sort="mrr", cursor=cursor)


def test_an_unknown_order_is_refused_by_name() -> None:
    with pytest.raises(UnusablePage, match=r"cannot be sorted by “shoe size”.*Use one of created"):
        read.accounts_page(sort="shoe size")


def test_a_row_shows_who_bills_whom_and_who_cares_for_it() -> None:
    account = an_account(scope=a_site())
    for site in ("us", "eu", "us"):
        a_billing_account(account, site=a_site(site))
    (row,) = read.accounts_page().rows
    assert (row.scope, row.sites, row.owner) == ("acme", ("eu", "us"), None)


def test_a_page_takes_two_queries_whatever_its_length(customers: list[Account]) -> None:
    for limit in (2, 6):
        with CaptureQueriesContext(connection) as queries:
            read.accounts_page(limit=limit)
        assert len(queries) == 2


def test_totals_never_add_currencies(customers: list[Account]) -> None:
    account, plan = an_account(), a_plan()
    a_subscription(account, plan, currency="EUR", unit_amount="5")
    a_subscription(account, plan, currency="USD", unit_amount="7")
    refresh.measure([account.pk], NOW)
    rows = read.accounts_page(limit=100).rows
    summed = {
        currency: sum(
            (m.amount for row in rows for m in row.mrr if m.currency == currency), Decimal(0)
        )
        for currency in ("EUR", "USD")
    }
    totals = read.totals()
    assert {money.currency: money.amount for money in totals.mrr} == summed
    assert (totals.accounts, totals.past_due[0].currency) == (13, "USD")
