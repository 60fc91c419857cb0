"""A file brought in by a person: columns, a format to choose, rejects, apply, undo; and its looks."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from tenure import flow
from tenure.core.clock import FrozenClock
from tenure.customers.exchange.work import WORKING
from tenure.customers.models import Account, Attribute, Import
from tests.browser.conftest import TODAY, SignIn
from tests.browser.looking import Look, faults
from tests.web.builders import a_customer

FILE = """Identifier;Company;Licences;Contract end
T-1;Acme Ltd;1.250;31.12.2026
T-2;=New Works;2.500;01.02.2027
;Nobody;1;01.01.2027
T-3;Third;many;01.01.2027
"""


@pytest.fixture
def importer(transactional_db: None) -> Iterator[None]:
    """A worker that takes up imports, until the test ends."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.is_set():
            for job in Import.objects.filter(state__in=WORKING):
                flow.bring_in(job.pk, FrozenClock(TODAY))
            time.sleep(0.1)
        connection.close()

    thread = threading.Thread(target=work, name="importer")
    thread.start()
    yield
    stopping.set()
    thread.join()


def looks_good(page: Page) -> None:
    """Nothing axe objects to, nothing that scrolls sideways, in both schemes and on a phone."""
    assert not faults(page, (Look("light", 390), Look("dark", 1440), Look("light", 1440)))


@pytest.mark.long
def test_a_file_is_brought_in_looked_at_applied_and_taken_back(
    sign_in: SignIn, importer: None, tmp_path: Path
) -> None:
    account = a_customer("Acme", identifier="T-1")
    Attribute.objects.filter(name="seats").update(source_field="")  # a value of our own
    file = tmp_path / "customers.csv"
    file.write_text(FILE)
    page = sign_in()
    page.get_by_role("link", name="Import", exact=True).click()
    looks_good(page)
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("Licences becomes").select_option("new.number")
    page.get_by_label("Contract end becomes").select_option("new.date")
    expect(page.get_by_text("more than one way")).to_be_visible()
    looks_good(page)
    page.get_by_role("button", name="Check every row").click()
    expect(page.get_by_text("can be read in several ways")).to_be_visible()
    page.get_by_role("radio", name="1.234,56").check()
    page.get_by_role("button", name="Check every row").click()
    expect(page.get_by_text("Nothing is written yet")).to_be_visible()
    expect(page.locator("#count-created")).to_have_text("1")
    expect(page.locator("#count-rejected")).to_have_text("2")
    assert not Account.objects.filter(identifier="T-2").exists()
    looks_good(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the rejects").click()
    rejects = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert rejects[1].startswith(",Nobody,1,01.01.2027,4,")
    assert "'many' is not a number" in rejects[2]
    page.get_by_role("button", name="Apply 2 rows").click()
    expect(page.get_by_text("2 rows applied")).to_be_visible()
    made = Account.objects.get(identifier="T-2").attributes
    assert (made["company"], made["licences"]) == ("=New Works", "2500")
    looks_good(page)
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_text("2 rows taken back")).to_be_visible()
    account.refresh_from_db()
    assert account.attributes["company"] == "Acme"
    assert not Account.objects.filter(identifier="T-2", removed_at=None).exists()


def test_the_people_of_an_account_look_good_and_one_is_added(sign_in: SignIn) -> None:
    account = a_customer("Acme", identifier="T-1")
    page = sign_in()
    page.goto(f"/accounts/{account.pk}/users/")
    looks_good(page)
    page.get_by_role("link", name="Add a contact").first.click()
    looks_good(page)
    page.get_by_label("E-mail").fill("ann@acme.example")
    page.get_by_label("Name", exact=True).fill("Ann Meyer")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("cell", name="Ann Meyer", exact=True)).to_be_visible()
    looks_good(page)
    page.get_by_role("link", name="Edit Ann Meyer").click()
    looks_good(page)
