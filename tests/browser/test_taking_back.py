"""The pages of taking a run back and of drift, full of long names and large numbers."""

import os

from playwright.sync_api import Page

from tenure.connections.models import Mode, Site
from tenure.customers.models import (
    Account,
    BillingAccount,
    Change,
    ChangeSet,
    Contact,
    Origin,
)
from tests.browser.conftest import SignIn
from tests.browser.looking import LOOKS, at_rest, faults, put_on
from tests.browser.pages import LONG, RTL
from tests.metrics.rows import NOW, a_site
from tests.web.builders import a_customer, a_run


def a_drifted_site() -> None:
    """An import of accounts with long names, which the source has named otherwise since."""
    for number, name in enumerate((f"{LONG} 🌞", RTL, "98765432109876543210.99")):
        site = Site.objects.filter(subdomain="northwind").first() or a_site("northwind")
        account = a_customer(name, identifier=f"T-{number}-" + "x" * 60, site=site)
        said = f"{RTL} {LONG} {number}"
        BillingAccount.objects.filter(account=account).update(company=said)
    Site.objects.update(accounts_mode=Mode.IMPORT)


def a_run_to_take_back() -> str:
    """A run that changed an account and a contact, made another, and was edited over; its page."""
    site = a_site("northwind")
    account = a_customer(f"{LONG} 🌞", identifier="T-1-" + "x" * 60, site=site)
    change_set = ChangeSet.objects.create(origin=Origin.SYNC, created_at=NOW)
    made = {"created_in": change_set, "created_at": NOW, "updated_at": NOW}
    Account.objects.create(identifier="T-9", name=RTL, **made)
    ann = Contact.objects.create(
        account=account, identifier="ann", email=f"{'a' * 90}@acme.example", name=LONG, **made
    )
    kept = Contact.objects.create(
        account=account, identifier="eve", email="eve@acme.example", created_at=NOW, updated_at=NOW
    )
    assert ann.created_in_id
    for kind, pk, changes in (
        ("account", account.pk, {"name": [RTL, account.name], "state": ["old", "elsewhere"]}),
        ("contact", kept.pk, {"email": [f"{'b' * 90}@acme.example", kept.email]}),
    ):
        Change.objects.create(
            change_set=change_set,
            object_kind=kind,
            object_id=pk,
            account_id=account.pk,
            changes=changes,
            was={},
            at=NOW,
        )
    return f"/sync/runs/{a_run(site, change_set=change_set).pk}/revert/"


def looked_at(page: Page, address: str, name: str) -> None:
    """Nothing axe objects to, nothing that scrolls sideways."""
    page.goto(address)
    if folder := os.environ.get("TENURE_TEST_PICTURES"):
        for look in LOOKS:
            at_rest(put_on(page, look))
            path = f"{folder}/{name}-{look.scheme}-{look.width}.png"
            page.screenshot(path=path, full_page=True)
    assert not faults(page)


def test_what_has_drifted_is_read_by_everybody(sign_in: SignIn) -> None:
    a_drifted_site()
    page = sign_in()
    looked_at(page, "/sync/drift/", "drift")
    assert page.get_by_role("button", name="Accept Name of").count() == 3


def test_what_would_be_taken_back_is_read_by_everybody(sign_in: SignIn) -> None:
    address = a_run_to_take_back()
    page = sign_in()
    looked_at(page, address, "revert")
    for words in ("Hidden", "Removed", "Changed since the run."):
        assert page.get_by_text(words, exact=True).count() == 1
