"""What is written down of each subscription as it is measured: when, on which day, and never twice."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tenure.customers.models import Account, Subscription
from tenure.metrics import refresh, series
from tenure.metrics.account_series import account_series, mrr_at
from tenure.metrics.inputs import Settings, zone_named
from tenure.metrics.models import MrrPoint, MrrStep
from tenure.metrics.movements import Movement
from tests.metrics.rows import NOW, a_plan, a_subscription, an_account, an_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = NOW.date()


def points(account: Account) -> list[tuple[date, Decimal | None, str]]:
    rows = MrrPoint.objects.filter(account_id=account.pk).order_by("day", "id")
    return list(rows.values_list("day", "mrr", "status"))


def change(sub: Subscription, at: datetime, **values: object) -> None:
    Subscription.objects.filter(pk=sub.pk).update(updated_at=at, **values)


def reasons(start: date, end: date) -> dict[Movement, list[str]]:
    (moves,) = series.movements_between(start, end)
    return {kind: sorted(found) for kind, found in moves.reasons.items()}


def test_the_first_point_is_of_the_first_measurement_and_the_same_again_writes_none() -> None:
    account = an_account()
    a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW)
    refresh.measure([account.pk], NOW + DAY)
    assert points(account) == [(TODAY, 100, "contributing")]


def test_a_change_is_dated_when_the_record_changed_not_when_it_was_seen() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW)
    change(sub, NOW + 2 * DAY, quantity=3)
    refresh.measure([account.pk], NOW + 5 * DAY)
    assert points(account)[1:] == [(TODAY + 2 * DAY, 300, "contributing")]
    assert mrr_at([account.pk], TODAY + DAY) == {account.pk: {"USD": 100}}
    assert mrr_at([account.pk], TODAY + 2 * DAY) == {account.pk: {"USD": 300}}
    assert reasons(TODAY, TODAY + 9 * DAY) == {Movement.EXPANSION: ["quantity"]}


def test_the_day_is_the_workspaces() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan())
    auckland = Settings(zone=zone_named("Pacific/Auckland"))
    refresh.measure([account.pk], NOW, settings=auckland)
    # Eleven in the evening in UTC is the next day there.
    change(sub, NOW + timedelta(hours=23), quantity=2)
    refresh.measure([account.pk], NOW + 2 * DAY, settings=auckland)
    assert points(account)[1][0] == TODAY + DAY


def test_a_subscription_ends_on_its_last_day_without_a_new_record() -> None:
    account = an_account()
    a_subscription(account, a_plan(), state="canceled", expires_at=NOW + 3 * DAY)
    refresh.measure([account.pk], NOW)
    refresh.measure([account.pk], NOW + 6 * DAY)
    assert points(account)[1:] == [(TODAY + 3 * DAY, 0, "expired")]
    assert reasons(TODAY, TODAY + 9 * DAY) == {Movement.CHURN: ["cancel"]}


def test_at_cancel_it_ends_the_day_it_was_cancelled() -> None:
    account, chosen = an_account(), Settings(churn_recognition="at_cancel")
    sub = a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW, settings=chosen)
    at = NOW + 2 * DAY
    change(sub, at, state="canceled", canceled_at=at, expires_at=NOW + 20 * DAY)
    refresh.measure([account.pk], NOW + 3 * DAY, settings=chosen)
    assert points(account)[1:] == [(TODAY + 2 * DAY, 0, "expired")]


def test_a_subscription_long_past_due_is_lost_to_nonpayment_where_that_is_chosen() -> None:
    account, chosen = an_account(), Settings(drop_after_days=30)
    sub = a_subscription(account, a_plan())
    an_invoice(
        account,
        site=sub.site,
        state="past_due",
        due_at=NOW - 20 * DAY,
        subscription_upstream_ids=[sub.upstream_id],
    )
    refresh.measure([account.pk], NOW, settings=chosen)
    refresh.measure([account.pk], NOW + 15 * DAY, settings=chosen)
    assert points(account)[1:] == [(TODAY + 15 * DAY, 0, "past_due")]
    assert reasons(TODAY, TODAY + 30 * DAY) == {Movement.CHURN: ["nonpayment"]}


def test_a_pause_is_told_and_so_is_its_end() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW)
    change(sub, NOW + DAY, state="paused", paused_at=NOW + DAY)
    refresh.measure([account.pk], NOW + DAY)
    change(sub, NOW + 5 * DAY, state="active", paused_at=None)
    refresh.measure([account.pk], NOW + 5 * DAY)
    assert reasons(TODAY, TODAY + 9 * DAY) == {
        Movement.CONTRACTION: ["pause"],
        Movement.EXPANSION: ["resume"],
    }


def test_late_news_is_another_row_and_the_old_one_stays() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW)
    change(sub, NOW + DAY, quantity=2)
    refresh.measure([account.pk], NOW + DAY)
    change(sub, NOW + DAY + timedelta(hours=5), quantity=4)
    refresh.measure([account.pk], NOW + 3 * DAY)
    assert points(account)[1:] == [
        (TODAY + DAY, 200, "contributing"),
        (TODAY + DAY, 400, "contributing"),
    ]
    assert mrr_at([account.pk], TODAY + DAY) == {account.pk: {"USD": 400}}
    (_, then) = account_series(account.pk, TODAY, TODAY + 9 * DAY, known_at=NOW + 2 * DAY)
    assert (then.day, then.mrr) == (TODAY + DAY, {"USD": 200})


def test_what_cannot_be_priced_any_more_keeps_its_last_amount_in_the_history() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW)
    change(sub, NOW + DAY, unit_amount=None)
    refresh.measure([account.pk], NOW + DAY)
    assert points(account)[1:] == [(TODAY + DAY, None, "contributing")]
    assert mrr_at([account.pk], TODAY + 2 * DAY) == {account.pk: {"USD": 100}}


def test_a_removed_subscription_is_gone_from_the_day_of_its_removal() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW)
    Subscription.objects.filter(pk=sub.pk).update(removed_at=NOW + DAY)
    refresh.measure([account.pk], NOW + 2 * DAY)
    refresh.measure([account.pk], NOW + 3 * DAY)
    assert points(account)[1:] == [(TODAY + DAY, 0, "removed")]


def test_a_subscription_that_moves_takes_its_history_to_its_account() -> None:
    one, other = an_account("One"), an_account("Other")
    sub = a_subscription(one, a_plan())
    refresh.measure([one.pk, other.pk], NOW)
    Subscription.objects.filter(pk=sub.pk).update(account=other)
    refresh.measure([one.pk, other.pk], NOW + 4 * DAY)
    assert mrr_at(None, TODAY) == {other.pk: {"USD": 100}}
    assert [row[1:] for row in points(one)] == [(100, "contributing")]
    assert not MrrStep.objects.filter(account=one).exists()


def test_a_subscription_of_nobody_is_nobodys_history() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW)
    Subscription.objects.filter(pk=sub.pk).update(account=None)
    refresh.measure([account.pk], NOW + DAY)
    assert mrr_at(None, TODAY + DAY) == {}


def test_points_go_with_their_subscription() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW)
    Subscription.objects.filter(pk=sub.pk).delete()
    assert not MrrPoint.objects.exists()


def test_a_later_subscription_is_dated_by_its_record_and_its_past_is_looked_for() -> None:
    account, plan = an_account(), a_plan()
    a_subscription(account, plan)
    refresh.measure([account.pk], NOW)
    a_subscription(account, plan, created_at=NOW + DAY, updated_at=NOW + DAY, quantity=2)
    refresh.measure([account.pk], NOW + 4 * DAY)
    assert mrr_at([account.pk], TODAY + DAY) == {account.pk: {"USD": 300}}
