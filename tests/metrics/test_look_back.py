"""The past of stored subscriptions: made out once, made out again when something older arrives."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.customers.models import Account, Invoice, InvoiceVersion, LineItem, Plan, Subscription
from tenure.metrics import refresh, series
from tenure.metrics.account_series import account_series, mrr_at
from tenure.metrics.inputs import DEFAULTS, Interval, Settings
from tenure.metrics.look_back import look_back
from tenure.metrics.models import MrrPoint, SitePast
from tenure.metrics.mrr_history import HistoryLine, Life, mrr_history, turning_days
from tests.metrics.rows import (
    NOW,
    a_plan,
    a_site,
    a_subscription,
    an_account,
    an_invoice,
    upstream,
)

DAY = timedelta(days=1)
TODAY = NOW.date()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_line(sub: Subscription, start: str, end: str, amount: str = "100", **values: object) -> None:
    invoice = values.pop("invoice", None) or an_invoice(
        sub.account, site=sub.site, state="paid", origin="renewal", created_at=at(start)
    )
    kept = {
        "subscription_upstream_id": sub.upstream_id,
        "invoice_upstream_id": invoice.upstream_id,
        "plan_upstream_id": sub.plan_upstream_id,
        "plan_code": sub.plan_code,
        "origin": "plan",
        "type": "charge",
        "currency": "USD",
        "quantity": 1,
        "subtotal": Decimal(amount),
        "start_date": at(start),
        "end_date": at(end),
    }
    LineItem.objects.create(**(upstream(sub.site) | kept | values))


def born(account: Account, plan: Plan, begin: str, **values: object) -> Subscription:
    return a_subscription(account, plan, created_at=at(begin), activated_at=at(begin), **values)


def explored(*accounts: Account, now: datetime = NOW, settings: Settings = DEFAULTS) -> None:
    refresh.measure([account.pk for account in accounts], now, settings=settings)
    while look_back(now, settings):
        pass


def told(account: Account) -> list[tuple[str, Decimal, str]]:
    points = account_series(account.pk, date(2025, 1, 1), TODAY)
    return [(str(p.day), p.mrr.get("USD", Decimal(0)), p.kind) for p in points]


@pytest.mark.django_db
def test_a_monthly_subscription_had_its_price_since_it_began() -> None:
    account = an_account()
    sub = born(account, a_plan(), "2026-04-10")
    for month in (4, 5, 6):
        a_line(sub, f"2026-{month:02}-10", f"2026-{month + 1:02}-10")
    explored(account)
    assert told(account) == [("2026-04-10", 100, "reconstructed"), (str(TODAY), 100, "snapshot")]
    assert mrr_at([account.pk], date(2026, 4, 9)) == {}
    (moves,) = series.movements_between(date(2026, 3, 31), TODAY)
    assert (moves.start, moves.end, moves.rebuilt) == (0, 100, True)


@pytest.mark.django_db
def test_an_annual_subscription_is_a_twelfth_a_month() -> None:
    account = an_account()
    sub = born(account, a_plan(interval_length=12), "2025-09-01", unit_amount="1000")
    a_line(sub, "2025-09-01", "2026-09-01", "1000")
    explored(account)
    assert told(account)[0] == ("2025-09-01", Decimal("83.333333"), "reconstructed")
    assert len(MrrPoint.objects.filter(mrr__gt=0)) == 2


@pytest.mark.django_db
def test_an_upgrade_in_mid_term_is_told_on_its_day_and_why() -> None:
    account = an_account()
    sub = born(account, a_plan(), "2026-05-05", quantity=2)
    a_line(sub, "2026-05-05", "2026-06-05", "100")
    part = {"proration_rate": Decimal("0.516129032")}
    a_line(sub, "2026-05-20", "2026-06-05", "-51.61", type="credit", **part)
    a_line(sub, "2026-05-20", "2026-06-05", "103.23", quantity=2, **part)
    a_line(sub, "2026-06-05", "2026-07-05", "200", quantity=2)
    explored(account)
    assert told(account)[:2] == [
        ("2026-05-05", 100, "reconstructed"),
        ("2026-05-20", 200, "reconstructed"),
    ]
    (moves,) = series.movements_between(date(2026, 5, 10), date(2026, 5, 31))
    assert moves.reasons == {"expansion": {"quantity": 100}}


@pytest.mark.django_db
def test_a_cancelled_subscription_ends_when_it_ended_or_when_it_was_cancelled_if_so_chosen() -> (
    None
):
    ends = {"expires_at": at("2026-06-10"), "canceled_at": at("2026-05-20")}
    for choice, last in (("at_end", "2026-06-10"), ("at_cancel", "2026-05-20")):
        account = an_account()
        sub = born(account, a_plan(), "2026-04-10", state="expired", **ends)
        a_line(sub, "2026-04-10", "2026-05-10")
        a_line(sub, "2026-05-10", "2026-06-10")
        explored(account, settings=Settings(churn_recognition=choice))  # type: ignore[arg-type]
        assert told(account)[1] == (last, 0, "reconstructed")


@pytest.mark.django_db
def test_a_gap_is_bridged_and_says_so_but_not_into_a_pause_that_is_known() -> None:
    account = an_account()
    sub = born(account, a_plan(), "2026-02-10", state="paused", paused_at=at("2026-06-10"))
    a_line(sub, "2026-02-10", "2026-03-10")
    a_line(sub, "2026-05-10", "2026-06-10")
    explored(account)
    assert told(account)[:4] == [
        ("2026-02-10", 100, "reconstructed"),
        ("2026-03-10", 100, "inferred"),
        ("2026-05-10", 100, "reconstructed"),
        ("2026-06-10", 0, "reconstructed"),
    ]
    (moves,) = series.movements_between(date(2026, 6, 1), TODAY)
    assert moves.reasons == {"contraction": {"pause": -100}}


@pytest.mark.django_db
def test_refunds_voided_invoices_and_metered_add_ons_are_not_past_mrr() -> None:
    account = an_account()
    metered = {"code": "calls", "add_on_type": "usage"}
    sub = born(account, a_plan(), "2026-05-10", add_ons=[{"add_on": metered}])
    a_line(sub, "2026-05-10", "2026-06-10")
    refund = an_invoice(account, type="credit", state="closed", origin="refund")
    a_line(sub, "2026-05-10", "2026-06-10", "-100", type="credit", invoice=refund)
    void = an_invoice(account, state="voided")
    a_line(sub, "2026-05-10", "2026-06-10", "70", invoice=void)
    a_line(sub, "2026-05-10", "2026-06-10", "33", origin="add_on", add_on_code="calls")
    explored(account)
    assert told(account)[0] == ("2026-05-10", 100, "reconstructed")


@pytest.mark.django_db
def test_an_older_invoice_that_arrives_late_is_a_revision_and_what_was_thought_stays() -> None:
    account = an_account()
    sub = born(account, a_plan(), "2026-03-10")
    a_line(sub, "2026-05-10", "2026-06-10")
    explored(account)
    thought = list(MrrPoint.objects.order_by("pk").values())
    assert told(account)[0][0] == "2026-05-10"
    a_line(sub, "2026-03-10", "2026-04-10", "60")
    explored(account, now=NOW + DAY)
    assert told(account)[:2] == [
        ("2026-03-10", 60, "reconstructed"),
        ("2026-04-10", 60, "inferred"),
    ]
    assert list(MrrPoint.objects.order_by("pk").values())[: len(thought)] == thought
    then = account_series(account.pk, date(2026, 1, 1), TODAY, known_at=NOW)
    assert str(then[0].day) == "2026-05-10"


@pytest.mark.django_db
def test_an_old_invoice_voided_later_takes_its_month_back() -> None:
    account = an_account()
    sub = born(account, a_plan(), "2026-04-10")
    old = an_invoice(account, site=sub.site, state="paid", created_at=at("2026-04-10"))
    a_line(sub, "2026-04-10", "2026-05-10", "500", invoice=old)
    a_line(sub, "2026-05-10", "2026-06-10")
    explored(account)
    assert told(account)[0] == ("2026-04-10", 500, "reconstructed")
    Invoice.objects.filter(pk=old.pk).update(state="voided")
    kept = {"valid_from": NOW, "valid_to": NOW + DAY, "account_upstream_id": "payer"}
    InvoiceVersion.objects.create(
        row=old, **(upstream(sub.site) | kept | {"state": "paid", "currency": "USD"})
    )
    explored(account, now=NOW + DAY)
    assert told(account)[:2] == [
        ("2026-04-10", 0, "reconstructed"),
        ("2026-05-10", 100, "reconstructed"),
    ]
    assert MrrPoint.objects.filter(day=date(2026, 4, 10)).count() == 2


@pytest.mark.django_db
def test_a_subscription_known_to_belong_to_an_account_only_later_brings_its_past() -> None:
    account, other = an_account(), an_account()
    sub = born(account, a_plan(), "2026-05-10")
    a_line(sub, "2026-05-10", "2026-06-10")
    born(other, a_plan(), "2026-05-10")
    Subscription.objects.filter(pk=sub.pk).update(account=None)
    explored(account, other)
    assert told(account) == []
    Subscription.objects.filter(pk=sub.pk).update(account=account)
    explored(account, now=NOW + 3 * DAY)
    assert told(account)[0] == ("2026-05-10", 100, "reconstructed")


@pytest.mark.django_db
def test_a_site_is_gone_through_in_chunks_and_resumes_where_it_was() -> None:
    accounts = [an_account() for _ in range(3)]
    for account in accounts:
        sub = born(account, a_plan(a_site()), "2026-05-10")
        a_line(sub, "2026-05-10", "2026-06-10")
    refresh.measure([account.pk for account in accounts], NOW)
    assert look_back(NOW, DEFAULTS) == 3
    assert SitePast.objects.get().done_at is None
    assert look_back(NOW, DEFAULTS) == 0
    assert SitePast.objects.get().done_at == NOW


lines = st.builds(
    lambda start, length, cents, rate: HistoryLine(
        start_date=date(2026, 1, 1) + start * DAY,
        end_date=date(2026, 1, 1) + (start + length) * DAY,
        subtotal=Decimal(cents).scaleb(-2),
        origin="plan",
        interval=Interval("months", 1),
        proration_rate=rate,
    ),
    st.integers(0, 60),
    st.integers(1, 40),
    st.integers(-5000, 20000),
    st.sampled_from([None, Decimal("0.5"), Decimal(1)]),
)
days = st.integers(0, 100).map(lambda n: date(2026, 1, 1) + n * DAY)
lives = st.builds(
    lambda begins, ends, pause: Life(begins, ends, [pause] if pause else ()),
    st.none() | days,
    st.none() | days,
    st.none() | st.tuples(days, st.none() | days),
)


@given(st.lists(lines, max_size=5), lives)
def test_between_two_turning_days_nothing_changes(several: list[HistoryLine], life: Life) -> None:
    turns = turning_days(several, life)
    every = [date(2026, 1, 1) + n * DAY for n in range(120)]
    known = dict(zip(turns, mrr_history(several, turns, life=life), strict=True))
    for point in mrr_history(several, every, life=life):
        before = [day for day in turns if day <= point.day]
        if before:
            last = known[before[-1]]
            assert (point.mrr, point.kind) == (last.mrr, last.kind)
        else:
            assert point.mrr == 0
