"""Health in a real browser: a definition changed with its preview, saved, and an account set by hand."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from tenure.core.clock import FrozenClock
from tenure.customers.models import Account
from tenure.customers.write import By
from tenure.health import versions
from tenure.health.definitions import document_of
from tenure.health.membership import Who
from tenure.health.score import DEFAULT
from tests.browser.conftest import SignIn
from tests.browser.looking import at_rest, faults, violations
from tests.health.rows import NOW, a_payer, paid, scored
from tests.metrics.rows import an_invoice

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture
def late(transactional_db: None, settings: Settings) -> Account:
    """A good payer, and an account that owes an old invoice."""
    settings.TENURE_CLOCK = FrozenClock(NOW)
    for name, days in (("Good Payers", 0), ("Harbour Lights", 35)):
        account = a_payer(name, price="1000")
        for back in (40, 70, 100, 130):
            paid(account, NOW - back * DAY)
        scored(account, NOW - 40 * DAY)
        if days:
            an_invoice(
                account, number="1042", state="past_due", balance="1200", due_at=NOW - days * DAY
            )
        scored(account)
    return Account.objects.get(name="Harbour Lights")


def test_a_definition_is_tried_as_it_is_typed_and_saved(sign_in: SignIn, late: Account) -> None:
    page = sign_in()
    page.goto("/health/")
    page.get_by_role("link", name="Change the definition").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Nothing is changed yet")
    page.get_by_label("Green from").fill("50")
    expect(preview).to_contain_text("1 of 2 accounts would change band")
    expect(preview).to_contain_text("Harbour Lights")
    page.get_by_label("Green from").fill("30")
    expect(preview).to_contain_text("not below green at 30")
    page.get_by_label("Green from").fill("50")
    expect(preview).to_contain_text("would change band")
    preview.get_by_role("button", name="Another band").click()
    behind = page.locator("#behind")
    expect(behind.get_by_role("heading", name="Another band")).to_be_visible()
    expect(behind.get_by_role("link", name="Harbour Lights")).to_be_visible()
    assert not violations(page)
    page.get_by_label("Why").fill("Fewer alarms")
    page.get_by_role("button", name="Save and rescore").click()
    expect(page.locator("#main")).to_contain_text("Saved as version 2")
    assert versions.newest()[0].reason == "Fewer alarms"


def test_the_pages_of_health_are_sound(sign_in: SignIn, late: Account) -> None:
    page = sign_in()
    definition = versions.newest()[0].definition_id
    addresses = (
        "/health/",
        f"/health/definitions/{definition}/",
        f"/accounts/{late.pk}/health/",
        f"/accounts/{late.pk}/",
        "/accounts/?health=amber",
    )
    for address in addresses:
        page.goto(address)
        assert not faults(page), address


def test_a_word_is_set_and_taken_back_on_the_account(sign_in: SignIn, late: Account) -> None:
    page = sign_in()
    page.goto(f"/accounts/{late.pk}/health/")
    expect(page.locator(".green-box")).to_contain_text("Pay invoice 1042: 1,200.00 USD")
    page.get_by_label("The score is").check()
    page.get_by_label("Score, 0 to 100").fill("82.5")
    page.get_by_label("Why").fill("Pays by cheque")
    page.get_by_role("button", name="Set it").click()
    card = page.locator(".health-card")
    expect(card).to_contain_text("Set by a person")
    expect(card).to_contain_text("82.5")
    page.get_by_role("button", name="Let the computed score speak again").click()
    expect(card).not_to_contain_text("Set by a person")


def test_the_order_of_definitions_is_changed_by_keyboard_alone(
    sign_in: SignIn, late: Account
) -> None:
    document, by = document_of(DEFAULT), By(reason="A test", name="Kim")
    for name in ("First", "Second", "Third"):
        versions.create(name, document, Who("mrr > 0"), by, now=NOW)

    def order() -> list[str]:
        return [one.name for one in versions.newest()]

    page = sign_in()
    page.goto("/health/definitions/")
    said = page.locator("#definitions [role=status]")
    for key in ("j", "j", "j", "Shift+K"):
        page.keyboard.press(key)
    expect(said).to_contain_text("Third is number 2 of 4 now")
    assert order() == ["First", "Third", "Second", "Everyone"]
    at_rest(page)
    page.keyboard.press("Shift+K")
    expect(said).to_contain_text("Third is number 1 of 4 now")
    expect(page.get_by_role("button", name="Move Third down")).to_be_focused()
    page.keyboard.press("Enter")
    expect(said).to_contain_text("Third is number 2 of 4 now")
    assert order() == ["First", "Third", "Second", "Everyone"]
    assert not violations(page)
    page.get_by_role("link", name="New definition").click()
    page.get_by_label("in a segment").check()
    expect(page.locator("#rule")).to_be_hidden()
    expect(page.locator("#preview")).to_contain_text("Say whom it is for")
    assert not violations(page)
