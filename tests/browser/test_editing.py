"""Editing in a real browser: a pin that survives a sync, and many accounts undone with one key."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.connections.write import add_site
from tenure.core.secrets import Secret
from tenure.customers.models import Account
from tenure.simulator.server import Served
from tenure.sync.models import RunState, Trigger
from tenure.sync.write import request_run
from tests.browser.conftest import TODAY, US, SignIn, Worker
from tests.browser.looking import sideways
from tests.browser.pages import LONG, RTL, filled

PATIENCE = 60.0

pytestmark = pytest.mark.django_db(transaction=True)


def connect() -> None:
    """Connect the US site, in a thread of its own: asking upstream needs an event loop."""
    add_site("recurly", US.subdomain, "us", Secret(US.key), now=TODAY)
    connection.close()


@pytest.fixture
def pulled(upstream: Served, member: Member, worker: Worker) -> Callable[[], Site]:
    """Syncs the US site each time it is called, connecting it first."""

    def pull() -> Site:
        if not Site.objects.exists():
            connecting = threading.Thread(target=connect)
            connecting.start()
            connecting.join()
        site = Site.objects.get()
        run, _ = request_run(site, Trigger.CLI)
        # The worker's thread does it: in this one the browser's own event loop is running.
        deadline = time.monotonic() + PATIENCE
        while run.is_active and time.monotonic() < deadline:
            time.sleep(0.2)
            run.refresh_from_db()
        assert run.state == RunState.COMPLETE
        return site

    return pull


def edit(page: Page, value: str) -> None:
    """Open the popover of the company with the keyboard alone, and type a value."""
    page.locator("[id$='-company']").focus()
    page.keyboard.press("e")
    field = page.locator("#editor[open] #edit-value")
    expect(field).to_be_focused()
    field.fill(value)


def test_an_edit_pinned_in_the_browser_stands_through_a_sync_until_the_source_is_accepted(
    sign_in: SignIn, upstream: Served, pulled: Callable[[], Site]
) -> None:
    site = pulled()
    account = Account.objects.exclude(attributes__company=None).order_by("pk")[0]
    theirs = account.attributes["company"]
    page = sign_in()
    page.goto(f"/accounts/{account.pk}/attributes/")
    edit(page, "Ours Ltd")
    expect(page.locator("#editor")).to_contain_text("will be replaced")
    page.get_by_role("button", name="Save and pin").click()
    expect(page.locator("#editor")).to_contain_text("Say why it is pinned")
    expect(page.locator("#edit-value")).to_have_value("Ours Ltd")
    page.get_by_label("Reason to pin it").fill("The contract says so")
    page.get_by_role("button", name="Save and pin").click()
    expect(page.locator(".toast")).to_contain_text("saved and pinned")
    expect(page.locator("[id$='-company']")).to_contain_text("Ours Ltd")
    expect(page.locator("[id$='-company']")).to_be_focused()

    known = account.billing_accounts.get().upstream_id
    spec = {"kind": "accounts", "id": known, "set": {"company": "Theirs GmbH"}}
    upstream.call(lambda s: s.world.change({"site": site.subdomain, **spec}))
    pulled()
    page.reload()
    expect(page.locator("[id$='-company']")).to_contain_text("Ours Ltd")
    expect(page.locator(".held").first).to_contain_text("now says: Theirs GmbH")
    assert theirs != "Theirs GmbH"
    page.get_by_role("button", name="Accept Theirs GmbH for Company").click()
    expect(page.locator("[id$='-company']")).to_contain_text("Theirs GmbH")
    expect(page.locator(".held")).to_have_count(0)


def test_escape_leaves_a_value_alone_and_gives_the_focus_back(sign_in: SignIn) -> None:
    account = filled()
    page = sign_in()
    page.goto(f"/accounts/{account.pk}/attributes/")
    edit(page, "Never saved")
    page.keyboard.press("Escape")
    expect(page.locator("#editor")).not_to_be_visible()
    expect(page.locator("[id$='-company']")).to_be_focused()
    account.refresh_from_db()
    assert account.attributes["company"] != "Never saved"


def test_many_accounts_are_edited_together_and_undone_with_one_key(sign_in: SignIn) -> None:
    filled()
    page = sign_in()
    page.goto("/accounts/?columns=attributes.seats,owner&sort=name")
    before = dict(Account.objects.values_list("pk", "attributes__seats"))
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-picked]")).to_have_text("2")
    page.get_by_role("button", name="Edit…").click()
    page.get_by_label("What to set").select_option("seats")
    page.locator("input#edit-value").fill("777")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Change 2 accounts").click()
    expect(page.locator(".toast")).to_contain_text("Seats of 2 accounts changed.")
    expect(page.get_by_text("777")).to_have_count(2)
    assert Account.objects.filter(attributes__seats="777").count() == 2
    page.locator("#filter").focus()
    page.keyboard.press("Control+z")  # in a field it is the browser's own
    assert Account.objects.filter(attributes__seats="777").count() == 2
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    expect(page.locator(".toast").last).to_contain_text("Undone: 2 accounts as before.")
    expect(page.get_by_text("777")).to_have_count(0)
    assert dict(Account.objects.values_list("pk", "attributes__seats")) == before


@pytest.mark.parametrize("name", [LONG, f"{RTL}!", "9" * 400, "🌞" * 90])
def test_a_cell_edited_in_the_list_takes_any_text_and_nothing_scrolls_sideways(
    sign_in: SignIn, name: str
) -> None:
    filled()
    page = sign_in(width=390)
    page.goto("/accounts/?columns=attributes.company,attributes.seats")
    page.locator("[data-edit]").first.click()
    page.locator("#edit-value").fill(name)
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("#editor")).not_to_be_visible()
    expect(page.locator(".toast").last).to_contain_text("saved")
    assert not sideways(page)
