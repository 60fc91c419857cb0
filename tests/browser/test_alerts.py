"""Triage by keyboard alone: ten alerts, none of them touched with a pointer. A rule made in the pages,
and what it opens told by mail and by webhook to receivers of this machine."""

import hashlib
import hmac
import json

from playwright.sync_api import Locator, Page, Route, expect

from tenure import flow
from tenure.alerts.models import Alert, State
from tests.browser.conftest import TODAY, SignIn
from tests.notify.conftest import http, smtp  # noqa: F401 - fixtures of these tests
from tests.notify.receivers import Http, Smtp
from tests.web.alerting import a_rule, debtors


def focused(page: Page) -> str:
    """The account whose row is in focus at this moment."""
    return str(page.evaluate("document.activeElement.closest('[data-row]')?.innerText ?? ''"))


def row_in_focus(page: Page) -> Locator:
    """The row that something in is in focus of."""
    return page.locator("[data-row]:focus-within")


def held_back(page: Page, address: str) -> list[Route]:
    """What is asked for under this address and waits to be let through."""
    asked: list[Route] = []
    page.route(address, lambda route: asked.append(route))
    return asked


def let_through(page: Page, asked: list[Route]) -> None:
    """Answer what was held back, once it was asked for."""
    while not asked:
        page.wait_for_timeout(20)
    asked.pop().continue_()


def test_ten_alerts_are_triaged_by_keyboard_only(sign_in: SignIn) -> None:
    debtors(10, TODAY)
    a_rule(now=TODAY)
    page = sign_in()
    key = page.keyboard.press
    key("g")
    key("l")
    expect(page.get_by_text("10 alerts", exact=True)).to_be_visible()
    key("j")
    expect(row_in_focus(page)).to_contain_text("Debtor 10")  # the largest MRR
    for number, outcome in zip((10, 9, 8, 7, 6), "12345", strict=True):
        expect(page.locator("#alert-title")).to_have_text(f"Debtor {number:02}")
        key("c")
        expect(page.locator("details[data-act='close'] [data-digit='1']")).to_be_focused()
        if number == 6:
            key("Shift+Tab")
            page.keyboard.type("The 2nd invoice was a test")
            key("Tab")
        key(outcome)
        assert f"Debtor {number - 1:02}" in focused(page)  # at once, before the server answers
    expect(page.get_by_text("5 alerts", exact=True)).to_be_visible()
    for number, until in ((5, "1"), (4, "4")):
        key("s")
        expect(page.locator("details[data-act='snooze'] [data-digit='1']")).to_be_focused()
        expect(page.locator("#alert-title")).to_have_text(f"Debtor {number:02}")
        key(until)
    expect(page.get_by_text("3 alerts", exact=True)).to_be_visible()
    expect(page.locator("#alert-title")).to_have_text("Debtor 03")
    key("o")
    expect(
        page.locator("#drawer[open] .calc, #drawer[open] h1, #drawer[open] h2").first
    ).to_be_visible()
    key("Escape")
    key("y")
    expect(page.locator("#alert-detail").get_by_text("Acknowledged").first).to_be_visible()
    key("j")
    key("a")
    expect(page.locator("#act-owner")).to_be_focused()
    key("Tab")
    key("Enter")
    expect(page.locator(".toast").last).to_contain_text("Assigned to Ada Byron")
    key("j")
    key("n")
    expect(page.locator("#act-words")).to_be_focused()
    page.keyboard.type("Promised to pay on Friday")
    key("Tab")
    key("Enter")
    expect(page.locator("#alert-detail")).to_contain_text("Promised to pay on Friday")
    states = dict(Alert.objects.values_list("account__name", "state"))
    assert [states[f"Debtor {n:02}"] for n in range(10, 0, -1)] == [
        *[State.CLOSED] * 5,
        *[State.SNOOZED] * 2,
        State.ACKNOWLEDGED,
        State.NEW,
        State.NEW,
    ]
    closed = Alert.objects.filter(state=State.CLOSED).order_by("-at_stake")
    assert list(closed.values_list("outcome", flat=True)) == [
        "acted-saved",
        "acted-lost",
        "not-a-risk",
        "duplicate",
        "wrong-data",
    ]
    assert closed[4].note == "The 2nd invoice was a test"


def test_what_is_typed_while_a_page_and_a_pane_are_on_their_way_is_done_when_they_are_there(
    sign_in: SignIn,
) -> None:
    debtors(3, TODAY)
    a_rule(now=TODAY)
    page = sign_in()
    script = held_back(page, "**/alerts.js")
    page.goto("/alerts/", wait_until="commit")
    expect(page.locator("#alert-title")).to_have_text("Debtor 03")
    page.keyboard.type("jc2")
    let_through(page, script)
    expect(page.get_by_text("2 alerts", exact=True)).to_be_visible()
    expect(page.locator("#alert-title")).to_have_text("Debtor 02")
    pane = held_back(page, "**/alerts/?alert=*")
    page.keyboard.type("jnAsk for July")
    let_through(page, pane)
    expect(page.locator("#act-words")).to_have_value("Ask for July")
    expect(page.locator("#alert-title")).to_have_text("Debtor 01")
    assert Alert.objects.get(account__name="Debtor 03").outcome == "acted-lost"


def test_an_action_that_is_refused_puts_the_row_back_and_says_why(sign_in: SignIn) -> None:
    debtors(2, TODAY)
    a_rule(now=TODAY)
    page = sign_in()
    page.goto("/alerts/")
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.locator("details[data-act='close'] [data-digit='1']")).to_be_focused()
    Alert.objects.filter(account__name="Debtor 02").update(state=State.RESOLVED)
    page.keyboard.press("1")
    expect(page.locator(".toast").last).to_contain_text("cannot be closed")
    expect(page.locator("[data-row]").filter(has_text="Debtor 02")).to_be_visible()


def test_tasks_are_made_and_finished_by_keyboard_only(sign_in: SignIn) -> None:
    debtors(2, TODAY)
    a_rule(now=TODAY)
    page = sign_in()
    page.goto("/alerts/")
    key = page.keyboard.press
    key("j")
    key("t")
    expect(page.locator("#act-title")).to_be_focused()
    page.keyboard.type("Call them")
    key("Enter")
    expect(page.locator("#alert-detail")).to_contain_text("Task: Call them")
    page.goto("/accounts/")
    key("j")
    key("t")
    expect(page.locator("#task-title")).to_be_focused()
    page.keyboard.type("Write to them")
    key("Enter")
    expect(page.locator("#follow-up")).to_contain_text("Write to them")
    key("Escape")
    key("g")
    key("d")
    expect(page.locator("[data-row]")).to_have_count(2)
    key("j")
    key("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Call them")
    page.get_by_role("button", name="Done").press("Enter")
    expect(page.locator("[data-row]")).to_have_count(1)


def test_a_rule_is_written_tried_and_switched_on(sign_in: SignIn) -> None:
    debtors(3, TODAY)
    page = sign_in()
    page.goto("/alerts/rules/")
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name").fill("Anything overdue")
    page.get_by_label("Condition", exact=True).fill("past_due_count > 0")
    page.get_by_role("textbox", name="Text").fill("{name} has ")
    expect(page.get_by_role("button", name="{past_due_count}")).to_be_visible()
    page.get_by_role("button", name="{past_due_count}").click()
    expect(page.locator(".said.isolate")).to_have_text("Debtor 01 has 1")
    expect(page.get_by_text("Holds now for 3 accounts")).to_be_visible()
    page.get_by_role("button", name="Try on history").click()
    expect(page.get_by_role("heading", name="This rule")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Switch on…").click()
    expect(page.get_by_text("It holds already for 3 accounts")).to_be_visible()
    page.get_by_role("button", name="Alerts for those 3 as well").click()
    expect(page.get_by_text("3 alerts opened.")).to_be_visible()
    assert Alert.objects.count() == 3


def test_routes_made_in_the_pages_carry_an_alert_to_mail_and_webhook(
    sign_in: SignIn,
    smtp: Smtp,  # noqa: F811
    http: Http,  # noqa: F811
) -> None:
    debtors(1, TODAY)
    page = sign_in()
    page.goto("/settings/webhooks/")
    page.get_by_label("Name").fill("Warehouse")
    page.get_by_label("Address").fill(http.url)
    page.get_by_role("button", name="Add the webhook").click()
    secret = page.locator(".fresh-token").inner_text()
    page.goto("/settings/notifications/")
    page.get_by_text("Add a channel", exact=True).click()
    channels, routes = page.locator("#channels"), page.locator("#routes")
    channels.get_by_label("Name").fill("Success team")
    channels.get_by_label("Kind").select_option("E-mail")
    channels.get_by_label("Address").fill("team@example.com")
    channels.get_by_role("button", name="Add the channel").click()
    page.get_by_text("Add a route", exact=True).click()
    routes.get_by_label("Name").fill("Everything to the team")
    routes.get_by_label("Tell").select_option("Success team")
    routes.get_by_role("button", name="Add the route").click()
    expect(routes.locator(".title").last).to_have_text("Everything to the team")
    a_rule(now=TODAY)
    flow.catch_up(TODAY)
    flow.announce(TODAY)
    alert, said = Alert.objects.get(), "Debtor 01 has 1 overdue invoices."
    assert smtp.recipients == ["team@example.com"]
    assert said in smtp.mails[0]["Subject"]
    (post,) = http.posts
    told = json.loads(post.body)
    assert (told["event"], told["data"]["alert"]["id"], told["data"]["alert"]["reason"]) == (
        "alert.opened",
        alert.pk,
        said,
    )
    at, mark = post.headers["Tenure-Signature"].removeprefix("t=").split(",v1=")
    signed = at.encode() + b"." + post.body
    assert hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() == mark
    page.goto("/settings/deliveries/?state=sent")
    expect(page.get_by_role("cell", name="Warehouse")).to_be_visible()
    expect(page.get_by_role("cell", name="Success team")).to_be_visible()
