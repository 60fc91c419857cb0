"""What became of accounts by the band they stood in, by what was known then alone."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tenure.customers.models import Account, Invoice, Subscription
from tenure.health import aftermath, moves
from tenure.health.models import HealthScore, HealthVersion
from tenure.metrics.inputs import DEFAULTS
from tenure.metrics.models import FxRate
from tests.health.rows import NOW, a_payer, paid, scored
from tests.metrics.rows import an_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
THEN = NOW - 90 * DAY


def stood(band: str) -> Account:
    """An account that stood in this band ninety days ago and longer, with MRR of 100."""
    account = a_payer(f"{band} account")
    paid(account, THEN - 10 * DAY)
    score = scored(account, THEN - 5 * DAY)
    HealthScore.objects.filter(pk=account.pk).update(band=band, computed_band=band)
    assert score.score is not None
    return account


def became(account: Account, **subscription: object) -> None:
    """The account's subscription is so now."""
    Subscription.objects.filter(account=account).update(**subscription)
    scored(account)


def rows() -> dict[str, aftermath.Row]:
    return {row.band: row for row in aftermath.aftermath(90, NOW, DEFAULTS).rows}


def test_churn_and_contraction_count_by_the_band_of_then() -> None:
    became(stood("red"), state="expired", expires_at=NOW - 3 * DAY)
    became(stood("red"), unit_amount="60")
    became(stood("green"))
    became(stood("green"), state="paused")
    found = rows()
    assert (found["red"].accounts, found["red"].churned, found["red"].contracted) == (2, 1, 1)
    assert [str(money) for money in found["red"].lost_money] == ["140.00 USD"]
    assert (found["green"].churned, found["green"].contracted) == (0, 1)


def test_what_was_learned_later_does_not_change_the_band_of_then() -> None:
    account = stood("green")
    an_invoice(account, state="past_due", balance="500", due_at=THEN - 30 * DAY)
    became(account, state="expired", expires_at=NOW - 3 * DAY)
    assert HealthScore.objects.get(pk=account.pk).band == "red"
    assert HealthVersion.objects.filter(account=account).exists()
    assert (rows()["green"].churned, rows()["red"].accounts) == (1, 0)


def test_paying_late_counts_invoices_that_fell_due_since() -> None:
    late, prompt, before = stood("amber"), stood("amber"), stood("amber")
    paid(late, NOW - 20 * DAY, closed_at=NOW - 10 * DAY)
    paid(prompt, NOW - 20 * DAY)
    paid(before, THEN - 20 * DAY, closed_at=NOW)
    for account in (late, prompt, before):
        scored(account)
    assert (rows()["amber"].accounts, rows()["amber"].late) == (3, 1)


def test_without_enough_accounts_or_history_it_says_so() -> None:
    assert "no score yet" in aftermath.aftermath(90, NOW, DEFAULTS).verdict
    scored(a_payer(), NOW - 10 * DAY)
    assert "Too little history" in aftermath.aftermath(90, NOW, DEFAULTS).verdict
    stood("red")
    assert "Too few accounts" in aftermath.aftermath(90, NOW, DEFAULTS).verdict


@pytest.mark.parametrize(
    ("churned", "words"), [("red", "Red churned more"), ("green", "Red did not")]
)
def test_the_verdict_is_what_the_numbers_say(churned: str, words: str) -> None:
    for band in ("red", "green"):
        for number in range(aftermath.ENOUGH):
            account = stood(band)
            gone = band == churned and number < 4
            became(account, **({"state": "expired", "expires_at": NOW} if gone else {}))
    found = aftermath.aftermath(90, NOW, DEFAULTS)
    assert words in found.verdict
    assert "40.0 %" in found.verdict


def test_who_stands_in_another_band_is_told_with_whether_the_definition_is_another() -> None:
    account = a_payer()
    paid(account, NOW - 40 * DAY)
    invoice = an_invoice(account, due_at=NOW + DAY)
    scored(account, NOW - 20 * DAY)
    Invoice.objects.filter(pk=invoice.pk).update(
        state="past_due", balance="300", due_at=NOW - 70 * DAY
    )
    scored(account)
    [moved] = moves.moved_since(NOW - 7 * DAY, limit=5)
    assert (moved.account_id, moved.old_band, moved.band) == (account.pk, "green", "red")
    assert not moved.defined


def in_euros() -> None:
    """Of red accounts one lost 100 USD and one 50 of 200 EUR; a green one pays in euros alone."""
    became(stood("red"), state="expired", expires_at=NOW - 3 * DAY)
    for band, now in (("red", "150"), ("green", "200")):
        account = a_payer(f"{band} in euros", price="200", currency="EUR")
        paid(account, THEN - 10 * DAY)
        scored(account, THEN - 5 * DAY)
        HealthScore.objects.filter(pk=account.pk).update(band=band, computed_band=band)
        became(account, unit_amount=now)


def test_amounts_are_added_up_in_one_currency_where_every_rate_is_known() -> None:
    day = (NOW - 400 * DAY).date()
    FxRate.objects.create(source="EUR", target="USD", day=day, rate="1.5", set_at=NOW)
    in_euros()
    found = aftermath.aftermath(90, NOW, DEFAULTS)
    assert (found.currency, found.missing) == ("USD", ())
    red = {row.band: row for row in found.rows}["red"]
    assert [str(money) for money in red.lost_money] == ["175.00 USD"]
    assert (red.churned, red.contracted, red.loss) == (1, 1, Decimal("43.8"))


def test_while_a_rate_is_missing_nothing_is_added_across_currencies() -> None:
    in_euros()
    found = aftermath.aftermath(90, NOW, DEFAULTS)
    assert (found.currency, found.missing) == ("", ("EUR",))
    red = {row.band: row for row in found.rows}["red"]
    assert [str(money) for money in red.lost_money] == ["50.00 EUR", "100.00 USD"]
    assert (red.churned, red.contracted, red.loss) == (1, 1, None)
