"""Revenue: the report, the accounts behind each number, and an account's money tab."""

import csv
import html
import io
import json
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tenure.customers.models import Account
from tenure.metrics import mrr_steps
from tenure.metrics.models import FxRate, MrrPoint
from tenure.metrics.rates import table
from tenure.metrics.refresh import measure
from tenure.metrics.settings import current
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_customer

TODAY = NOW.date()


def a_history(name: str, *amounts: tuple[int, str], currency: str = "USD") -> Account:
    """An account with the MRR these days ago, as points of one subscription."""
    account = rows.an_account(name)
    subscription = rows.a_subscription(
        account, rows.a_plan(), unit_amount=amounts[-1][1], currency=currency
    )
    measure([account.pk], NOW)
    MrrPoint.objects.filter(account_id=account.pk).delete()
    for ago, amount in amounts:
        MrrPoint.objects.create(
            subscription=subscription,
            account_id=account.pk,
            day=TODAY - timedelta(days=ago),
            currency=currency,
            mrr=Decimal(amount),
            status="contributing",
            kind="reconstructed" if ago > 100 else "snapshot",
            quantity=1,
            plan_code="pro",
            recorded_at=NOW,
        )
    mrr_steps.make([account.pk])
    return account


@pytest.fixture
def business(db: None) -> dict[str, Account]:
    """One account of each movement, in dollars; today is 30 June."""
    return {
        "grew": a_history("Grew Ltd", (500, "100"), (20, "150")),
        "shrank": a_history("Shrank Ltd", (500, "90"), (50, "60")),
        "left": a_history("Left Ltd", (500, "70"), (10, "0")),
        "came": a_history("Came Ltd", (5, "80")),
    }


def get(client: Client, address: str = "/billing/revenue/", **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    text: str = answer.text
    return text


def test_the_report_says_how_revenue_moved(signed_in: Client, business: dict[str, Account]) -> None:
    answer = signed_in.get("/billing/revenue/")
    report = answer.context["report"]
    # 100 + 90 + 70 at the start; 80 new, 50 expansion, 30 contraction and 70 churn lead to 290.
    assert (report.whole.start, report.whole.end) == (Decimal(260), Decimal(290))
    assert {kind.value: amount for kind, amount in report.whole.sums.items()} == {
        "new": 80, "reactivation": 0, "expansion": 50, "contraction": -30, "churn": -70,
    }  # fmt: skip
    for shown in ("Net retention", "80.8 %", "Gross retention", "61.5 %", "Logo churn", "33.3 %", "1.30", "so far"):  # fmt: skip
        assert shown in answer.text


def test_what_was_made_out_from_invoices_is_marked(
    signed_in: Client, business: dict[str, Account]
) -> None:
    assert ">rebuilt<" in get(signed_in, months="24")
    assert ">rebuilt<" not in get(signed_in, months="1")


def test_every_month_adds_up(signed_in: Client, business: dict[str, Account]) -> None:
    for query in ({}, {"months": "24"}, {"months": "1"}, {"currency": "total"}):
        report = signed_in.get("/billing/revenue/", query).context["report"]
        for month in report.months:
            moved = month.moves
            assert moved.start + sum(moved.sums.values()) + moved.fx == moved.end
        ends = [month.moves.end for month in report.months]
        assert [month.moves.start for month in report.months[1:]] == ends[:-1]


def test_a_movement_leads_to_its_accounts_which_add_up_to_it(
    signed_in: Client, business: dict[str, Account]
) -> None:
    month = {"currency": "USD", "from": "2026-06-01", "to": "2026-06-30"}
    text = get(signed_in, "/billing/revenue/accounts/", **month, movement="churn")
    assert "Left Ltd" in text
    assert "Grew Ltd" not in text
    assert "−70.00" in text
    assert f"/accounts/{business['left'].pk}/money/" in text
    every = signed_in.get("/billing/revenue/accounts/", month)
    changes = sum(one.amount for one in every.context["rows"])
    assert changes == every.context["total"].amount == Decimal(60)


def test_the_same_accounts_are_had_as_files(
    signed_in: Client, business: dict[str, Account]
) -> None:
    Account.objects.filter(name="Left Ltd").update(name="=cmd()")
    query = {"currency": "USD", "from": "2026-01-01", "to": "2026-06-30"}
    answer = signed_in.get("/billing/revenue/accounts/", query | {"form": "csv"})
    lines = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert {line["Account"]: line["Change"] for line in lines} == {
        "'=cmd()": "-70.00", "Grew Ltd": "50.00", "Shrank Ltd": "-30.00", "Came Ltd": "80.00",
    }  # fmt: skip
    answer = signed_in.get("/billing/revenue/accounts/", query | {"form": "json"})
    assert len(json.loads(b"".join(answer))) == 4


def test_what_there_was_on_a_day_leads_to_its_accounts(
    signed_in: Client, business: dict[str, Account]
) -> None:
    text = get(signed_in, "/billing/revenue/mrr/", currency="USD", day="2026-06-01")
    for shown in ("Grew Ltd", "100.00", "Shrank Ltd", "60.00", "Left Ltd"):
        assert shown in text
    assert "Came Ltd" not in text


def test_pages_of_accounts_hold_each_once(
    signed_in: Client, business: dict[str, Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenure.web.billing.revenue.PAGE", 1)
    for address in ("/billing/revenue/accounts/", "/billing/revenue/mrr/"):
        seen: list[int] = []
        after = ""
        while True:
            query = {"currency": "USD", "from": "2026-01-01", "day": "2026-06-30", "after": after}
            answer = signed_in.get(address, {k: v for k, v in query.items() if v})
            found = answer.context["rows"]
            seen += [(one[0] if isinstance(one, tuple) else one).account_id for one in found]
            after = answer.context.get("next") or getattr(answer.context.get("found"), "next", None)
            if not after:
                break
        assert len(seen) == len(set(seen)) >= 3


def test_without_a_rate_there_is_no_total_and_the_report_says_so(
    signed_in: Client, business: dict[str, Account]
) -> None:
    a_history("Euro GmbH", (40, "500"), currency="EUR")
    text = get(signed_in)
    assert "There is no total in USD" in text
    assert "USD alone" in text
    total = get(signed_in, currency="total")
    assert "There is no total in USD" in total
    assert "How MRR moved" not in total
    alone = get(signed_in, "/billing/revenue/accounts/", currency="total")
    assert "Look at EUR alone" in alone
    assert "no rate is known for EUR" in get(signed_in, "/billing/revenue/mrr/", currency="total")


def test_what_is_owed_and_what_there_is_come_after_the_page(signed_in: Client) -> None:
    a_customer("Northwind Robotics", identifier="T-1")
    assert 'hx-get="/billing/revenue/standing/?' in get(signed_in)
    text = get(signed_in, "/billing/revenue/standing/")
    for shown in ("396.00", "198.00", "31–60 days", "DSO", "late_from=31&amp;late_to=60", "By site, now", "northwind"):  # fmt: skip
        assert shown in text
    # what is owed ÷ what was billed in 90 days × 90: 396 ÷ 396 × 90
    assert "90.0 days" in text
    # The bills behind it, which add up to it: the list says their sum.
    query = re.search(r"/billing/invoices/\?([^\"]*billed_within=90[^\"]*)", text)
    assert query
    rows = signed_in.get(f"/billing/invoices/?{html.unescape(query[1])}").context["page"].rows
    assert sum(one.row.total for one in rows) == 396


@pytest.mark.parametrize(
    "address",
    [
        "/billing/revenue/?months=0", "/billing/revenue/?months=x", "/billing/revenue/?currency=euros",
        "/billing/revenue/?site=nowhere", "/billing/revenue/accounts/?movement=odd",
        "/billing/revenue/accounts/?from=2026-06-30&to=2026-06-01",
        "/billing/revenue/accounts/?after=x", "/billing/revenue/mrr/?day=x", "/billing/revenue/mrr/?after=x:y",
    ],
)  # fmt: skip
def test_what_the_report_does_not_have_is_said(
    signed_in: Client, business: dict[str, Account], address: str
) -> None:
    answer = signed_in.get(address)
    assert answer.status_code == 400
    assert "does not have" in answer.text


def test_an_empty_report_says_what_to_do(signed_in: Client) -> None:
    assert "No revenue yet" in get(signed_in)


def test_the_money_tab_shows_the_history_with_how_it_is_known(
    signed_in: Client, business: dict[str, Account], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:  # fmt: skip
    with django_assert_max_num_queries(15):
        text = get(signed_in, f"/accounts/{business['grew'].pk}/money/")
    for shown in ("MRR over time", "made out from invoices", "as it was known then", "150.00", "Reconstructed"):  # fmt: skip
        assert shown in text


def test_the_money_tab_shows_how_it_pays(signed_in: Client) -> None:
    account = a_customer("Northwind Robotics", identifier="T-1")
    text = get(signed_in, f"/accounts/{account.pk}/money/")
    for shown in ("Last payment", "50.0 %", "1 of 2 invoices", "Days to pay", "DSO", "Billed", "594.00", "Falls due", "ageing.31-60"):  # fmt: skip
        assert shown in text


def test_a_point_of_the_history_opens_its_subscriptions_which_add_up(
    signed_in: Client, business: dict[str, Account]
) -> None:
    text = get(signed_in, f"/accounts/{business['grew'].pk}/money/2026-05-01/")
    for shown in ("1 May 2026", "100.00", "Sum", "made out from invoices"):
        assert shown in text
    nothing = get(signed_in, f"/accounts/{business['grew'].pk}/money/2020-01-01/")
    assert "Nothing is known of that day" in nothing
    assert signed_in.get(f"/accounts/{business['grew'].pk}/money/yesterday/").status_code == 404


def test_a_rate_makes_one_total(signed_in: Client, business: dict[str, Account]) -> None:
    a_history("Euro GmbH", (40, "500"), currency="EUR")
    FxRate.objects.create(source="EUR", target="USD", day=date(2020, 1, 1), rate=2, set_at=NOW)
    assert table(current()).on("EUR", "USD", TODAY)
    report = signed_in.get("/billing/revenue/").context["report"]
    assert report.whole.end == Decimal(1290)
    held = signed_in.get("/billing/revenue/mrr/", {"currency": "total"})
    assert [one.amount for one, _ in held.context["rows"]] == [1000, 150, 80, 60]
