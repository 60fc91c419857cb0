"""The list of accounts: sorted, searched, paged, and what it says when it is empty."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tenure.metrics import read
from tenure.web.accounts import listing
from tests.metrics.rows import a_site, an_account
from tests.web.builders import a_customer, a_member

TABLE = {"HX-Request": "true", "HX-Target": "accounts-table"}


def test_a_row_shows_name_identifier_money_and_states(signed_in: Client) -> None:
    account = a_customer("Northwind Robotics", identifier="T-1001")
    text = signed_in.get("/accounts/").text
    for shown in (
        "Northwind Robotics",
        "T-1001",
        "198.00",
        "Team (monthly)",
        "Not scored yet",
        "northwind",
    ):
        assert shown in text
    assert f"/accounts/{account.pk}/" in text


def test_without_a_site_the_page_leads_to_connecting_one(signed_in: Client) -> None:
    assert "Connect a site" in signed_in.get("/accounts/").text


def test_with_a_site_and_no_account_the_page_leads_to_the_sync(signed_in: Client) -> None:
    a_site()
    assert "Look at the sync" in signed_in.get("/accounts/").text


def test_a_search_without_result_offers_to_clear_it(signed_in: Client) -> None:
    a_customer()
    text = signed_in.get("/accounts/", {"q": "nobody <b>here"}).text
    assert "No account matches “nobody &lt;b&gt;here”" in text
    assert "Clear the search" in text


def test_a_search_finds_by_a_part_of_the_name(signed_in: Client) -> None:
    a_customer("Northwind Robotics")
    a_customer("Acme Dental")
    text = signed_in.get("/accounts/", {"q": "robot"}).text
    assert "Northwind Robotics" in text
    assert "Acme Dental" not in text


@pytest.mark.parametrize(("soon", "later"), [(5, False), (0, True)])
def test_what_takes_long_to_count_is_counted_after_the_page(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch, soon: int, later: bool
) -> None:
    monkeypatch.setattr(read, "SOON_MS", soon)
    monkeypatch.setattr(listing, "PAGE", 1)
    for name in ("Northwind Robotics", "Northwind Dental", "Acme"):
        a_customer(name)
    text = signed_in.get("/accounts/", {"q": "northwind"}).text
    assert ("Counting…" in text) is later
    assert ("2 accounts matching “northwind”" in text) is not later
    asked = re.search(r'hx-get="(/accounts/count/[^"]*)"', text)
    assert (asked is not None) is later
    if asked:
        assert "matching “northwind”" in text
        assert "2 accounts" in signed_in.get(asked[1]).text


def test_typing_asks_for_the_table_alone(signed_in: Client) -> None:
    a_customer()
    answer = signed_in.get("/accounts/", {"q": "north"}, headers=TABLE)
    assert "<html" not in answer.text
    assert "Northwind" in answer.text
    assert "HX-Target" in answer.headers["Vary"]


def test_pages_lead_on_and_back(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    for name in ("Aa", "Bb", "Cc"):
        an_account(name)
    first = signed_in.get("/accounts/", {"sort": "name"})
    second = signed_in.get("/accounts/", {"sort": "name", "after": first.context["page"].next})
    assert [row.name for row in second.context["page"].rows] == ["Cc"]
    assert second.context["page"].previous


@pytest.mark.parametrize("query", [{"sort": "nonsense"}, {"after": "damaged"}])
def test_an_address_that_names_no_page_says_so(signed_in: Client, query: dict[str, str]) -> None:
    answer = signed_in.get("/accounts/", query)
    assert answer.status_code == 400
    assert "Start from the first page" in answer.text


def test_a_sorted_column_says_so_and_turns_on_the_next_click(signed_in: Client) -> None:
    a_customer()
    text = signed_in.get("/accounts/", {"sort": "-mrr"}).text
    assert 'aria-sort="descending"' in text
    assert 'href="?sort=mrr"' in text


def test_totals_stand_a_line_for_each_currency(signed_in: Client) -> None:
    a_customer()
    text = signed_in.get("/accounts/totals/").text
    assert "MRR, USD" in text
    assert "198.00" in text


def test_a_page_costs_the_same_queries_however_many_accounts(
    signed_in: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        a_customer(f"Customer {number}")
    with django_assert_max_num_queries(11):
        assert signed_in.get("/accounts/").status_code == 200


def test_every_figure_of_the_list_opens(signed_in: Client) -> None:
    account = a_customer()
    columns = (
        "status,quantity,next_renewal,invoices,subscriptions,next_bill,last_paid,customer_since"
    )
    text = signed_in.get("/accounts/", {"columns": columns}).text
    opened = set(re.findall(rf'href="/accounts/{account.pk}/calculation/(\w+)/"', text))
    assert opened == {
        "subscription_status", "quantity_by_plan", "next_renewal_date", "invoice_status",
        "active_subscriptions", "next_bill_date", "last_paid_date", "customer_since",
    }  # fmt: skip


def test_an_account_not_measured_yet_says_so(signed_in: Client) -> None:
    an_account("Fresh")
    assert "Not measured yet" in signed_in.get("/accounts/").text


def test_the_palette_finds_accounts_and_pages(signed_in: Client) -> None:
    a_customer("Synthetic Works")
    text = signed_in.get("/search/", {"q": "syn"}).text
    assert "Synthetic Works" in text
    assert ">Sync" in text


def test_the_palette_offers_to_connect_only_to_those_who_may(client: Client, db: None) -> None:
    client.force_login(a_member("viewer"))
    assert "Connect a site" not in client.get("/search/").text


def test_a_null_character_in_a_search_finds_nothing_and_breaks_nothing(signed_in: Client) -> None:
    assert signed_in.get("/accounts/", {"q": "a\x00b"}).status_code == 200
