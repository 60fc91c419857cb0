"""The lists across accounts at the end of a day that just ended are the lists of now."""

from datetime import timedelta

import pytest

from tenure.customers.models import Subscription
from tenure.customers.tables import SUBSCRIPTIONS
from tenure.customers.versions import keep
from tenure.metrics import refresh
from tenure.metrics.lists import invoices, subscriptions
from tenure.metrics.lists.filters import At
from tenure.metrics.settings import zone
from tests.metrics.rows import NOW, a_plan, a_subscription, an_account, an_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SOON, AGO = NOW + 20 * DAY, NOW - 20 * DAY
STATES = (
    {"current_term_ends_at": SOON, "current_period_ends_at": SOON, "activated_at": AGO},
    {"auto_renew": False, "current_term_ends_at": SOON, "current_period_ends_at": SOON},
    {"trial_started_at": AGO, "trial_ends_at": SOON, "current_period_ends_at": SOON},
    {"trial_started_at": AGO - 9 * DAY, "trial_ends_at": AGO, "current_term_ends_at": AGO},
    {"state": "canceled", "expires_at": SOON, "current_period_ends_at": SOON},
    {"state": "canceled", "expires_at": SOON, "current_period_ends_at": SOON + DAY},
    {"state": "expired", "expires_at": AGO, "current_period_ends_at": AGO},
    {"state": "paused", "paused_at": AGO},
    {"state": "future", "current_period_started_at": SOON},
    {"state": "failed"},
)  # fmt: skip
ASKED = (
    {}, {"status": "live"}, {"status": "active,trial"}, {"status": "expired"}, {"state": "paused"},
    {"renews_within": "30"}, {"ends_within": "30"}, {"bills_within": "30"}, {"trial_within": "30"},
    {"mrr_from": "150"}, {"renews": "no"}, {"plan": "pro"}, {"currency": "EUR"}, {"q": "Acme"},
    {"site": "acme"},
)  # fmt: skip


@pytest.fixture
def kinds() -> None:
    """Subscriptions in every state, and one that belongs to nobody known."""
    plan = a_plan()
    for number, values in enumerate(STATES):
        account = an_account(f"Acme {number}")
        a_subscription(account, plan, valid_from=AGO, quantity=number + 1, **values)
        refresh.measure([account.pk], NOW)
    nobody = a_subscription(account, plan, valid_from=AGO, upstream_id="of-nobody")
    Subscription.objects.filter(pk=nobody.pk).update(account=None)


def both() -> tuple[At, At]:
    return At(NOW, zone()), At(NOW, zone(), NOW + timedelta(microseconds=1))


@pytest.mark.parametrize("given", ASKED, ids=str)
def test_subscriptions_of_the_day_are_those_of_now(kinds: None, given: dict[str, str]) -> None:
    told = []
    for at in both():
        asked = subscriptions.asked_for(given, at)
        rows = subscriptions.page(asked, limit=200).rows
        kept = "status mrr quantity started_on renews_on bills_on trial_ends_on ends_on".split()
        figures = [
            (row.row.pk, *(getattr(row.facts, name) if row.facts else None for name in kept))
            for row in rows
        ]
        told.append((figures, subscriptions.capped_count(asked), subscriptions.sums(asked)))
    assert told[0] == told[1]
    assert told[0][0] or given == {"currency": "EUR"}


def test_words_of_very_many_accounts_find_the_same_of_the_day(
    kinds: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    for foreseen in (1_000, -1):
        monkeypatch.setattr("tenure.metrics.lists.found.FORESEEN", foreseen)
        asked = [subscriptions.asked_for({"q": "acme"}, at) for at in both()]
        assert all(bool(one.words) == (foreseen < 0) for one in asked)
        told += [[row.row.pk for row in subscriptions.page(one, limit=200).rows] for one in asked]
    assert told[0]
    assert told == [told[0]] * 4


@pytest.mark.parametrize("sort", [*subscriptions.ORDERS, "-mrr", "-renewal"])
def test_every_order_is_walked_alike(kinds: None, sort: str) -> None:
    walked = []
    for at in both():
        asked, cursor, ids = subscriptions.asked_for({}, at), None, []
        while True:
            page = subscriptions.page(asked, sort=sort, cursor=cursor, limit=4)
            ids += [row.row.pk for row in page.rows]
            cursor = page.next
            if cursor is None:
                break
        walked.append(ids)
    assert walked[0] == walked[1]
    assert len(walked[0]) == len(STATES) + 1


def test_a_subscription_that_changed_since_is_found_by_what_it_was(kinds: None) -> None:
    sub = Subscription.objects.get(state="paused")
    keep(SUBSCRIPTIONS, [sub.pk], NOW + 3 * DAY)
    Subscription.objects.filter(pk=sub.pk).update(state="active")
    then = At(NOW + DAY, zone(), NOW + 2 * DAY)
    (row,) = subscriptions.page(subscriptions.asked_for({"status": "paused"}, then)).rows
    assert (row.row.pk, row.facts and row.facts.status) == (sub.pk, "paused")


def test_invoices_of_the_day_are_those_of_now() -> None:
    account = an_account("Acme")
    for number, state in enumerate(("pending", "past_due", "paid", "failed", "voided", "open")):
        due = NOW + (number - 3) * 10 * DAY
        an_invoice(account, state=state, due_at=due, number=str(number), valid_from=AGO)
    for given in ({}, {"status": "open"}, {"status": "past_due"}, {"late_from": "5"}, {"q": "2"}):
        told = []
        for at in both():
            asked = invoices.asked_for(given, at)
            for sort in (*invoices.ORDERS, "-balance"):
                rows = invoices.page(asked, sort=sort).rows
                told.append([(row.row.pk, row.status, row.stands.days) for row in rows])
            told.append([invoices.capped_count(asked), invoices.sums(asked)])
        half = len(told) // 2
        assert told[:half] == told[half:]
        assert told[0]


def test_mrr_that_was_made_out_since_says_so() -> None:
    plan, first = a_plan(), an_account("First")
    a_subscription(first, plan, valid_from=AGO, updated_at=AGO)
    refresh.measure([first.pk], AGO)
    late = an_account("Arrived late")
    begun = {"created_at": NOW - 5 * DAY, "updated_at": NOW - 5 * DAY}
    a_subscription(late, plan, activated_at=NOW - 5 * DAY, **begun)
    refresh.measure([late.pk], NOW)
    then = At(NOW - 2 * DAY, zone(), NOW - DAY)
    rows = subscriptions.page(subscriptions.asked_for({}, then)).rows
    told = {row.row.account.name: (str(row.mrr), row.known) for row in rows if row.row.account}
    assert told == {
        "First": ("100.00 USD", "snapshot"),
        "Arrived late": ("100.00 USD", "reconstructed"),
    }
