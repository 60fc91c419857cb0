"""Money in a browser: an invoice found and its account opened, a figure taken apart, a churn bar."""

import re
from decimal import Decimal

from playwright.sync_api import Locator, expect

from tenure.core.clock import FrozenClock
from tests.browser.conftest import SignIn
from tests.metrics.rows import NOW
from tests.web.builders import a_customer
from tests.web.test_revenue import a_history


def amount_of(place: Locator) -> Decimal:
    """The digits a person reads there."""
    found = re.search(r"[−\d,.]+", place.inner_text())
    assert found
    return Decimal(found.group().replace(",", "").replace("−", "-"))


def test_invoices_are_filtered_one_is_opened_and_its_account(
    sign_in: SignIn, settings: object
) -> None:
    settings.TENURE_CLOCK = FrozenClock(NOW)  # type: ignore[attr-defined]
    a_customer("Northwind Robotics", identifier="T-1001")
    page = sign_in()
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.wait_for_url("**/billing/revenue/**")
    page.get_by_role("link", name="Invoices", exact=True).click()
    page.locator(".filters-menu > summary").click()
    page.locator("#f-status").select_option("past_due")
    page.locator("#f-balance_from").fill("100")
    page.get_by_role("button", name="Show these").first.click()
    page.wait_for_url("**status=past_due**")
    assert "currency=" not in page.url
    expect(page.locator("#list-table tbody tr")).to_have_count(1)
    expect(page.locator(".list-sums")).to_contain_text("198.00")
    page.locator("#list-table .title").click()
    drawer = page.get_by_role("dialog", name="Details")
    expect(drawer.get_by_role("heading", name="Invoice 1002")).to_be_visible()
    expect(drawer).to_contain_text("Team, 4 seats")
    drawer.get_by_role("link", name="Northwind Robotics").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Northwind Robotics")


def test_a_figure_opens_and_its_parts_add_up(sign_in: SignIn, settings: object) -> None:
    settings.TENURE_CLOCK = FrozenClock(NOW)  # type: ignore[attr-defined]
    account = a_customer("Northwind Robotics", identifier="T-1001")
    page = sign_in()
    page.goto(f"/accounts/{account.pk}/money/")
    page.get_by_role("link", name="594.00").click()
    drawer = page.get_by_role("dialog", name="Details")
    expect(drawer.get_by_role("heading", name="Billed")).to_be_visible()
    parts = drawer.locator(".calc > ul > li:not(.sum) .num").all()
    total = amount_of(drawer.locator(".calc .sum .num"))
    assert sum(map(amount_of, parts)) == total == Decimal("594.00")
    drawer.get_by_role("link", name="Invoice 1001").click()
    expect(drawer.get_by_role("heading", name="Invoice 1001")).to_be_visible()


def test_a_churn_bar_leads_to_the_accounts_behind_it(sign_in: SignIn, settings: object) -> None:
    settings.TENURE_CLOCK = FrozenClock(NOW)  # type: ignore[attr-defined]
    a_history("Left Ltd", (500, "70"), (10, "0"))
    stays = a_history("Stays Ltd", (500, "100"))
    page = sign_in()
    page.goto("/billing/revenue/")
    page.locator(".fall a:has(rect.m-churn)").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Churn")
    expect(page.get_by_role("row", name=re.compile("Left Ltd.*−70.00"))).to_be_visible()
    expect(page.get_by_text("Stays Ltd")).to_have_count(0)
    assert stays.pk
    page.get_by_role("link", name="Left Ltd").click()
    expect(page.get_by_role("heading", name="MRR over time")).to_be_visible()
