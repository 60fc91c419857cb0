"""Billing: the lists of subscriptions and invoices across accounts, and one subscription."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tenure.customers.models import Account, Invoice, Subscription
from tenure.metrics.models import SubscriptionFacts
from tenure.metrics.refresh import measure
from tenure.web.billing import listing
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_customer

LISTS = ("subscriptions", "invoices")
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}'


@pytest.fixture
def account(db: None) -> Account:
    return a_customer("Northwind Robotics", identifier="T-1001")


def get(client: Client, name: str, **query: str) -> str:
    answer = client.get(f"/billing/{name}/", query)
    assert answer.status_code == 200
    text: str = answer.text
    return text


def test_the_subscriptions_say_what_each_is_worth(signed_in: Client, account: Account) -> None:
    text = get(signed_in, "subscriptions")
    for shown in ("Team (monthly)", "Northwind Robotics", "198.00", "49.50", "12 Jul 2026", "Expired"):  # fmt: skip
        assert shown in text
    assert f"/accounts/{account.pk}/" in text


def test_the_invoices_say_how_each_stands_and_what_was_tried(
    signed_in: Client, account: Account
) -> None:
    text = get(signed_in, "invoices")
    for shown in ("1001", "1002", "1003", "Past due", "35 days late", "Northwind Robotics"):
        assert shown in text


@pytest.mark.parametrize("name", LISTS)
def test_a_page_takes_the_same_queries_however_many_rows(
    signed_in: Client, account: Account, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:  # fmt: skip
    for number in range(5):
        a_customer(f"Customer {number}", identifier=f"C-{number}")
    with django_assert_max_num_queries(15):
        get(signed_in, name)


@pytest.mark.parametrize("name", LISTS)
def test_every_column_can_be_shown(signed_in: Client, account: Account, name: str) -> None:
    every = listing.SUBSCRIPTIONS if name == "subscriptions" else listing.INVOICES
    text = get(signed_in, name, columns=",".join(column.key for column in every.columns))
    assert text.count('<th scope="col"') == len(every.columns) + 1
    for column in every.columns:
        assert column.label in text


def test_filters_stand_in_the_address_and_can_be_taken_off(
    signed_in: Client, account: Account
) -> None:
    text = get(signed_in, "invoices", status="past_due", sort="due", columns="due")
    assert "1002" in text
    assert "1003" not in text
    assert "Status: Past due" in text
    assert 'href="?sort=due&amp;columns=due"' in text
    assert "Copy as command" in text
    assert "tenure invoices --status=past_due --sort=due --json" in text
    assert "/api/v1/invoices?status=past_due&amp;sort=due&amp;limit=200" in text


def test_a_form_with_empty_fields_becomes_an_address_worth_sending(
    signed_in: Client, account: Account
) -> None:
    answer = signed_in.get("/billing/invoices/?q=&status=paid&currency=&columns=due&columns=total")
    assert answer.status_code == 302
    assert answer.url == "/billing/invoices/?status=paid&columns=due,total"


def test_a_question_asked_often_is_marked_when_it_is_asked(
    signed_in: Client, account: Account
) -> None:
    text = get(signed_in, "invoices", status="past_due", sort="-balance")
    assert 'sort=-balance" aria-current="true">Past due' in text


def test_the_sums_come_after_the_page(signed_in: Client, account: Account) -> None:
    assert 'hx-get="/billing/invoices/totals/?status=open"' in get(signed_in, "invoices", status="open")  # fmt: skip
    text = signed_in.get("/billing/invoices/totals/?status=open").text
    for shown in ("Invoices", ">2<", "Total, USD", "396.00", "balance"):
        assert shown in text
    assert "MRR, USD" in signed_in.get("/billing/subscriptions/totals/").text


def test_a_sum_that_takes_too_long_is_given_up_and_said(
    signed_in: Client, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenure.metrics.lists.found.PATIENCE", 1)
    monkeypatch.setattr("tenure.metrics.lists.invoices._SUMS", "sum(i.total), sum(i.paid), pg_sleep(1)::text::int")  # fmt: skip
    text = signed_in.get("/billing/invoices/totals/").text
    assert "takes too long" in text


@pytest.mark.parametrize("query", ["status=odd", "due_from=x", "sort=shoe", "after=x", "total_from=x"])  # fmt: skip
def test_an_address_that_asks_for_nothing_there_is_says_so(
    signed_in: Client, account: Account, query: str
) -> None:
    answer = signed_in.get(f"/billing/invoices/?{query}")
    assert answer.status_code == 400
    assert "does not have" in answer.text


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_says_what_to_do(signed_in: Client, name: str) -> None:
    assert "Integrations Hub" in get(signed_in, name)
    assert "matches" in get(signed_in, name, q="nobody")


@pytest.mark.parametrize("name", LISTS)
def test_hostile_text_stays_text(signed_in: Client, name: str) -> None:
    account = a_customer(HOSTILE, identifier=HOSTILE)
    Subscription.objects.update(plan_name=HOSTILE, po_number=HOSTILE, custom_fields={HOSTILE: HOSTILE})  # fmt: skip
    every = listing.SUBSCRIPTIONS if name == "subscriptions" else listing.INVOICES
    text = get(signed_in, name, columns=",".join(column.key for column in every.columns))
    assert account.pk
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_a_file_is_safe_in_a_spreadsheet(signed_in: Client, account: Account) -> None:
    Account.objects.update(name="=cmd()")
    answer = signed_in.get("/billing/invoices/export.csv?status=open&sort=due&columns=due,balance")
    text = b"".join(answer).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["Number"] for line in lines] == ["1002", "1003"]
    assert list(lines[0]) == ["Identifier", "Account", "Site", "Id at the source", "Currency", "Number", "Due", "Balance"]  # fmt: skip
    assert lines[0]["Account"] == "'=cmd()"
    assert lines[0]["Balance"] == "198.00"


@pytest.mark.parametrize("name", LISTS)
def test_a_file_has_every_column_unless_some_are_chosen(
    signed_in: Client, account: Account, name: str
) -> None:
    text = b"".join(signed_in.get(f"/billing/{name}/export.csv")).decode("utf-8-sig")
    head, *lines = list(csv.reader(io.StringIO(text)))
    assert len(head) > 20
    assert len(lines) == (2 if name == "subscriptions" else 3)


@pytest.mark.parametrize("name", LISTS)
def test_the_same_list_is_had_as_json(signed_in: Client, account: Account, name: str) -> None:
    answer = signed_in.get(f"/billing/{name}/export.json")
    found = json.loads(b"".join(answer))
    assert [one["account"] for one in found] == ["T-1001"] * len(found)
    nothing = signed_in.get(f"/billing/{name}/export.json?q=nobody")
    assert json.loads(b"".join(nothing)) == []


def test_one_subscription_shows_how_its_amount_is_made(signed_in: Client, account: Account) -> None:
    live = account.subscriptions.get(state="active")
    live.add_ons = [{"add_on": {"code": "calls", "add_on_type": "usage"}, "quantity": 1}]
    live.save()
    text = signed_in.get(f"/subscriptions/{live.pk}/").text
    for shown in ("4 × 49.50", "198.00", "“calls” is metered", "Northwind Robotics", "Team (monthly)"):  # fmt: skip
        assert shown in text


def test_a_subscription_that_counts_nothing_says_why(signed_in: Client, account: Account) -> None:
    trial = rows.a_subscription(
        account, rows.a_plan(), unit_amount=Decimal(70),
        trial_started_at=NOW, trial_ends_at=NOW + timedelta(days=9),
    )  # fmt: skip
    measure([account.pk], NOW)
    text = signed_in.get(f"/subscriptions/{trial.pk}/").text
    assert "In trial until 9 Jul 2026" in text
    assert "70.00" in text
    assert "would be" in get(signed_in, "subscriptions")


def test_a_subscription_of_nobody_known_leads_to_the_unidentified(
    signed_in: Client, account: Account
) -> None:
    account.subscriptions.update(account=None)
    row = Subscription.objects.order_by("pk")[0]
    assert "Nobody known" in get(signed_in, "subscriptions")
    assert "/sync/unidentified/" in signed_in.get(f"/subscriptions/{row.pk}/").text


@pytest.mark.parametrize("known", [True, False])
def test_a_subscription_without_figures_shows_in_every_column(
    signed_in: Client, account: Account, known: bool
) -> None:
    SubscriptionFacts.objects.all().delete()
    if not known:
        account.subscriptions.update(account=None)
    every = ",".join(column.key for column in listing.SUBSCRIPTIONS.columns)
    text = get(signed_in, "subscriptions", columns=every, sort="id")
    assert text.count("<tr data-row>") == 2
    assert text.count("Not measured yet") == (2 if known else 0)
    assert text.count("Nobody known") == (0 if known else 2)


def test_many_plans_add_ons_and_fields_are_cut_short(signed_in: Client, account: Account) -> None:
    live = account.subscriptions.get(state="active")
    items = [
        {"add_on": {"code": code}, "quantity": n} for n, code in enumerate(("a", "b", "c", "d"))
    ]
    live.add_ons, live.custom_fields = [*items, "odd"], {"x": 1, "y": None, "z": 3}
    live.save()
    text = get(signed_in, "subscriptions", columns="add_ons,fields")
    for shown in ("a × 1<", "b × 1<", ">+3<", "x: 1<", "y: no value<", ">+1<"):
        assert shown in text
    assert "c × 2" not in text
    other = rows.a_subscription(
        account, rows.a_plan(live.site, code="x"), plan_name="Second <plan>"
    )
    Invoice.objects.update(subscription_upstream_ids=[live.upstream_id, other.upstream_id, "gone"])
    text = get(signed_in, "invoices", columns="plans")
    assert 'title="Team (monthly), Second &lt;plan&gt;, gone">+1<' in text


def test_what_is_not_there_is_said_in_words(signed_in: Client) -> None:
    assert signed_in.get("/subscriptions/1/").status_code == 404
    assert signed_in.get("/billing/invoices/export.pdf").status_code == 404
