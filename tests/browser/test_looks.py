"""Every page in a real browser: nothing axe objects to, nothing that scrolls sideways."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import SignIn
from tests.browser.pages import addresses, filled
from tests.plugins.browser import OpenPage

SETTLE = 150  # milliseconds: the totals of the list arrive after the page


def violations(page: Page) -> list[str]:
    """What axe objects to, each with the first element it is about."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {v['nodes'][0]['target']} {v['nodes'][0]['failureSummary']}" for v in found
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_objects_to_nothing_on_any_page(sign_in: SignIn, scheme: str, width: int) -> None:
    pages = addresses(filled())
    page = sign_in(scheme=scheme, width=width)
    objections = {}
    for name, address in pages.items():
        page.goto(address)
        page.wait_for_timeout(SETTLE)
        objections[name] = violations(page)
    assert not {name: found for name, found in objections.items() if found}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_objects_to_nothing_at_the_door(
    live_server: object, open_page: OpenPage, db: None, scheme: str
) -> None:
    page = open_page(scheme=scheme, base_url=str(live_server))
    page.goto("/login/")
    assert not violations(page)


def test_axe_objects_to_nothing_while_it_is_empty(sign_in: SignIn) -> None:
    page = sign_in()
    objections = {}
    for address in ("/accounts/", "/sync/", "/sync/quarantine/", "/settings/integrations/"):
        page.goto(address)
        objections[address] = violations(page)
    assert not {address: found for address, found in objections.items() if found}


@pytest.mark.parametrize(
    ("opener", "scheme"),
    [
        ("palette", "light"),
        ("palette", "dark"),
        ("help", "dark"),
        ("menu", "light"),
        ("drawer", "dark"),
        ("editor", "light"),
        ("editor", "dark"),
        ("columns", "dark"),
        ("bulk", "light"),
    ],
)
def test_axe_objects_to_nothing_that_opens(sign_in: SignIn, opener: str, scheme: str) -> None:
    account = filled()
    page = sign_in(scheme=scheme)
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
    page.wait_for_timeout(SETTLE * 2)
    assert not violations(page)


@pytest.mark.parametrize("width", [390, 320])
def test_no_page_scrolls_sideways(sign_in: SignIn, width: int) -> None:
    pages = addresses(filled())
    page = sign_in(width=width)
    wide = {}
    for name, address in pages.items():
        page.goto(address)
        page.wait_for_timeout(SETTLE)
        wide[name] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert not {name: excess for name, excess in wide.items() if excess > 0}


def test_no_page_breaks_its_own_content_security_policy(sign_in: SignIn) -> None:
    pages = addresses(filled())
    page = sign_in()
    refused: list[str] = []
    page.on("console", lambda m: refused.append(m.text) if "Content Security" in m.text else None)
    for address in pages.values():
        page.goto(address)
        page.wait_for_timeout(SETTLE)
    assert not refused
