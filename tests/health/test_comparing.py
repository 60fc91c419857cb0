"""An account on two days: what differs, from what to what, and why where that is known."""

from datetime import timedelta
from typing import Any

import pytest

from tenure.access.models import Member, Role
from tenure.customers import write
from tenure.customers.models import Account, Invoice, Origin, Subscription
from tenure.customers.tables import INVOICES, SUBSCRIPTIONS
from tenure.customers.versions import keep
from tenure.customers.write import By
from tenure.health.compared import as_json
from tenure.health.comparing import compare, days_of
from tenure.metrics.as_of import UnusableDate
from tenure.metrics.inputs import DEFAULTS
from tests.health.rows import NOW, a_payer, paid, scored
from tests.metrics.rows import an_invoice
from tests.web.builders import a_member

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
THEN, TODAY = (NOW + DAY).date().isoformat(), NOW + 10 * DAY


@pytest.fixture
def account() -> Account:
    """Known at ``NOW`` with one seat and bill 1001; five days later three seats, 1001 failed, bill
    1042 long overdue; renamed by Ada two days after that."""
    account = a_payer("Harbour Lights", price="1000", valid_from=NOW - DAY)
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY, valid_from=NOW - DAY)
    bill = an_invoice(account, number="1001", valid_from=NOW - DAY, due_at=NOW + 30 * DAY)
    scored(account, NOW)
    later = NOW + 5 * DAY
    keep(SUBSCRIPTIONS, [account.subscriptions.get().pk], later)
    Subscription.objects.filter(account=account).update(quantity=3, updated_at=later)
    keep(INVOICES, [bill.pk], later)
    Invoice.objects.filter(pk=bill.pk).update(state="failed")
    owed = {"state": "past_due", "balance": "1200", "due_at": NOW - 35 * DAY}
    an_invoice(account, number="1042", created_at=later, valid_from=later, **owed)
    scored(account, later)
    ada: Member = a_member(Role.CSM, "kim@example.com")
    by = By(Origin.MANUAL, ada, reason="They merged")
    write.edit([account.pk], {"name": "Harbour Group"}, by, now=NOW + 7 * DAY)
    return account


def told(account: Account, first: str = THEN, second: str = "") -> dict[str, Any]:
    days = days_of(first, second, TODAY, DEFAULTS)
    return as_json(compare(account.pk, days, TODAY, DEFAULTS))


def test_everything_that_differs_is_told_with_old_and_new(account: Account) -> None:
    found = told(account)
    assert (found["from"]["known"], found["to"]["now"]) == ("snapshot", True)
    figures = {one["name"]: (one["old"], one["new"]) for one in found["figures"]}
    assert figures["mrr"] == (
        [{"amount": "1000.00", "currency": "USD"}],
        [{"amount": "3000.00", "currency": "USD"}],
    )
    assert figures["past_due"][0] == []
    assert "customer_since" not in figures
    (sub,) = found["subscriptions"]
    assert sub["fate"] == "changed"
    changed = {one["name"]: (one["old"], one["new"]) for one in sub["differences"]}
    assert changed["quantity"] == (1, 3)
    assert changed["mrr"][1]["amount"] == "3000.00"
    bills = {one["name"]: one for one in found["invoices"]}
    assert set(bills) == {"1001", "1042"}
    assert (bills["1042"]["fate"], bills["1042"]["differences"]) == ("new", [])
    (status,) = bills["1001"]["differences"]
    assert (status["old"], status["new"]) == ("due", "failed")


def test_a_value_says_who_changed_it_when_and_why(account: Account) -> None:
    (name,) = told(account)["values"]
    assert (name["old"], name["new"]) == ("Harbour Lights", "Harbour Group")
    cause = name["cause"]
    assert (cause["source"], cause["reason"]) == ("manual", "They merged")
    assert cause["actor"]
    before = told(account, THEN, (NOW + 6 * DAY).date().isoformat())
    assert before["values"] == []


def test_the_change_of_the_score_is_taken_apart_and_adds_up(account: Account) -> None:
    health = told(account)["health"]
    assert (health["from"]["band"], health["from"]["score"]) == ("green", "100.0")
    lines = health["change"]["lines"]
    assert {line["kind"] for line in lines} <= {"data", "cap", "rounding", "appeared", "vanished"}
    moved = float(health["to"]["score"]) - 100
    assert sum(float(line["points"]) for line in lines) == pytest.approx(moved)
    assert float(health["change"]["total"]) == pytest.approx(moved)


def test_two_days_between_which_nothing_happened_read_the_same(account: Account) -> None:
    days = days_of(THEN, (NOW + 3 * DAY).date().isoformat(), TODAY, DEFAULTS)
    found = compare(account.pk, days, TODAY, DEFAULTS)
    assert found.nothing, as_json(found)


def test_a_day_before_anything_has_no_figures_and_no_score(account: Account) -> None:
    found = told(account, (NOW - 20 * DAY).date().isoformat())
    assert (found["from"]["known"], found["figures"]) == (None, [])
    assert found["health"]["from"] is None
    assert found["health"]["change"] is None
    assert [one["fate"] for one in found["subscriptions"]] == ["seen"]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("", "", "must be a past one"),
        (TODAY.date().isoformat(), "", "must be a past one"),
        (THEN, THEN, "is not after"),
        ("soon", "", "no date"),
        (THEN, "2031-01-01", "yet to come"),
    ],
)
def test_days_that_cannot_be_compared_are_refused(first: str, second: str, words: str) -> None:
    with pytest.raises(UnusableDate, match=words):
        days_of(first, second, TODAY, DEFAULTS)
