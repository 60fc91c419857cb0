"""Attributes of subscriptions in a browser: read by everybody, edited where they stand."""

import os

import pytest
from playwright.sync_api import expect

from tenure.customers.models import Attribute
from tests.browser.conftest import SignIn
from tests.browser.looking import sideways, violations
from tests.browser.pages import LONG, RTL
from tests.web.builders import a_customer


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1440), ("light", 390)])
def test_a_value_is_edited_where_it_stands(sign_in: SignIn, scheme: str, width: int) -> None:
    for name, field in (("po", "subscription.po_number"), ("region", ""), ("tier", "")):
        Attribute.objects.create(
            name=name,
            label=name.capitalize(),
            kind="text",
            object_kind="subscription",
            source_field=field,
        )
    account = a_customer(f"{LONG} 🌞", identifier="T-1")
    account.subscriptions.update(po_number="PO-1", attributes={"po": "PO-1", "region": RTL})
    page = sign_in(scheme=scheme, width=width)
    page.goto(f"/accounts/{account.pk}/subscriptions/")
    assert not violations(page) + sideways(page)
    if folder := os.environ.get("TENURE_TEST_PICTURES"):
        page.screenshot(path=f"{folder}/values-{scheme}-{width}.png", full_page=True)
    value = page.locator("[data-edit][id^='edit-agreed-'][id$='-po']").first
    value.click()
    page.locator("#editor[open] .fate").wait_for()
    assert not violations(page)
    if folder:
        page.screenshot(path=f"{folder}/editor-{scheme}-{width}.png")
    page.locator("#edit-value").fill("PO-2")
    page.get_by_role("button", name="Save until next sync").click()
    page.locator("#editor[open]").wait_for(state="hidden")
    expect(value).to_contain_text("PO-2")
