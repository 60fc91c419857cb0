"""Measuring stored accounts: what is written, when, and when nothing is."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tenure.core.money import Money
from tenure.customers import tables
from tenure.customers.landing import land
from tenure.metrics import read, refresh
from tenure.metrics.models import AccountFacts, FactsVersion, MrrPoint
from tests.builders import a_batch
from tests.builders import a_subscription as a_record
from tests.metrics.rows import (
    NOW,
    a_billing_account,
    a_payment,
    a_plan,
    a_site,
    a_subscription,
    an_account,
    an_invoice,
)

pytestmark = pytest.mark.django_db


def measured(account_id: int, now: datetime = NOW, zone: str = "UTC") -> AccountFacts:
    refresh.measure([account_id], now, zone=zone)
    return AccountFacts.objects.get(pk=account_id)


def test_an_account_without_anything_has_facts_that_say_so() -> None:
    facts = measured(an_account().pk)
    assert (facts.mrr, facts.mrr_sort, facts.total_quantity) == ({}, None, None)
    assert (facts.subscription_status, facts.invoice_status) == ("none", "none")
    assert facts.oldest_past_due_days is None
    assert facts.next_change_at is None


def test_subscriptions_of_two_sites_and_two_currencies_stay_apart() -> None:
    account, us, eu = an_account(), a_plan(), a_plan(a_site("eu"), interval_length=12)
    a_subscription(account, us, upstream_id="same", quantity=2)
    a_subscription(account, eu, upstream_id="same", unit_amount="1000", currency="EUR")
    facts = measured(account.pk)
    assert facts.mrr == {"EUR": "83.333333", "USD": "200.00"}
    assert facts.arr == {"EUR": "1000.00", "USD": "2400.00"}
    assert (facts.mrr_sort, facts.main_currency, facts.mixed_currencies) == (200, "USD", True)


def test_vendor_json_is_read_exactly() -> None:
    account = an_account()
    add_on = {"add_on": {"code": "s", "add_on_type": "fixed"}, "quantity": 3}
    a_subscription(
        account,
        a_plan(),
        unit_amount="10.10",
        add_ons=[add_on | {"unit_amount": 0.1, "unit_amount_decimal": "0.123456789"}],
        coupon_redemptions=[
            {
                "state": "active",
                "coupon": {"code": "ten", "discount": {"type": "percent", "percent": 10}},
                "remaining_duration": {"type": "forever"},
            }
        ],
    )
    facts = measured(account.pk)
    # (10.10 + 3 × 0.123456789) × 0.9 = 9.4233333303
    assert facts.mrr == {"USD": "9.423333"}
    assert facts.flags == ["discounted"]


def test_removed_rows_do_not_count() -> None:
    account = an_account()
    a_subscription(account, a_plan(), removed_at=NOW)
    an_invoice(account, removed_at=NOW)
    facts = measured(account.pk)
    assert (facts.subscriptions_count, facts.invoices_count) == (0, 0)


def test_receivables_are_summed_by_currency_and_age() -> None:
    account = an_account()
    an_invoice(account, due_at=NOW - timedelta(days=31), balance="60", paid="40", state="past_due")
    an_invoice(account, due_at=NOW + timedelta(days=5))
    an_invoice(account, state="open", type="credit", total="-30", balance="-30")
    facts = measured(account.pk)
    assert facts.total_due == {"USD": "160.00"}
    assert facts.past_due == {"USD": "60.00"}
    assert facts.not_yet_due == {"USD": "100.00"}
    assert facts.available_credit == {"USD": "30.00"}
    assert facts.ageing["USD"] == {
        "current": "100.00",
        "1-30": "0.00",
        "31-60": "60.00",
        "61-90": "0.00",
        "90+": "0.00",
    }
    assert (facts.oldest_past_due_days, facts.oldest_past_due_since) == (31, date(2026, 5, 30))
    assert (facts.invoice_status, facts.next_due_date) == ("past_due", date(2026, 7, 5))


def test_days_past_due_follow_the_calendar_of_the_workspace() -> None:
    account = an_account()
    an_invoice(account, due_at=datetime(2026, 6, 10, 23, tzinfo=UTC), state="past_due")
    assert measured(account.pk).oldest_past_due_days == 20
    assert measured(account.pk, zone="Europe/Berlin").oldest_past_due_days == 19


def test_a_declined_signup_without_an_invoice_counts_for_its_billing_account() -> None:
    account = an_account()
    billed = a_billing_account(account)
    unpaid = an_invoice(account)
    yesterday = NOW - timedelta(days=1)
    a_payment(unpaid, status="declined", created_at=yesterday)
    a_payment(
        unpaid,
        status="declined",
        created_at=yesterday,
        invoice_upstream_id=None,
        account_upstream_id=billed.upstream_id,
    )
    assert measured(account.pk).payment_failures_90d == 2


def test_measuring_again_writes_nothing() -> None:
    account = an_account()
    a_subscription(account, a_plan())
    assert refresh.measure([account.pk], NOW) == 1
    assert refresh.measure([account.pk], NOW + timedelta(minutes=5)) == 0


def test_an_account_that_is_gone_is_passed_over() -> None:
    assert refresh.measure([10**9], NOW) == 0


def test_the_clock_alone_ends_a_trial() -> None:
    account, ends = an_account(), NOW + timedelta(days=3)
    a_subscription(account, a_plan(), trial_started_at=NOW, trial_ends_at=ends)
    facts = measured(account.pk)
    assert (facts.subscription_status, facts.next_change_at) == ("trial", ends)
    assert refresh.due(ends - timedelta(seconds=1)) == []
    assert refresh.due(ends) == [account.pk]
    assert measured(account.pk, ends).mrr == {"USD": "100.00"}


def test_an_unpaid_invoice_grows_a_day_older_at_midnight() -> None:
    account = an_account()
    an_invoice(account, due_at=NOW - timedelta(days=2))
    noon = NOW + timedelta(hours=12)
    facts = measured(account.pk, noon)
    assert facts.next_change_at == NOW + timedelta(days=1)
    later = measured(account.pk, NOW + timedelta(days=1))
    assert later.oldest_past_due_days == 3


def test_what_changed_last_is_told_from_what_was_only_looked_at() -> None:
    account, soon = an_account(), NOW + timedelta(days=1)
    a_subscription(account, a_plan(), paused_at=soon, trial_ends_at=soon + timedelta(days=1))
    assert measured(account.pk).flags == ["pause_scheduled"]
    facts = measured(account.pk, soon)
    assert (facts.flags, facts.updated_at, facts.as_of) == ([], soon, soon)
    facts = measured(account.pk, soon + timedelta(days=2))
    assert (facts.updated_at, facts.as_of) == (soon, soon + timedelta(days=2))


def test_accounts_without_facts_are_found() -> None:
    account, other = an_account(), an_account()
    refresh.measure([account.pk], NOW)
    assert refresh.unmeasured() == [other.pk]


def test_facts_come_back_as_exact_money() -> None:
    account = an_account()
    a_subscription(account, a_plan(interval_length=3))
    refresh.measure([account.pk], NOW)
    facts = read.facts_of([account.pk])[account.pk]
    assert facts.money("mrr") == (Money(Decimal("33.333333"), "USD"),)


def test_a_price_that_cannot_be_read_is_unknown_and_named_so() -> None:
    account, plan = an_account(), a_plan()
    a_subscription(account, plan, coupon_redemptions=[{"coupon": "not an object"}])
    a_subscription(account, plan, currency="EUR", add_ons=["odd"], add_ons_total="5")
    facts = measured(account.pk)
    assert facts.mrr == {"EUR": "105.00"}
    assert facts.flags == ["addons_estimated", "mrr_unknown"]


def test_a_chunk_takes_few_queries_whatever_its_size() -> None:
    accounts = [an_account().pk for _ in range(5)]
    with CaptureQueriesContext(connection) as few:
        refresh.measure(accounts[:1], NOW)
    with CaptureQueriesContext(connection) as many:
        refresh.measure(accounts[1:], NOW)
    assert len(few) == len(many) <= 17


@pytest.mark.django_db(transaction=True)
def test_two_measurements_of_one_account_wait_for_each_other(database_url: str) -> None:
    account, done = an_account(), Event()
    refresh.measure([account.pk], NOW)

    def measure_too() -> None:
        refresh.measure([account.pk], NOW)
        done.set()
        connection.close()

    other = Thread(target=measure_too)
    with transaction.atomic():
        refresh.measure([account.pk], NOW)
        other.start()
        assert not done.wait(0.3)
        a_subscription(account, a_plan())
    other.join(10)
    assert read.facts_of([account.pk])[account.pk].mrr == {"USD": "100.00"}


@pytest.mark.django_db(transaction=True)
def test_two_first_measurements_wait_for_each_other_only_where_they_meet(database_url: str) -> None:
    account, beside = an_account(), an_account()
    done = {account.pk: Event(), beside.pk: Event()}

    def measure_first(pk: int) -> None:
        refresh.measure([pk], NOW)
        done[pk].set()
        connection.close()

    others = [Thread(target=measure_first, args=[pk]) for pk in done]
    with transaction.atomic():
        refresh.measure([account.pk], NOW)
        for other in others:
            other.start()
        assert done[beside.pk].wait(10)
        assert not done[account.pk].wait(0.3)
        a_subscription(account, a_plan())
    for other in others:
        other.join(10)
    assert read.facts_of([account.pk])[account.pk].mrr == {"USD": "100.00"}


@pytest.mark.django_db(transaction=True)
def test_a_page_being_stored_does_not_hold_up_who_measures_its_subscriptions(
    database_url: str,
) -> None:
    account, done = an_account(), Event()
    sub = a_subscription(account, a_plan())

    def measure_meanwhile() -> None:
        refresh.measure([account.pk], NOW)
        done.set()
        connection.close()

    other = Thread(target=measure_meanwhile)
    with transaction.atomic():
        # It holds the row, as a page does whose accounts are touched at its end.
        land(tables.SUBSCRIPTIONS, [a_record(sub.upstream_id)], a_batch(sub.site))
        other.start()
        went_on = done.wait(10)
    other.join(10)
    assert went_on
    assert MrrPoint.objects.filter(subscription=sub).exists()


def test_figures_that_give_way_are_kept_with_the_time_they_held() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan(), quantity=1)
    first = measured(account.pk)
    later = NOW + timedelta(days=2)
    type(sub).objects.update(quantity=5)
    second = measured(account.pk, later)
    assert second.mrr != first.mrr
    before = read.facts_at([account.pk], later - timedelta(seconds=1))[account.pk]
    assert (before.mrr, before.main_currency) == (first.mrr, "USD")
    assert read.facts_at([account.pk], later)[account.pk].mrr == second.mrr
    assert read.facts_at([account.pk], NOW - timedelta(seconds=1)) == {}


def test_who_measured_for_an_earlier_time_and_writes_later_leaves_one_version_an_instant() -> None:
    """Two processes take their time before they wait for each other."""
    account = an_account()
    sub = a_subscription(account, a_plan(), quantity=1)
    measured(account.pk)
    for quantity, days in ((2, 3), (3, 2), (4, 3), (5, 4)):
        type(sub).objects.update(quantity=quantity)
        measured(account.pk, NOW + timedelta(days=days))
    spans = list(FactsVersion.objects.order_by("valid_from").values_list("valid_from", "valid_to"))
    assert spans == [
        (NOW, NOW + timedelta(days=3)),
        (NOW + timedelta(days=3), NOW + timedelta(days=4)),
    ]


def test_a_measurement_that_changes_no_figure_leaves_no_version() -> None:
    account = an_account()
    a_subscription(account, a_plan(), quantity=1)
    measured(account.pk)
    measured(account.pk, NOW + timedelta(minutes=5))
    assert not FactsVersion.objects.exists()
