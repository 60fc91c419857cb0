"""Account 360: each tab, within its budget of queries, and nothing of upstream's text believed."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tenure.connections.models import Workspace
from tenure.core.clock import SystemClock
from tenure.customers import bills
from tenure.customers.models import Account
from tenure.metrics.refresh import measure
from tenure.web.account import invoices, timeline
from tenure.web.account.meanings import MEANINGS
from tests.metrics import rows
from tests.metrics.rows import NOW
from tests.web.builders import a_change, a_customer, a_payer, a_run

TABS = ("", "money/", "subscriptions/", "invoices/", "attributes/", "timeline/", "raw/")
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}'


@pytest.fixture
def account(db: None) -> Account:
    return a_customer("Northwind Robotics", identifier="T-1001")


def get(client: Client, account: Account, tab: str = "", **query: str) -> str:
    answer = client.get(f"/accounts/{account.pk}/{tab}", query)
    assert answer.status_code == 200
    text: str = answer.text
    return text


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_takes_at_most_fifteen_queries(
    signed_in: Client,
    account: Account,
    tab: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(15):
        get(signed_in, account, tab)


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_shows_who_it_is_and_what_it_is_worth(
    signed_in: Client, account: Account, tab: str
) -> None:
    text = get(signed_in, account, tab)
    for shown in ("Northwind Robotics", "T-1001", "MRR", "198.00", "Overdue", "Copy identifier"):
        assert shown in text


def test_the_overview_shows_subscriptions_invoices_values_and_what_comes(
    signed_in: Client, account: Account
) -> None:
    text = get(signed_in, account)
    for shown in ("Team (monthly)", "1002", "Past due", "Seats", "Renews", "31–60 days"):
        assert shown in text


def test_coupons_of_the_account_stand_with_its_subscriptions(
    signed_in: Client, account: Account
) -> None:
    payer = account.billing_accounts.get()
    percent = {"type": "percent", "percent": 15}
    dollars = {"type": "fixed", "currencies": [{"currency": "USD", "amount": 20.5}]}
    lasting = {"type": "temporal", "expires_at": "2026-09-01T10:00:00Z"}
    plans = {"applies_to_all_plans": False, "plans": [{"code": "team"}]}
    for key, active, coupon, rest in (
        ("r1", True, {"code": HOSTILE, "duration": "forever", "discount": percent}, {}),
        (
            "r2",
            True,
            {"code": "GIFT", "discount": dollars} | plans,
            {"remaining_duration": lasting},
        ),
        ("r3", False, {"code": "OVER", "discount": percent}, {}),
        ("r4", True, {"code": "ODD", "discount": "unreadable"}, {}),
    ):
        state = "active" if active else "inactive"
        said = {"id": key, "state": state, "coupon": coupon, "created_at": "2026-01-05T10:00:00Z"}
        rows.a_coupon(
            key, said | rest, account_upstream_id=payer.upstream_id, site=payer.site
        ).save()
    text = get(signed_in, account, "subscriptions/")
    for shown in (
        "15 %",
        "All plans",
        "For ever",
        "5 Jan 2026",
        "GIFT",
        "20.50",
        "team",
        "1 Sep 2026",
    ):
        assert shown in text
    for hidden in ("<img src=x", "OVER", "ODD"):
        assert hidden not in text


def test_an_account_without_anything_says_so_in_words(signed_in: Client) -> None:
    bare = rows.an_account("Bare")
    text = get(signed_in, bare)
    assert "No subscription has ever" in text
    assert "No invoice yet" in text
    assert "not measured yet" in text


@pytest.mark.parametrize("tab", TABS)
def test_upstream_text_stays_text(signed_in: Client, tab: str) -> None:
    hostile = a_customer(HOSTILE, attributes={"company": HOSTILE}, identifier=HOSTILE)
    text = get(signed_in, hostile, tab)
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert "&lt;img src=x" in text


def test_a_yen_amount_has_no_decimals_and_dinars_have_three(
    signed_in: Client, account: Account
) -> None:
    for currency, price in (("JPY", "66375"), ("KWD", "33325.5")):
        plan = rows.a_plan(code=currency)
        rows.a_subscription(account, plan, currency=currency, unit_amount=Decimal(price))
    measure([account.pk], NOW)
    text = get(signed_in, account)
    assert ">66,375<" in text
    assert ">33,325.500<" in text


def test_several_payers_stand_side_by_side(signed_in: Client, account: Account) -> None:
    a_payer(account, rows.a_site("northwind-eu"), code="EU-77")
    text = get(signed_in, account)
    assert "northwind-eu /" in text
    assert "EU-77" in text


def test_what_another_site_says_differently_is_visible_beside_the_value(
    signed_in: Client, account: Account
) -> None:
    a_payer(account, rows.a_site("northwind-eu"), code="EU-77").__class__.objects.filter(
        code="EU-77"
    ).update(company="Nordwind GmbH")
    text = get(signed_in, account, "attributes/")
    assert "northwind-eu says:" in text
    assert "Nordwind GmbH" in text


def test_pages_of_invoices_hold_each_exactly_once(
    signed_in: Client, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoices, "PAGE", 2)
    for number in range(5):
        rows.an_invoice(account, number=f"20{number}", created_at=NOW - timedelta(days=30))
    seen, after = [], ""
    while True:
        answer = signed_in.get(f"/accounts/{account.pk}/invoices/", {"after": after})
        seen += [bill.row.number for bill in answer.context["bills"]]
        after = answer.context["after"]
        if not after:
            break
    assert len(seen) == len(set(seen)) == 8


def test_open_invoices_can_be_seen_alone(signed_in: Client, account: Account) -> None:
    answer = signed_in.get(f"/accounts/{account.pk}/invoices/", {"show": "open"})
    assert [bill.row.number for bill in answer.context["bills"]] == ["1003", "1002"]


def test_an_invoice_is_found_by_its_number(signed_in: Client, account: Account) -> None:
    answer = signed_in.get(f"/accounts/{account.pk}/invoices/", {"number": "1002"})
    assert [bill.row.number for bill in answer.context["bills"]] == ["1002"]


@pytest.mark.parametrize("cursor", ["x", "eA==", "bm90IGEgdGltZSAx", "Ã"])
def test_a_damaged_place_is_not_found(signed_in: Client, account: Account, cursor: str) -> None:
    answer = signed_in.get(f"/accounts/{account.pk}/invoices/", {"after": cursor})
    assert answer.status_code == 404


def test_lateness_is_told_in_days_of_the_workspace(signed_in: Client, account: Account) -> None:
    Workspace.objects.update_or_create(pk=1, defaults={"zone": "Asia/Tokyo"})
    # 50 minutes ago, yet the day before in Tokyo; the state says nothing of it.
    rows.an_invoice(account, number="2001", state="pending", due_at=NOW.replace(hour=14, minute=55) - timedelta(days=1))  # fmt: skip
    terms = {"net_terms": 10, "collection_method": "manual", "created_at": NOW - timedelta(days=13)}
    rows.an_invoice(account, number="2002", state="pending", **terms)
    told = bills_of(account, NOW.replace(hour=15, minute=45) - timedelta(days=1))
    assert told["2001"] == (date(2026, 6, 29), 1)
    assert told["2002"] == (date(2026, 6, 27), 3)


def bills_of(account: Account, now: datetime) -> dict[str, tuple[date | None, int | None]]:
    found = invoices.bills(bills.invoices(account.pk, limit=50), now)
    return {str(one.row.number): (one.due, one.late) for one in found}


def test_a_late_invoice_says_by_how_many_days(signed_in: Client, account: Account) -> None:
    assert "35 days late" in get(signed_in, account, "invoices/")


def test_an_invoice_shows_its_lines_and_payments(signed_in: Client, account: Account) -> None:
    invoice = account.invoices.get(number="1002")
    text = signed_in.get(f"/invoices/{invoice.pk}/").text
    for shown in ("Invoice 1002", "Team, 4 seats", "Declined", "49.50", "Northwind Robotics"):
        assert shown in text


def test_in_the_drawer_an_invoice_comes_without_the_frame(
    signed_in: Client, account: Account
) -> None:
    invoice = account.invoices.get(number="1002")
    headers = {"HX-Request": "true", "HX-Target": "drawer-content"}
    text = signed_in.get(f"/invoices/{invoice.pk}/", headers=headers).text
    assert "<html" not in text
    assert "Invoice 1002" in text


@pytest.mark.parametrize(
    "figure",
    [*MEANINGS],
)
def test_every_figure_opens(signed_in: Client, account: Account, figure: str) -> None:
    answer = signed_in.get(f"/accounts/{account.pk}/calculation/{figure}/")
    assert answer.status_code == 200
    made = answer.context["groups"] or answer.context["basis"]
    assert made or "Nothing makes up this figure" in answer.text


@pytest.mark.parametrize("figure", ["mrr", "arr", "net_paid", "total_due", "past_due"])
def test_the_parts_of_a_figure_add_up_to_it(
    signed_in: Client, account: Account, figure: str
) -> None:
    groups = signed_in.get(f"/accounts/{account.pk}/calculation/{figure}/").context["groups"]
    for group in groups:
        parts = [entry.part.amount.amount for entry in group.entries if entry.part.amount]
        assert sum(parts) == group.total.total.amount


def test_there_is_no_other_figure(signed_in: Client, account: Account) -> None:
    assert signed_in.get(f"/accounts/{account.pk}/calculation/luck/").status_code == 404


def test_a_value_names_its_source_and_opens_its_history(
    signed_in: Client, account: Account
) -> None:
    assert "Manual" in get(signed_in, account, "attributes/")
    text = get(signed_in, account, "attributes/seats/")
    assert "<del" in text
    assert ">20<" in text


def test_empty_attributes_are_shown_on_request(signed_in: Client, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(attributes={"company": "X"})
    assert "no value" not in get(signed_in, account, "attributes/")
    assert "no value" in get(signed_in, account, "attributes/", show="all")


def test_the_timeline_tells_bills_payments_agreements_and_changes(
    signed_in: Client, account: Account
) -> None:
    text = get(signed_in, account, "timeline/")
    for shown in (
        "Invoice 1001 was issued",
        "Purchase succeeded",
        "Team (monthly) ended",
        "1 value of the account changed",
    ):
        assert shown in text


@pytest.mark.parametrize("kind", ["invoices", "payments", "subscriptions", "changes"])
def test_the_timeline_is_filtered_by_kind(signed_in: Client, account: Account, kind: str) -> None:
    answer = signed_in.get(f"/accounts/{account.pk}/timeline/", {"kind": kind})
    kinds = {event.kind for day in answer.context["days"] for event in day.events}
    assert kinds == {kind}


def test_an_unknown_kind_is_not_found(signed_in: Client, account: Account) -> None:
    answer = signed_in.get(f"/accounts/{account.pk}/timeline/", {"kind": "gossip"})
    assert answer.status_code == 404


def test_pages_of_the_timeline_hold_each_entry_exactly_once(
    signed_in: Client, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        at = NOW - timedelta(days=number, hours=number)
        a_change(account, {"attributes.seats": [str(number), "25"]}, at=at)
        rows.an_invoice(account, number=f"30{number}", created_at=at - timedelta(minutes=5))
    whole = signed_in.get(f"/accounts/{account.pk}/timeline/").context["days"]
    expected = [(e.at, e.title) for day in whole for e in day.events]
    monkeypatch.setattr(timeline, "PAGE", 3)
    seen, before = [], ""
    for _ in range(50):
        found = signed_in.get(f"/accounts/{account.pk}/timeline/", {"before": before}).context
        seen += [(e.at, e.title) for day in found["days"] for e in day.events]
        before = found["before"]
        if not before:
            break
    assert seen == expected


def test_a_raw_record_keeps_the_very_digits(signed_in: Client, account: Account) -> None:
    answer = signed_in.get(f"/accounts/{account.pk}/raw/")
    record = next(r for r in answer.context["records"] if r.what == "Account")
    text = signed_in.get(f"/accounts/{account.pk}/raw/{record.pk}/").text
    assert "10.10" in text


def test_another_accounts_raw_record_is_not_found(signed_in: Client, account: Account) -> None:
    other = a_customer("Other")
    record = signed_in.get(f"/accounts/{other.pk}/raw/").context["records"][0]
    assert signed_in.get(f"/accounts/{account.pk}/raw/{record.pk}/").status_code == 404


def test_the_head_says_how_fresh_its_own_sites_are(signed_in: Client, account: Account) -> None:
    assert "Not completely synced yet" in get(signed_in, account)
    a_run(rows.a_site("northwind"), finished_at=SystemClock().now() - timedelta(minutes=7))
    assert "7 min ago" in get(signed_in, account).split("Copy identifier")[1].split("Money")[0]
    a_payer(account, rows.a_site("never-synced"), code="second")
    assert "Not completely synced yet" in get(signed_in, account)
