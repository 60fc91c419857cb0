"""A back-test on planted histories: every firing counted, nothing seen ahead of its day."""

import itertools
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenure.alerts import backtest as backtesting
from tenure.alerts.backtest import Backtest, backtest
from tenure.customers.models import Account
from tenure.metrics.models import AccountFacts, FactsVersion
from tenure.segments.question import TooCostly
from tests.alerts.conftest import Move, day
from tests.metrics import rows


def run_of(rule: str, **more: int) -> Backtest:
    return backtest(rule, day(-30).date(), now=day(30), **more)


def days(found: Backtest) -> list[int]:
    return [(one.day - day(0).date()).days for one in found.firings]


def test_it_fires_on_the_days_on_which_the_condition_became_true(
    account: Account, move: Move
) -> None:
    for number, late in ((2, 3), (4, 0), (15, 3)):
        move(account, day(number), past_due_count=late)
    found = run_of("past_due_count > 2")
    assert days(found) == [2, 15]
    assert found.accounts == 1
    assert found.at_stake == 1500
    assert sum(found.per_day.values()) == 2
    assert days(run_of("past_due_count > 2", cooldown_days=20)) == [2, 23]
    assert days(run_of("past_due_count > 2", for_days=3)) == [18]


def test_what_was_learned_later_fires_later(account: Account, move: Move) -> None:
    """A future leak would let the rule fire on the first day; the figures were not known then."""
    move(account, day(10), past_due_count=5)
    found = run_of("past_due_count > 2")
    assert days(found) == [10]
    early = backtest("past_due_count > 2", day(-30).date(), now=day(9))
    assert not early.firings


def test_days_before_the_first_sync_fire_by_what_records_tell_and_nobody_floods_the_first_day(
    account: Account, move: Move
) -> None:
    """Accounts were there before we knew them; that day told of all of them what was true already."""
    Account.objects.update(created_at=day(-10))
    for start, end, late in ((-30, -20, 0), (-20, -15, 4), (-15, -10, 0)):
        FactsVersion.objects.create(
            account=account, valid_from=day(start), valid_to=day(end), past_due_count=late,
            past_due={}, kind="reconstructed",
        )  # fmt: skip
    assert days(run_of("past_due_count > 2")) == [-20]
    assert days(run_of("past_due_count = 0")) == [-15]
    # Nobody wrote down its days to pay before it was measured.
    move(account, day(3), average_days_to_pay=3)
    AccountFacts.objects.update(average_days_to_pay=3)
    FactsVersion.objects.filter(kind="snapshot").update(average_days_to_pay=3)
    assert days(run_of("average_days_to_pay > 2")) == []


def test_two_versions_of_one_instant_have_one_answer(account: Account, move: Move) -> None:
    """No two are written any more; a database may still have some of before."""
    for start in (-9, -8):
        FactsVersion.objects.create(
            account=account, valid_from=day(start), valid_to=day(0), mrr_converted=-500 * start
        )
    AccountFacts.objects.update(updated_at=day(0))
    assert days(run_of("mrr fell by 20 % in 5 days")) == [0]


def test_an_account_that_did_not_exist_yet_does_not_fire(account: Account, move: Move) -> None:
    late = rows.an_account("Latecomer")
    Account.objects.filter(pk=late.pk).update(created_at=day(20))
    move(late, day(21), past_due_count=4)
    assert days(run_of("past_due_count > 2")) == [21]


def test_what_follows_is_counted_with_its_lead_time_and_misses(
    account: Account, move: Move
) -> None:
    other = rows.an_account("Never alerted")
    Account.objects.filter(pk=other.pk).update(created_at=day(-400))
    move(other, day(-10))
    move(account, day(-5), past_due_count=3)
    move(account, day(5), mrr={}, mrr_sort=None, mrr_converted=0)
    move(other, day(6), mrr={}, mrr_sort=None, mrr_converted=0)
    found = run_of("past_due_count > 2", horizon_days=20)
    churn = next(one for one in found.follows if one.kind == "churn")
    assert (churn.followed, churn.judged, churn.missed) == (1, 1, 1)
    assert churn.lead_days is not None
    assert 9 < churn.lead_days < 10


def test_a_horizon_that_has_not_passed_judges_nothing(account: Account, move: Move) -> None:
    move(account, day(28), past_due_count=3)
    churn = run_of("past_due_count > 2", horizon_days=20).follows[0]
    assert (churn.followed, churn.judged) == (0, 0)


def test_attributes_without_a_past_are_named(account: Account) -> None:
    found = run_of('past_due_count > 2 and name contains "x" and any contact (email is known)')
    assert found.unseen == ("Name", "contacts")
    assert found.known_since == day(-10)


def test_an_account_that_held_already_on_the_first_day_does_not_fire(
    account: Account, move: Move
) -> None:
    move(account, day(-9), past_due_count=3)
    found = backtest("past_due_count > 2", day(-5).date(), now=day(5))
    assert not found.firings
    assert found.until - found.since == timedelta(days=10)


def test_what_cannot_be_asked_in_time_is_left_out_and_said(
    account: Account, move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    AccountFacts.objects.update(updated_at=day(-29))
    for number, late in ((-28, 3), (-20, 0), (2, 3)):
        move(account, day(number), past_due_count=late)
    move(account, day(3), mrr={}, mrr_sort=None, mrr_converted=0)
    whole = run_of("past_due_count > 2")
    assert (whole.cut_short, days(whole)) == (False, [-28, 2])
    ticks = itertools.count()
    monkeypatch.setattr(backtesting, "monotonic", lambda: float(next(ticks)))  # a second a look
    found = run_of("past_due_count > 2", seconds=12)
    assert found.cut_short
    assert (found.until - found.since).days == 9
    assert len(found.per_day) == 10
    assert days(found) == [-28]
    churn = found.follows[0]
    assert churn.missed == 0  # it befell after the last day that was asked
    with pytest.raises(TooCostly, match="Not even two days"):
        run_of("past_due_count > 2", seconds=1)


def test_settings_and_rates_are_read_once_however_many_days(
    account: Account,
) -> None:
    with CaptureQueriesContext(connection) as seen:
        run_of("past_due_count > 2")
    asked = [one["sql"] for one in seen]
    for table in ("connections_workspace", "metrics_fxrate", "customers_attribute"):
        assert sum(table in one for one in asked) <= 2, table
    assert sum("metrics_factsversion" in one for one in asked) >= 60
