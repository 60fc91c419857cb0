"""Pages that look back: what was known then, carried from page to page, and nothing to edit."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tenure.core.clock import FrozenClock
from tenure.customers.models import Account, Invoice, Subscription
from tenure.customers.tables import SUBSCRIPTIONS
from tenure.customers.versions import keep
from tenure.metrics import refresh
from tenure.web.as_of import carried
from tests.metrics.rows import NOW, a_plan, a_subscription, an_account, an_invoice

DAY = timedelta(days=1)
THEN = (NOW + DAY).date().isoformat()
TABS = (
    "", "health/", "money/", "subscriptions/", "invoices/", "attributes/", "users/", "timeline/",
    "raw/",
)  # fmt: skip


@pytest.fixture
def account(db: None, settings: Settings) -> Account:
    """A hundred dollars a month at first, three hundred two days later; it is ten days later now."""
    made = an_account("Northwind Robotics")
    sub = a_subscription(made, a_plan(), valid_from=NOW)
    an_invoice(made, valid_from=NOW, number="1001")
    refresh.measure([made.pk], NOW)
    Subscription.objects.filter(pk=sub.pk).update(quantity=3, updated_at=NOW + 2 * DAY)
    refresh.measure([made.pk], NOW + 2 * DAY)
    an_invoice(made, valid_from=NOW + 5 * DAY, number="1002", created_at=NOW + 5 * DAY)
    settings.TENURE_CLOCK = FrozenClock(NOW + 10 * DAY)
    return made


def test_the_list_shows_what_was_known_and_leads_on_into_the_past(
    signed_in: Client, account: Account
) -> None:
    then = signed_in.get("/accounts/", {"as_of": THEN}).text
    assert "100.00" in then
    assert "300.00" not in then
    assert f'href="/accounts/{account.pk}/?as_of={THEN}"' in then
    assert f'<input type="hidden" name="as_of" value="{THEN}">' in then
    assert "As of 1 July 2026" in then
    assert 'data-present href="/accounts/"' in then
    assert "data-pick" not in then
    now = signed_in.get("/accounts/").text
    assert "300.00" in now
    assert "Back to now" not in now


def test_totals_are_those_of_then(signed_in: Client, account: Account) -> None:
    assert "100.00" in signed_in.get("/accounts/totals/", {"as_of": THEN}).text
    assert "300.00" in signed_in.get("/accounts/totals/").text


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_looks_back_and_offers_nothing_to_edit(
    signed_in: Client,
    account: Account,
    tab: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(22):
        shown = signed_in.get(f"/accounts/{account.pk}/{tab}", {"as_of": THEN})
    assert shown.status_code == 200
    assert "Back to now" in shown.text
    for other in TABS:
        assert f'href="/accounts/{account.pk}/{other}?as_of={THEN}"' in shown.text
    assert "data-edit" not in shown.text
    for door in re.findall(r'href="(/accounts/\d+/calculation/[^"]+)"', shown.text):
        assert door.endswith(f"?as_of={THEN}"), door
    main = shown.text.split('id="main"')[1]
    assert "1002" not in main
    assert "300.00" not in main


def test_the_overview_shows_figures_records_and_the_day_they_are_of(
    signed_in: Client, account: Account
) -> None:
    shown = signed_in.get(f"/accounts/{account.pk}/", {"as_of": THEN}).text
    assert "1001" in shown
    assert "100.00" in shown
    assert "1 Jul 2026" in shown


BILLING = ("subscriptions/", "invoices/", "revenue/", "revenue/accounts/", "revenue/mrr/")


@pytest.mark.parametrize("page", BILLING)
def test_pages_of_billing_show_what_was_known(
    signed_in: Client,
    account: Account,
    page: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(24):
        shown = signed_in.get(f"/billing/{page}", {"as_of": THEN, "from": "2026-06-01"}).text
    assert "Back to now" in shown
    then = shown.split('id="main"')[1]
    assert "300.00" not in then
    assert "100.00" in then
    assert f"as_of={THEN}" in then
    assert "1002" not in then
    assert "300.00" in signed_in.get(f"/billing/{page}").text or page == "invoices/"


def test_sums_standing_and_single_records_are_those_of_the_day(
    signed_in: Client, account: Account
) -> None:
    sub, bill = Subscription.objects.get(), Invoice.objects.get(number="1001")
    for part in ("subscriptions/totals/", "revenue/standing/"):
        assert "100.00" in signed_in.get(f"/billing/{part}", {"as_of": THEN}).text
        assert "300.00" in signed_in.get(f"/billing/{part}").text
    assert "1 invoice<" in signed_in.get("/billing/invoices/totals/", {"as_of": THEN}).text
    assert "2 invoices<" in signed_in.get("/billing/invoices/totals/").text
    for address in (f"/subscriptions/{sub.pk}/", f"/invoices/{bill.pk}/"):
        assert "As it was known on 1 July 2026" in signed_in.get(address, {"as_of": THEN}).text
        assert "As it was known" not in signed_in.get(address).text
        assert signed_in.get(address, {"as_of": "2019-01-01"}).status_code == 404
    exported = signed_in.get("/billing/invoices/export.csv", {"as_of": THEN})
    text = b"".join(exported.streaming_content).decode()  # type: ignore[attr-defined]
    assert "1001" in text
    assert "1002" not in text


def test_a_filter_that_is_not_kept_is_refused_and_not_offered(
    signed_in: Client, account: Account
) -> None:
    refused = signed_in.get("/billing/subscriptions/", {"as_of": THEN, "mark": "free"})
    assert refused.status_code == 400
    assert "not kept for past days" in refused.text
    offered = signed_in.get("/billing/subscriptions/", {"as_of": THEN}).text
    assert 'name="mark"' not in offered
    assert "overdue=yes" not in offered


def test_a_day_before_anything_says_so(signed_in: Client, account: Account) -> None:
    early = signed_in.get("/accounts/", {"as_of": "2019-01-01"}).text
    assert "Nothing is known of that day" in early
    assert "30 June 2026" in early


@pytest.mark.parametrize("day", ["2031-01-01", "tomorrow"])
def test_an_impossible_day_is_refused_in_a_sentence_with_a_way_back(
    signed_in: Client, account: Account, day: str
) -> None:
    refused = signed_in.get("/accounts/", {"as_of": day, "q": "north"})
    assert refused.status_code == 400
    assert 'href="/accounts/?q=north"' in refused.text


def test_only_addresses_that_can_look_back_carry_the_day() -> None:
    page = (
        '<a href="?sort=name&amp;q=a">x</a><a href="/accounts/7/">y</a><a href="/sync/">z</a>'
        '<a data-present href="/accounts/">now</a><form method="post" action="/accounts/bulk/">'
        '<form method="get" action="/accounts/"><input hx-get="/accounts/">'
    )
    assert carried(page, "2026-06-03") == (
        '<a href="?sort=name&amp;q=a&amp;as_of=2026-06-03">x</a>'
        '<a href="/accounts/7/?as_of=2026-06-03">y</a><a href="/sync/">z</a>'
        '<a data-present href="/accounts/">now</a><form method="post" action="/accounts/bulk/">'
        '<form method="get" action="/accounts/"><input type="hidden" name="as_of"'
        ' value="2026-06-03"><input hx-get="/accounts/?as_of=2026-06-03">'
    )


@pytest.fixture
def grown(db: None, settings: Settings) -> Account:
    """As ``account``, with what it read before kept."""
    made = an_account("Northwind Robotics")
    sub = a_subscription(made, a_plan(), valid_from=NOW)
    an_invoice(made, valid_from=NOW, number="1001", due_at=NOW - DAY, balance="40")
    refresh.measure([made.pk], NOW)
    keep(SUBSCRIPTIONS, [sub.pk], NOW + 2 * DAY)
    Subscription.objects.filter(pk=sub.pk).update(quantity=3)
    refresh.measure([made.pk], NOW + 2 * DAY)
    settings.TENURE_CLOCK = FrozenClock(NOW + 10 * DAY)
    return made


@pytest.mark.parametrize("tab", ["", "money/", "health/"])
def test_figures_of_a_past_day_open_what_they_were_made_of(
    signed_in: Client, grown: Account, tab: str
) -> None:
    page = signed_in.get(f"/accounts/{grown.pk}/{tab}", {"as_of": THEN}).text
    doors = set(re.findall(r'href="(/accounts/\d+/calculation/[^"]+)"', page))
    assert any("/mrr/" in door for door in doors)
    for door in doors:
        opened = signed_in.get(door)
        assert opened.status_code == 200
        assert not opened.context["found"].differs, door
        assert "As of 1 July 2026" in opened.text
        assert "as they were known at the end of" in opened.text
        assert "300.00" not in opened.text.split('id="main"')[1]


def test_the_calculation_of_then_leads_to_records_of_then(
    signed_in: Client, grown: Account
) -> None:
    then = signed_in.get(f"/accounts/{grown.pk}/calculation/mrr/", {"as_of": THEN}).text
    [sub] = Subscription.objects.filter(account=grown)
    assert f'href="/subscriptions/{sub.pk}/?as_of={THEN}"' in then
    record = signed_in.get(f"/subscriptions/{sub.pk}/", {"as_of": THEN}).text
    assert "1 × 100" in record
    assert "3 × 100" in signed_in.get(f"/subscriptions/{sub.pk}/").text
    late = signed_in.get(f"/accounts/{grown.pk}/calculation/past_due/", {"as_of": THEN}).text
    assert "Invoice 1001" in late
    unknown = signed_in.get(f"/accounts/{grown.pk}/calculation/dso/", {"as_of": "2026-01-01"}).text
    assert "not known of that day" in unknown
