"""The smallest change in people's words, from stored rows, and that it is the stored account's."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tenure.customers.models import Account
from tenure.health.reach import judged, reach
from tenure.health.scorer import value_of
from tenure.health.situation import standing_of
from tenure.health.steps import steps_of
from tenure.health.versions import in_force
from tenure.metrics.inputs import DEFAULTS
from tests.health.rows import NOW, a_payer, paid, scored
from tests.metrics.rows import a_payment, an_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def ways(account: Account) -> list[tuple[list[str], str]]:
    """The ways to green as sentences with the band each makes."""
    score = scored(account)
    found = standing_of(account.pk, NOW, DEFAULTS, {})
    assert found is not None
    scorer = in_force(NOW, DEFAULTS)[0].scorer
    assert {n: value_of(v) for n, v in score.measured.items()} == found.situation.values
    assert score.score == Decimal(judged(found.situation, scorer).score or 0) / 10
    return [
        ([step.text for step in steps_of(way, found)], scorer.band(way.outcome.score))
        for way in reach(found.situation, scorer).ways
    ]


def test_an_old_invoice_is_named_with_its_amount_and_age() -> None:
    account = a_payer(price="1000")
    an_invoice(
        account,
        number="1042",
        state="past_due",
        balance="1200",
        total="1200",
        due_at=NOW - 35 * DAY,
    )
    an_invoice(account, number="1050", state="past_due", balance="90", due_at=NOW - 3 * DAY)
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY)
    assert (["Pay invoice 1042: 1,200.00 USD, 35 days past due."], "green") in ways(account)


def test_part_of_an_invoice_can_be_enough() -> None:
    account = a_payer(price="100")
    an_invoice(
        account, number="7", state="past_due", balance="300", total="300", due_at=NOW - 2 * DAY
    )
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY)
    # 22.6 points more are needed of months of MRR, at 25 points a month of 100.00: 90.37 at least.
    assert (["Pay 90.37 USD of invoice 7 (300.00 USD, 2 days past due)."], "green") in ways(account)


def test_a_cancelled_subscription_is_one_to_win_back() -> None:
    account = a_payer(state="canceled", expires_at=NOW + 20 * DAY)
    an_invoice(account, state="past_due", balance="40", due_at=NOW - 9 * DAY)
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY, closed_at=NOW - (days - 12) * DAY)
    found = ways(account)
    assert any("Win Pro back: its cancellation is on the way." in steps for steps, _ in found)
    assert {band for _, band in found} == {"green"}


def test_a_failed_invoice_is_to_be_settled_before_anything_else_helps() -> None:
    account = a_payer()
    an_invoice(
        account, number="9", state="failed", balance="100", closed_at=NOW - DAY, due_at=NOW + DAY
    )
    for days in (40, 70, 100, 130):
        paid(account, NOW - days * DAY)
    assert ways(account) == [(["Settle invoice 9, whose collection failed: 100.00 USD."], "green")]


def test_failed_payments_grow_old_on_a_day_that_is_told() -> None:
    account = a_payer(auto_renew=False, current_term_ends_at=NOW + 10 * DAY)
    invoice = an_invoice(account, state="paid", balance="0", paid="100", closed_at=NOW)
    a_payment(invoice, status="declined", created_at=NOW - 80 * DAY)
    found = standing_of(scored(account).pk, NOW, DEFAULTS, {})
    assert found is not None
    (day,) = found.situation.failures
    assert day == (NOW + 11 * DAY).date()
