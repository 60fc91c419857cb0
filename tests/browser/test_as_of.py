"""Looking back in a browser: a day is chosen, kept from page to page, and left again."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tenure.customers.models import Account, Subscription
from tenure.metrics import refresh
from tests.browser.conftest import TODAY, SignIn
from tests.browser.looking import LOOKS, NARROWEST, faults, put_on
from tests.metrics.rows import a_plan, a_subscription, an_account

DAY = timedelta(days=1)
FIRST = TODAY - 20 * DAY
TABS = ("", "health/", "money/", "users/", "raw/")
THEN = (TODAY - 15 * DAY).date()


def grown() -> Account:
    """A hundred dollars a month, and five hundred for the last ten days."""
    account = an_account("Northwind Robotics", created_at=FIRST - 100 * DAY)
    sub = a_subscription(account, a_plan(), valid_from=FIRST, updated_at=FIRST)
    refresh.measure([account.pk], FIRST)
    changed = TODAY - 10 * DAY
    Subscription.objects.filter(pk=sub.pk).update(quantity=5, updated_at=changed)
    refresh.measure([account.pk], changed)
    return account


def test_a_day_is_chosen_kept_from_page_to_page_and_left_again(sign_in: SignIn) -> None:
    grown()
    page = sign_in()
    page.goto("/accounts/")
    expect(page.locator("#accounts-table")).to_contain_text("500.00")
    page.locator("details.as-of > summary").click()
    page.get_by_label("Show what was known on").fill(THEN.isoformat())
    page.get_by_role("button", name="Look back").click()
    expect(page.locator(".banner.is-past")).to_contain_text(f"As of {THEN.day} {THEN:%B %Y}")
    expect(page.locator("#accounts-table")).to_contain_text("100.00")
    page.get_by_role("link", name="Northwind Robotics").click()
    assert f"as_of={THEN.isoformat()}" in page.url
    expect(page.locator(".strip").first).to_contain_text("100.00")
    expect(page.locator("[data-edit]")).to_have_count(0)
    page.get_by_role("navigation", name="Account").get_by_role("link", name="Subscriptions").click()
    expect(page.locator(".banner.is-past")).to_be_visible()
    page.get_by_role("link", name="Back to now").click()
    assert "as_of" not in page.url
    expect(page.locator(".strip").first).to_contain_text("500.00")


def test_typing_in_the_search_stays_in_the_past(sign_in: SignIn) -> None:
    grown()
    page = sign_in()
    page.goto(f"/accounts/?as_of={THEN.isoformat()}")
    with page.expect_response(lambda answer: "q=north" in answer.url) as answered:
        page.locator("#filter").type("north")
    assert f"as_of={THEN.isoformat()}" in answered.value.url
    expect(page.locator("#accounts-table")).to_contain_text("100.00")


@pytest.mark.long
def test_axe_objects_to_nothing_in_the_past(sign_in: SignIn) -> None:
    account = grown()
    page = sign_in()
    for day in (THEN.isoformat(), "2019-01-01"):
        for address in ("/accounts/", *(f"/accounts/{account.pk}/{tab}" for tab in TABS)):
            page.goto(f"{address}?as_of={day}")
            page.locator("details.as-of > summary").click()
            assert not faults(page, (*LOOKS, NARROWEST)), (day, address)
            put_on(page, LOOKS[0])
