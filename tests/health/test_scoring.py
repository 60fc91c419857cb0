"""Scoring stored accounts: what is weighed, what limits it, what is kept, and when nothing is written."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tenure.customers.models import Change, Invoice, Subscription
from tenure.customers.write import By, ValueRefused
from tenure.health import overriding, read, scoring, staleness, versions
from tenure.health.models import HealthScore, HealthVersion, StaleSite
from tenure.health.overriding import Wanted
from tenure.metrics import refresh
from tenure.metrics.models import AccountFacts, FxRate
from tests.health.rows import NOW, a_payer, paid, score_again, scored
from tests.metrics.rows import a_payment, a_plan, a_site, a_subscription, an_account, an_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BY = By(name="Kim")


def test_a_good_payer_is_green_and_says_why() -> None:
    account = a_payer()
    for months in range(1, 5):
        paid(account, NOW - timedelta(days=30 * months))
    found = scored(account)
    assert (found.score, found.band, found.state) == (Decimal("100.0"), "green", "")
    assert found.coverage == Decimal("0.8000")
    assert found.missing == ["mrr_trend_90d"]
    assert found.explanation["missing"] == {"mrr_trend_90d": "no_mrr_then"}
    assert found.explanation["inputs"]["on_time_rate_12m"] == {"on_time": 4, "considered": 4}
    assert sum(share[1] for share in found.explanation["shares"].values()) == 1_000_000


def test_an_account_that_was_never_invoiced_has_no_score() -> None:
    found = scored(a_payer())
    assert (found.score, found.band) == (None, "unknown")
    assert found.explanation["missing"]["oldest_past_due_days"] == "no_invoices"


def test_debt_counts_by_age_and_by_months_of_revenue_and_is_capped_from_sixty_days() -> None:
    account = a_payer()
    an_invoice(account, state="past_due", balance="300", due_at=NOW - 75 * DAY)
    found = scored(account)
    assert found.measured["oldest_past_due_days"] == "75"
    assert found.measured["past_due_months_of_mrr"] == "3"
    assert found.caps == ["past_due_60"]
    assert found.score is not None
    assert found.score <= 39


def test_a_failed_invoice_and_a_last_reminder_limit_the_score() -> None:
    failed, reminded = a_payer(), a_payer()
    an_invoice(failed, state="failed", balance="100", closed_at=NOW - DAY, due_at=NOW - 40 * DAY)
    an_invoice(
        reminded,
        state="past_due",
        due_at=NOW - DAY,
        final_dunning_event=True,
        dunning_events_sent=4,
    )
    assert scored(failed).caps == ["failed_90"]
    assert scored(reminded).caps == ["final_dunning"]


def test_the_trend_compares_with_what_was_known_ninety_days_ago() -> None:
    account = a_payer()
    an_invoice(account, state="paid", balance="0", paid="100", closed_at=NOW)
    long_before = NOW - 100 * DAY
    scored(account, long_before)
    Subscription.objects.filter(account=account).update(unit_amount="150")
    found = scored(account)
    assert found.measured["mrr_trend_90d"] == "0.5"
    assert found.next_change_at == NOW + 90 * DAY


def test_time_alone_moves_the_comparison() -> None:
    account = a_payer()
    scored(account)
    first = HealthScore.objects.get(pk=account.pk)
    assert first.next_change_at == NOW + 90 * DAY
    later = NOW + 91 * DAY
    assert scoring.due(later) == [account.pk]
    assert score_again(account, later).measured["mrr_trend_90d"] == "0"
    assert scoring.due(later) == []


def test_a_renewal_that_comes_near_without_renewing_changes_the_outlook_by_itself() -> None:
    account = a_payer(auto_renew=False, current_term_ends_at=NOW + 100 * DAY)
    assert scored(account).measured["renewal_outlook"] == "60"
    assert AccountFacts.objects.get(pk=account.pk).next_change_at == NOW + 10 * DAY
    assert scored(account, NOW + 10 * DAY).measured["renewal_outlook"] == "30"


def test_the_outlook_is_weighted_by_revenue_and_a_pause_by_what_it_would_bill() -> None:
    account, plan = a_payer(price="300"), a_plan()
    a_subscription(account, plan, unit_amount="100", state="paused")
    assert scored(account).measured["renewal_outlook"] == "85"


def test_currencies_without_rates_leave_measures_missing_and_say_so() -> None:
    account = a_payer()
    an_invoice(account, currency="EUR", state="past_due", due_at=NOW - DAY)
    found = scored(account)
    assert found.explanation["missing"]["past_due_months_of_mrr"] == "no_rate"


def test_data_that_goes_missing_never_raises_a_score() -> None:
    account = a_payer()
    an_invoice(account, state="past_due", balance="250", due_at=NOW - 2 * DAY)
    for days in (40, 70, 100):
        paid(account, NOW - days * DAY)
    known = scored(account)
    a_subscription(account, a_plan(), unit_amount="5000", state="of a new kind")
    after = scored(account, NOW + timedelta(hours=1))
    assert "past_due_months_of_mrr" in after.missing
    assert after.score == known.score
    assert "missing_data" in after.caps
    assert after.uncapped is not None
    assert known.score is not None
    assert after.uncapped > known.score
    again = score_again(account, NOW + timedelta(hours=2))
    assert again.score == known.score


def test_what_ended_is_capped_and_after_thirty_days_keeps_its_last_score() -> None:
    account = a_payer(state="expired", expires_at=NOW - 10 * DAY)
    an_invoice(account, state="paid", balance="0", paid="100", closed_at=NOW - 40 * DAY)
    found = scored(account)
    assert (found.score, found.caps, found.state) == (Decimal(0), ["ended"], "")
    assert found.next_change_at == NOW + 20 * DAY
    frozen = scored(account, NOW + 20 * DAY)
    assert (frozen.state, frozen.score) == ("ended", Decimal(0))
    Invoice.objects.filter(account=account).update(state="past_due", balance="50")
    HealthScore.objects.update(next_change_at=NOW)
    after = scored(account, NOW + 30 * DAY)
    assert (after.updated_at, after.next_change_at) == (frozen.updated_at, None)
    a_subscription(account, a_plan())
    assert scored(account, NOW + 31 * DAY).state == ""


def test_a_score_that_gives_way_is_kept_as_it_was() -> None:
    account = a_payer()
    invoice = an_invoice(account, due_at=NOW - 3 * DAY)
    first = scored(account)
    Invoice.objects.filter(pk=invoice.pk).update(
        state="paid", balance="0", paid="100", closed_at=NOW
    )
    second = scored(account, NOW + DAY)
    (version,) = HealthVersion.objects.filter(account=account)
    assert (version.score, version.valid_from, version.valid_to) == (first.score, NOW, NOW + DAY)
    assert second.score != first.score
    at = read.scores_at([account.pk], NOW + timedelta(hours=2))[account.pk]
    assert at.score == first.score
    assert read.scores_at([account.pk], NOW - DAY) == {}


def test_scoring_again_writes_nothing() -> None:
    account = a_payer()
    refresh.measure([account.pk], NOW)
    assert scoring.score([account.pk], NOW) == 1
    assert scoring.score([account.pk], NOW + DAY) == 0
    assert not HealthVersion.objects.exists()


def test_a_person_s_word_stands_before_the_score_until_its_last_day() -> None:
    account = a_payer()
    an_invoice(account, state="past_due", balance="300", due_at=NOW - 75 * DAY)
    computed = scored(account).score
    until = NOW.date() + 10 * DAY
    overriding.override(account.pk, Wanted("Pays by cheque", until, score="82.5"), BY, now=NOW)
    held = HealthScore.objects.get(pk=account.pk)
    assert (held.score, held.band, held.state) == (Decimal("82.5"), "green", "overridden")
    assert held.computed_score == computed
    assert held.next_change_at == datetime(2026, 7, 11, tzinfo=UTC)
    assert score_again(account, datetime(2026, 7, 10, 23, tzinfo=UTC)).band == "green"
    over = score_again(account, datetime(2026, 7, 11, tzinfo=UTC))
    assert (over.state, over.band, over.override) == ("", "red", None)
    entry = Change.objects.get(account_id=account.pk)
    assert entry.changes == {"health set by a person": [None, "82.5 until 2026-07-10"]}
    assert entry.change_set.reason == "Pays by cheque"


def test_a_band_can_be_set_without_a_score_and_ended_early() -> None:
    account = a_payer()
    scored(account)
    overriding.override(account.pk, Wanted("Said so", NOW.date(), band="red"), BY, now=NOW)
    held = HealthScore.objects.get(pk=account.pk)
    assert (held.score, held.band) == (None, "red")
    assert overriding.end(account.pk, BY, now=NOW + timedelta(hours=1)) is not None
    assert HealthScore.objects.get(pk=account.pk).state == ""
    assert overriding.end(account.pk, BY, now=NOW + timedelta(hours=2)) is None


def test_a_frozen_score_stays_while_the_computed_one_goes_on() -> None:
    account = a_payer()
    paid(account, NOW - 5 * DAY)
    scored(account)
    overriding.freeze(account.pk, Wanted("Audit", NOW.date() + 5 * DAY), BY, now=NOW)
    an_invoice(account, state="past_due", balance="300", due_at=NOW - 75 * DAY)
    found = scored(account, NOW + DAY)
    assert (found.state, found.band, found.computed_band) == ("frozen", "green", "red")


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wanted("why", None, score="50"), "until"),
        (Wanted("why", date(2026, 6, 29), score="50"), "until"),
        (Wanted("why", date(2026, 9, 29), score="50"), "until"),
        (Wanted(" ", date(2026, 7, 1), score="50"), "reason"),
        (Wanted("why", date(2026, 7, 1), score="101"), "score"),
        (Wanted("why", date(2026, 7, 1), score="50", band="red"), "score"),
        (Wanted("why", date(2026, 7, 1), band="blue"), "band"),
    ],
)
def test_a_word_without_an_end_a_reason_or_a_sense_is_refused(wanted: Wanted, field: str) -> None:
    account = a_payer()
    with pytest.raises(ValueRefused) as refused:
        overriding.override(account.pk, wanted, BY, now=NOW)
    assert refused.value.field == field


def test_data_older_than_seven_days_leaves_no_score_until_it_is_good_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = a_payer()
    paid(account, NOW - 5 * DAY)
    site = a_site()
    good = {site.pk: NOW}
    monkeypatch.setattr(staleness, "good_at", lambda: good)
    assert scored(account).band == "green"
    assert staleness.watch(NOW + 7 * DAY, NOW) == 0
    assert staleness.watch(NOW + 8 * DAY, NOW + timedelta(hours=1)) == 1
    assert scoring.due(NOW + timedelta(hours=1)) == [account.pk]
    stale = score_again(account, NOW + timedelta(hours=1))
    assert (stale.state, stale.band, stale.score) == ("stale", "unknown", None)
    good[site.pk] = NOW + 8 * DAY
    assert staleness.watch(NOW + 8 * DAY, NOW + timedelta(hours=2)) == 1
    assert score_again(account, NOW + timedelta(hours=2)).band == "green"
    assert not StaleSite.objects.exists()


def test_a_removed_account_has_no_score() -> None:
    account = a_payer()
    scored(account)
    account.removed_at = NOW
    account.save()
    refresh.measure([account.pk], NOW)
    scoring.score([account.pk], NOW)
    assert not HealthScore.objects.exists()


def test_the_first_scoring_saves_the_definition_it_used() -> None:
    found = scored(a_payer())
    assert found.version.number == 1
    assert [one.pk for one in versions.newest()] == [found.version_id]


def test_failed_payments_count_for_ninety_days() -> None:
    account = a_payer()
    invoice = an_invoice(account, due_at=NOW + DAY)
    a_payment(invoice, status="declined", created_at=NOW - 2 * DAY)
    assert scored(account).measured["payment_failures_90d"] == "1"


def test_an_account_without_anything_has_no_score_and_every_reason() -> None:
    found = scored(an_account())
    assert found.band == "unknown"
    assert set(found.missing) == set(found.explanation["missing"])


def test_several_currencies_are_compared_by_the_rates_in_force() -> None:
    account = a_payer()
    an_invoice(account, currency="EUR", state="past_due", balance="50", due_at=NOW - DAY)
    FxRate.objects.create(
        source="EUR", target="USD", day=NOW.date() - 5 * DAY, rate="1.2", set_at=NOW
    )
    assert scored(account).measured["past_due_months_of_mrr"] == "0.6"
