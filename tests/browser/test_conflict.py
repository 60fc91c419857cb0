"""A conflict from the Sync page to its resolution, and two accounts made one and taken apart."""

from playwright.sync_api import expect

from tenure.customers.models import Account
from tests.browser.conftest import SignIn
from tests.builders import a_site
from tests.identity.pages import a_rule, accounts, payer


def test_a_conflict_is_found_understood_and_resolved(sign_in: SignIn) -> None:
    site = a_site()
    a_rule()
    accounts(site, payer("acc1", "T-1"))
    accounts(site, payer("acc1", "T-2"))
    page = sign_in()
    page.goto("/sync/")
    page.get_by_role("link", name="1 conflict").click()
    page.get_by_role("link", name="Company acc1").click()
    expect(page.get_by_text("said T-1 and says T-2 now.")).to_be_visible()
    page.get_by_role("radio", name="Re-key to T-2 with history").check()
    page.get_by_label("Why").fill("The tenant was renamed")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("Resolved: re-key with history. None is left.")).to_be_visible()
    expect(page.get_by_role("heading", name="No conflicts")).to_be_visible()
    assert Account.objects.get().identifier == "T-2"


def test_two_accounts_are_merged_after_a_preview_and_taken_apart(sign_in: SignIn) -> None:
    site = a_site()
    a_rule()
    accounts(site, payer("acc1", "T-1"), payer("acc2", "T-2"))
    page = sign_in()
    page.goto(f"/accounts/{Account.objects.get(identifier='T-1').pk}/")
    page.get_by_role("link", name="Merge…").click()
    page.get_by_label("Its identifier").fill("T-2")
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_text("1 billing account,")).to_be_visible()
    page.get_by_role("button", name="Merge the two").click()
    expect(page.get_by_text("is part of this account now")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("is an account of its own again")).to_be_visible()
