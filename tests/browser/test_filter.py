"""Rules where they are written: a list narrowed by somebody who types (completion, chips, a fault told
in place, a view, an address), and a segment made by choosing its conditions and by typing them."""

import pytest
from playwright.sync_api import Page, expect

from tenure.segments.models import Segment
from tests.browser.conftest import SignIn
from tests.browser.looking import violations
from tests.metrics.rows import an_account
from tests.web.builders import a_customer


@pytest.fixture
def page(sign_in: SignIn) -> Page:
    a_customer("Pays Ltd")
    an_account("Idle Ltd", attributes={"company": "Idle Ltd"})
    page = sign_in()
    page.goto("/accounts/")
    return page


def listed(page: Page) -> list[str]:
    return page.locator("#accounts-table tbody .title").all_inner_texts()


def test_a_rule_is_typed_with_completion_and_becomes_chips_and_an_address(page: Page) -> None:
    field = page.get_by_role("combobox", name="Filter by a rule")
    field.click()
    field.press_sequentially("compa")
    option = page.get_by_role("option").filter(has_text="company")
    expect(option.first).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("company ")
    field.press_sequentially('= "pa')
    value = page.get_by_role("option").filter(has_text="Pays Ltd")
    expect(value).to_contain_text("1")
    assert not violations(page)
    value.click()
    expect(field).to_have_value('company = "Pays Ltd" ')
    field.press_sequentially("and mrr > 0")
    field.press("Escape")
    field.press("Enter")
    page.wait_for_url("**rule=**")
    assert listed(page) == ["Pays Ltd"]
    chips = page.get_by_role("group", name="What the list is narrowed to")
    expect(chips.locator(".chip-off")).to_have_count(2)
    assert not violations(page)
    chips.locator(".chip-off").first.click()
    expect(chips.locator(".chip-off")).to_have_count(1)
    expect(field).to_have_value("mrr > 0")
    address = page.url
    page.goto("/accounts/?all=1")
    assert len(listed(page)) == 2
    page.goto(address)  # as somebody it was sent to
    assert listed(page) == ["Pays Ltd"]


def test_a_wrong_rule_is_told_at_its_place_and_the_list_stays(page: Page) -> None:
    field = page.get_by_role("combobox", name="Filter by a rule")
    field.fill("mmr > 5")
    field.press("Escape")
    field.press("Enter")
    expect(page.get_by_text("Did you mean mrr?")).to_be_visible()
    expect(page.locator(".rule-marks mark")).to_have_text("mmr > 5")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert len(listed(page)) == 2
    assert not violations(page)


def test_a_list_is_saved_as_a_view_and_opened_from_the_menu(page: Page) -> None:
    page.goto("/accounts/?rule=mrr+%3E+0")
    page.locator(".views-menu summary").click()
    page.get_by_label("Name of the view").fill("Who pays")
    assert not violations(page)
    page.locator(".views-menu").get_by_role("button", name="Save").click()
    expect(page.locator(".views-menu summary")).to_contain_text("Who pays")
    page.goto("/accounts/?all=1")
    page.locator(".views-menu summary").click()
    page.get_by_role("link", name="Who pays").click()
    page.wait_for_url("**rule=**")
    assert listed(page) == ["Pays Ltd"]


@pytest.fixture
def editor(page: Page) -> Page:
    """The page of a new segment that has a name."""
    page.goto("/segments/new/")
    page.get_by_label("Name", exact=True).fill("Ours")
    return page


def choose(page: Page, *offers: str) -> None:
    """Take one offer after the other with the pointer; nothing is typed."""
    for offer in offers:
        wanted = page.locator("#rule-list li").filter(has=page.get_by_text(offer, exact=True))
        wanted.first.click()


def members() -> list[str]:
    return list(Segment.objects.get().memberships.values_list("account__name", flat=True))


def test_a_segment_is_built_of_chips_without_typing_its_rule(editor: Page) -> None:
    page = editor
    rule, chips = (
        page.get_by_label("Rule", exact=True),
        page.get_by_role("group", name="Conditions"),
    )
    page.get_by_role("button", name="Condition").click()
    choose(page, "company", "=", '"Idle Ltd"')
    expect(chips.locator(".chip-off")).to_have_count(1)
    rule.press("Escape")  # what may follow is offered above the chips
    page.get_by_role("button", name="Condition").click()
    expect(rule).to_have_value('company = "Idle Ltd" and ')
    choose(page, "company", "is known")
    expect(chips.locator(".chip-off")).to_have_count(2)
    expect(page.locator("#preview")).to_contain_text("1 account")
    rule.press("Escape")
    assert not violations(page)
    chips.get_by_role("button", name="take away").last.click()
    expect(rule).to_have_value('company = "Idle Ltd"')
    expect(chips.locator(".chip-off")).to_have_count(1)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Ours", exact=True)).to_be_visible()
    assert Segment.objects.get().rule == 'company = "Idle Ltd"'
    assert members() == ["Idle Ltd"]


def test_a_segment_is_built_by_text_and_shows_who_is_in_before_it_is_saved(editor: Page) -> None:
    page = editor
    rule = page.get_by_label("Rule", exact=True)
    rule.fill("mmr > 0")
    rule.blur()
    expect(page.get_by_text("Did you mean mrr?")).to_have_count(1)
    rule.fill("mrr > 0 and past_due > 0")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("1 account")
    expect(preview.get_by_role("link", name="Pays Ltd")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Ours", exact=True)).to_be_visible()
    assert members() == ["Pays Ltd"]
