"""The first ten minutes: sign in, add a site, watch the import, open a customer, find an invoice."""

import json
import re

from playwright.sync_api import Dialog, Page, expect
from pytest_django.live_server_helper import LiveServer

from tenure.access.models import Member
from tenure.customers.models import Invoice
from tenure.simulator.server import Served
from tests.browser.conftest import EU, US, SignIn, Worker
from tests.browser.looking import at_rest
from tests.plugins.browser import OpenPage
from tests.web.builders import PASSWORD, a_customer


def test_a_newcomer_connects_a_site_and_finds_a_known_invoice(
    live_server: LiveServer,
    open_page: OpenPage,
    member: Member,
    upstream: Served,
    worker: Worker,
) -> None:
    page = open_page(base_url=live_server.url)
    page.goto("/")
    page.get_by_label("E-mail").fill(member.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Connect a site").click()
    page.get_by_role("link", name="Connect on one page").click()
    page.get_by_label("Site", exact=True).fill(US.subdomain)
    page.get_by_label("API Key").fill(US.key)
    page.get_by_role("button", name="Check and connect").click()
    expect(
        page.get_by_role("heading", name=re.compile(f"Run .* of {US.subdomain}"))
    ).to_be_visible()
    expect(page.locator("[data-run-state=complete]")).to_be_visible()
    expect(page.locator("#run-live [hx-trigger]")).to_have_count(0)
    known = Invoice.objects.filter(account__isnull=False, number__isnull=False).latest("created_at")
    assert known.account
    page.get_by_role("link", name="Look at the accounts").click()
    page.get_by_label("Search accounts", exact=True).fill(known.account.identifier)
    page.get_by_role("link", name=known.account.name).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(known.account.name)
    page.get_by_role("link", name=str(known.number), exact=True).first.click()
    drawer = page.get_by_role("dialog", name="Details")
    expect(drawer.get_by_role("heading", name=f"nvoice {known.number}")).to_be_visible()


def test_several_sites_are_connected_by_a_pasted_map(
    sign_in: SignIn, upstream: Served, worker: Worker
) -> None:
    page = sign_in()
    page.goto("/settings/integrations/connect/")
    page.get_by_label("Site", exact=True).fill("Recurly")
    page.get_by_label("API Key").fill(json.dumps({US.subdomain: US.key, EU.subdomain: EU.key}))
    page.get_by_role("button", name="Check and connect").click()
    page.wait_for_url("**/sync/")
    expect(page.get_by_text("Complete", exact=True)).to_have_count(2)


def test_a_wrong_key_is_refused_where_it_was_typed(sign_in: SignIn, upstream: Served) -> None:
    page = sign_in()
    page.goto("/settings/integrations/connect/")
    page.get_by_label("Site", exact=True).fill(US.subdomain)
    page.get_by_label("API Key").fill("wrong-key-000000000")
    page.get_by_role("button", name="Check and connect").click()
    field = page.get_by_label("API Key")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("")
    expect(page.locator("#id_api_key_error")).to_contain_text(US.subdomain)


def test_the_keyboard_alone_opens_an_account(sign_in: SignIn) -> None:
    a_customer("Aa Works")
    second = a_customer("Bb Works")
    page = sign_in()
    page.goto("/accounts/?sort=name")
    for key in ("j", "j", "j", "k", "j"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/accounts/{second.pk}/")


def test_typing_narrows_the_list_and_the_address_says_how(sign_in: SignIn) -> None:
    a_customer("Northwind Robotics")
    a_customer("Acme Dental")
    page = sign_in()
    page.goto("/accounts/")
    page.keyboard.press("/")
    page.keyboard.type("dental")
    expect(page.get_by_role("link", name="Northwind Robotics")).to_have_count(0)
    expect(page.get_by_role("link", name="Acme Dental")).to_be_visible()
    assert "q=dental" in page.url
    page.reload()
    expect(page.get_by_role("link", name="Northwind Robotics")).to_have_count(0)


def test_what_is_typed_ahead_stays_before_what_is_typed_in_a_field(sign_in: SignIn) -> None:
    a_customer("Acme Dental")
    page = sign_in()
    page.goto("/accounts/")
    page.wait_for_function("() => document.readyState === 'complete'")
    page.evaluate("() => { typedAhead.until(new Promise((done) => { window.letGo = done; })); }")
    page.keyboard.press("e")
    box = page.locator("[data-filter]")
    box.focus()
    page.keyboard.press("n")
    expect(box).to_have_value("")
    page.evaluate("() => letGo()")
    expect(box).to_have_value("en")


def test_the_palette_goes_to_an_account_and_to_pages(sign_in: SignIn) -> None:
    account = a_customer("Northwind Robotics")
    page = sign_in()
    page.keyboard.press("Control+k")
    page.keyboard.type("robot")
    expect(page.locator("#palette-found a").first).to_contain_text("Northwind Robotics")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/accounts/{account.pk}/")
    page.keyboard.press("g")
    page.keyboard.press("y")
    page.wait_for_url("**/sync/")


def test_a_figure_opens_its_calculation_beside_the_page(sign_in: SignIn) -> None:
    account = a_customer()
    page = sign_in()
    page.goto(f"/accounts/{account.pk}/")
    page.get_by_role("region", name="Money at a glance").get_by_role("link", name="MRR").click()
    drawer = page.get_by_role("dialog", name="Details")
    expect(drawer.get_by_text("4 × 49.50")).to_be_visible()
    expect(drawer.get_by_text("Sum")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_a_raw_record_opens_in_place(sign_in: SignIn) -> None:
    account = a_customer()
    page = sign_in()
    page.goto(f"/accounts/{account.pk}/raw/")
    page.locator("details.record summary").first.click()
    expect(page.locator("pre.raw").first).to_be_visible()


def test_the_theme_stays_chosen_and_never_flashes(sign_in: SignIn) -> None:
    page = sign_in(scheme="light")
    page.get_by_label("Your menu").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert _is_dark(page)
    page.goto("/sync/")
    assert _is_dark(page)


def _is_dark(page: Page) -> bool:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) < 150


def test_text_from_upstream_never_runs(sign_in: SignIn) -> None:
    account = a_customer("<img src=x onerror=alert(1)><script>alert(2)</script>")
    page = sign_in()
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    for tab in ("", "attributes/", "timeline/", "raw/"):
        page.goto(f"/accounts/{account.pk}/{tab}")
        expect(at_rest(page).locator("img[src=x]")).to_have_count(0)
    assert not dialogs


def test_a_session_that_ended_leads_to_the_door_and_not_into_a_table(sign_in: SignIn) -> None:
    a_customer("Northwind Robotics")
    page = sign_in()
    page.context.clear_cookies()
    page.keyboard.press("/")
    page.keyboard.type("north")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator("#accounts-table")).to_have_count(0)


def test_the_identifier_is_copied_with_one_click(sign_in: SignIn) -> None:
    account = a_customer(identifier="T-4711")
    page = sign_in(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/accounts/{account.pk}/")
    page.get_by_role("button", name="Copy identifier").click()
    expect(page.locator("#announcer")).to_have_text("Copied T-4711")
    assert page.evaluate("navigator.clipboard.readText()") == "T-4711"
