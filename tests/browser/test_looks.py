"""Every page in a real browser: nothing axe objects to, nothing that scrolls sideways."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import SignIn
from tests.browser.looking import Look, faults, faults_of_all, put_on, tail, violations
from tests.browser.pages import addresses, filled
from tests.plugins.browser import OpenPage
from tests.web.builders import a_customer

# So that test processes can share the pages out; every page is in one of the parts.
PARTS = 4


def policy_broken(page: Page) -> list[str]:
    """What the pages' own content security policy refuses from now on."""
    refused: list[str] = []
    page.on("console", lambda m: refused.append(m.text) if "Content Security" in m.text else None)
    return refused


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible_fits_its_window_and_keeps_its_policy(
    sign_in: SignIn, part: int
) -> None:
    pages = dict(list(addresses(filled()).items())[part::PARTS])
    page = sign_in()
    refused = policy_broken(page)
    assert not faults_of_all(page, pages)
    assert not refused


def test_a_list_that_scrolls_in_a_box_of_its_own_does_not_lengthen_the_page(
    sign_in: SignIn,
) -> None:
    for number in range(25):
        a_customer(f"Customer {number}")
    page = sign_in()
    page.set_viewport_size({"width": 1440, "height": 720})
    for address in ("/accounts/", "/billing/subscriptions/", "/billing/invoices/"):
        page.goto(address)
        rows = page.locator(".table-wrap").first
        assert rows.evaluate("one => one.scrollHeight - one.clientHeight") > 300, address
        assert not tail(page), address


def test_axe_objects_to_nothing_at_the_door(
    live_server: object, open_page: OpenPage, db: None
) -> None:
    page = open_page(base_url=str(live_server))
    page.goto("/login/")
    assert not faults(page)


def test_axe_objects_to_nothing_while_it_is_empty(sign_in: SignIn) -> None:
    page = sign_in()
    found = {}
    for address in ("/accounts/", "/sync/", "/sync/quarantine/", "/settings/integrations/"):
        page.goto(address)
        found[address] = violations(page)
    assert not {address: told for address, told in found.items() if told}


@pytest.mark.parametrize(
    "opener", ["palette", "help", "menu", "drawer", "editor", "columns", "bulk"]
)
def test_axe_objects_to_nothing_that_opens(sign_in: SignIn, opener: str) -> None:
    account = filled()
    page = sign_in()
    page.goto(f"/accounts/{account.pk}/")
    match opener:
        case "palette":
            page.keyboard.press("Control+k")
            page.locator("#palette-found a").first.wait_for()
        case "help":
            page.keyboard.press("?")
        case "menu":
            page.locator("details.menu:not(.as-of) > summary").click()
        case "drawer":
            page.locator(".strip a").first.click()
            page.locator("#drawer[open] .calc").first.wait_for()
        case "editor":
            page.locator("[data-edit]").last.click()
            page.locator("#editor[open] .fate").wait_for()
        case "columns":
            page.goto("/accounts/")
            page.locator(".columns-menu summary").click()
        case "bulk":
            page.goto("/accounts/")
            page.locator("[data-pick]").first.check()
            page.get_by_role("button", name="Edit…").click()
            page.get_by_role("button", name="Preview").click()
            page.get_by_role("heading", name="What it does").wait_for()
    for scheme in ("light", "dark"):
        assert not violations(put_on(page, Look(scheme, 1440))), scheme
