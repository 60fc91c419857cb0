"""The whole set-up in a real browser: few steps, little time, every step clean for everybody."""

import json
import re
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from playwright.sync_api import Locator, Page, expect

from tenure import flow
from tenure.connections import setups
from tenure.connections.models import SetUp, Site
from tenure.connections.setups import ORDER, Step
from tenure.core.clock import FrozenClock
from tenure.customers.models import Account
from tenure.simulator.server import Served
from tenure.sync import activation
from tenure.sync.models import Plan, PlanState
from tenure.sync.planning import background
from tests.browser.conftest import EU, TODAY, US, SignIn, Worker
from tests.browser.looking import EVERY_LOOK, faults, put_on

MOST_STEPS, MOST_SECONDS = 10, 180


@pytest.fixture
def maker(worker: Worker) -> Iterator[None]:
    """Beside the worker that takes up runs, one that makes the accounts of set-ups."""

    def make() -> None:
        while not worker.stopping.is_set():
            for plan in Plan.objects.filter(state=PlanState.WORKING):
                background.carry_out(plan.pk, TODAY)
            for setup in setups.unfinished():
                going = activation.of(setup)
                if going and going.is_going:
                    flow.activate(setup.pk, FrozenClock(TODAY))
            time.sleep(0.2)
        connection.close()

    thread = threading.Thread(target=make, name="maker")
    thread.start()
    yield
    worker.stopping.set()
    thread.join()


class Person:
    """Somebody who sets a site up, and how often they had to press something."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, what: Locator) -> None:
        self.pressed += 1
        what.click()

    def connect(self, subdomain: str, key: str) -> None:
        self.page.get_by_label("Site", exact=True).fill(subdomain)
        self.page.get_by_label("API Key", exact=True).fill(key)
        self.press(self.page.get_by_role("button", name="Check"))
        self.arrive(Step.TEST)

    def go_on(self, step: Step) -> None:
        """Press what a step offers first, and come to the next one."""
        self.press(self.page.locator(".acts .primary").first)
        self.arrive(ORDER[ORDER.index(step) + 1])

    def arrive(self, step: Step) -> None:
        self.page.wait_for_url(f"**/{step}/")


CHOICES = ORDER[ORDER.index(Step.TEST) : ORDER.index(Step.PROGRESS)]


@pytest.mark.long
def test_from_a_key_to_the_accounts_in_ten_steps_and_three_minutes(
    sign_in: SignIn, upstream: Served, maker: None
) -> None:
    page = sign_in()
    page.goto("/settings/integrations/")
    person, began = Person(page), time.monotonic()
    person.press(page.get_by_role("link", name="Add Recurly"))
    person.connect(US.subdomain, US.key)
    for step in CHOICES:
        if step == Step.SAMPLE:
            expect(page.locator("[data-alive=no]")).to_be_visible()
        person.go_on(step)
    finish = page.get_by_role("link", name="Finish")
    expect(finish).to_be_visible()
    person.press(finish)
    person.press(page.get_by_role("link", name="Open the accounts"))
    page.wait_for_url("**/accounts/")
    took = time.monotonic() - began
    expect(page.locator("#accounts-table tbody tr").first).to_be_visible()
    print(f"{person.pressed} steps, {took:.1f} s without reading")
    assert person.pressed <= MOST_STEPS
    assert took < MOST_SECONDS
    assert not Site.objects.get().staged
    assert Account.objects.filter(removed_at=None).count() > 5


def test_a_pasted_map_sets_several_sites_up(sign_in: SignIn, upstream: Served) -> None:
    page = sign_in()
    page.goto("/settings/integrations/set-up/")
    page.get_by_text("Paste several sites at once").click()
    keys = json.dumps({US.subdomain: US.key, EU.subdomain: EU.key})
    page.get_by_label("Map of sites to keys").fill(keys)
    page.get_by_role("button", name="Check").click()
    page.wait_for_url("**/test/")
    expect(page.get_by_text("Everything a sync reads can be read.")).to_have_count(2)


def test_rows_are_added_and_a_refused_key_is_told_beside_it(
    sign_in: SignIn, upstream: Served
) -> None:
    page = sign_in()
    page.goto("/settings/integrations/set-up/")
    page.get_by_role("link", name="Another site").click()
    sites = page.get_by_label("Site", exact=True)
    expect(sites).to_have_count(2)
    sites.nth(0).fill(US.subdomain)
    sites.nth(1).fill(EU.subdomain)
    page.get_by_label("API Key", exact=True).nth(0).fill(US.key)
    page.get_by_label("API Key", exact=True).nth(1).fill("wrong-key-000000000")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("Nothing was saved: 1 of 2 sites was refused.")).to_be_visible()
    bad = page.locator(".site-row.is-faulty")
    expect(bad).to_have_count(1)
    expect(bad).to_contain_text("Copy the private key (not the public one) again")
    expect(bad.get_by_label("API Key", exact=True)).to_have_value("")


@pytest.mark.long
def test_it_can_be_closed_anywhere_and_continued_from_the_hub(
    sign_in: SignIn, upstream: Served, worker: Worker
) -> None:
    person = Person(sign_in())
    page = person.page
    page.goto("/settings/integrations/set-up/")
    person.connect(US.subdomain, US.key)
    for step in CHOICES[:-1]:
        person.go_on(step)
        page.goto("/accounts/")
        page.goto("/settings/integrations/")
        page.get_by_role("link", name="Continue set-up").click()
        person.arrive(ORDER[ORDER.index(step) + 1])
    for mark in page.locator(".set-up-steps a").all():
        assert (mark.get_attribute("href") or "").startswith("/settings/integrations/set-up/")
    page.goto("/settings/integrations/")
    page.get_by_role("link", name=re.compile("^Cancel")).click()
    page.get_by_role("button", name="Cancel the set-up").click()
    page.wait_for_url("**/integrations/")
    assert not Site.objects.exists()
    assert not SetUp.objects.exists()


def test_the_keyboard_alone_goes_on(sign_in: SignIn, upstream: Served, worker: Worker) -> None:
    person = Person(sign_in())
    page = person.page
    page.goto("/settings/integrations/set-up/")
    page.get_by_label("Site", exact=True).focus()
    page.keyboard.type(US.subdomain)
    page.keyboard.press("Tab")
    page.keyboard.type(US.key)
    page.get_by_role("button", name="Check").focus()
    page.keyboard.press("Enter")
    person.arrive(Step.TEST)
    page.locator(".acts .primary").first.focus()
    page.keyboard.press("Enter")
    person.arrive(Step.SAMPLE)


@pytest.mark.long
def test_axe_objects_to_no_step_and_none_scrolls_sideways(
    sign_in: SignIn, upstream: Served, maker: None
) -> None:
    page = sign_in()
    person = Person(page)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        found[name] = faults(page, EVERY_LOOK)
        put_on(page, EVERY_LOOK[0])

    page.goto("/settings/integrations/set-up/?rows=2")
    look("connect")
    page.get_by_role("button", name="Check").click()
    page.get_by_text("Enter the private API key").first.wait_for()
    look("connect, refused")
    page.goto("/settings/integrations/set-up/")
    person.connect(US.subdomain, US.key)
    for step in CHOICES:
        if step == Step.SAMPLE:
            page.locator("[data-alive=no]").wait_for()
        if step == Step.DRY_RUN:
            page.locator("[data-ready=yes]").wait_for()
        look(step)
        if step == CHOICES[-1]:
            back = page.url
            page.get_by_role("link", name="Cancel set-up").click()
            look("cancel")
            page.goto("/settings/integrations/")
            look("hub")
            page.goto(back)
        person.go_on(step)
    look("progress")
    page.get_by_role("link", name="Finish").click()
    person.arrive(Step.DONE)
    look("done")
    assert not {name: told for name, told in found.items() if told}
