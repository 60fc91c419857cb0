"""Figures of a past day open into what was known then, and come to what was kept of that day."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.core.money import Money
from tenure.customers import coupons
from tenure.customers.models import Account, AccountCoupon, Invoice, Subscription
from tenure.customers.tables import INVOICES, SUBSCRIPTIONS
from tenure.customers.versions import keep
from tenure.metrics import explain, refresh
from tenure.metrics.as_of import Moment, figures_at, moment_of
from tenure.metrics.explain import values
from tenure.metrics.explain.calculation import Calculation, amounts_of, calculation_at
from tenure.metrics.explain.then import Then, reading
from tenure.metrics.inputs import DEFAULTS
from tenure.metrics.models import FactsVersion, MrrPoint, VersionKind
from tenure.metrics.stored import subscriptions_of
from tenure.sources import records
from tests.metrics.rows import (
    NOW,
    a_payment,
    a_plan,
    a_site,
    a_subscription,
    an_account,
    an_invoice,
)
from tests.metrics.test_agreement import invoices as any_invoice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = NOW + 60 * DAY


def at(days: int) -> Moment:
    """The end of a day counted from the first."""
    found = moment_of(NOW.date() + days * DAY, LATER, DEFAULTS)
    assert found is not None
    return found


def told(account: Account, figure: str, days: int) -> Calculation:
    """The figure taken apart as of a day."""
    moment = at(days)
    facts = figures_at([account.pk], moment).get(account.pk)
    return calculation_at(account.pk, figure, facts, moment, DEFAULTS)


def changed(row: Any, now: datetime, **columns: Any) -> None:
    """The row reads so from now on; how it read before is kept."""
    keep(INVOICES if isinstance(row, Invoice) else SUBSCRIPTIONS, [row.pk], now)
    type(row).objects.filter(pk=row.pk).update(**columns)


def test_an_invoice_paid_since_is_owed_on_a_day_before() -> None:
    account = an_account()
    bill = an_invoice(account, number="7", due_at=NOW - 9 * DAY, balance="30.05", valid_from=NOW)
    refresh.measure([account.pk], NOW)
    paid = NOW + 5 * DAY
    changed(bill, paid, state="paid", balance="0", paid="100", closed_at=paid)
    a_payment(bill, created_at=paid, collected_at=paid)
    refresh.measure([account.pk], paid)
    [(_, group)] = told(account, "past_due", 1).groups
    assert [(part.label, part.days_past_due) for part in group.parts] == [("7", 10)]
    assert group.total == Money(Decimal("30.05"), "USD")
    assert told(account, "last_paid", 1).groups == []
    [(_, after)] = told(account, "past_due", 6).groups
    assert (after.parts, [left.reason for left in after.excluded]) == (
        (),
        ["Paid or closed: nothing is owed on it"],
    )
    assert [part.kind for _, one in told(account, "last_paid", 6).groups for part in one.parts] == ["payment"]  # fmt: skip


def test_a_price_of_then_shows_its_formula_of_then() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan(interval_length=12), unit_amount="120", valid_from=NOW)
    refresh.measure([account.pk], NOW)
    changed(sub, NOW + 3 * DAY, unit_amount="600", quantity=2)
    refresh.measure([account.pk], NOW + 3 * DAY)
    for days, label, amount in ((1, "1 × 120", "10.00"), (4, "2 × 600", "100.00")):
        [(_, group)] = told(account, "mrr", days).groups
        assert group.parts[0].steps[0].label == label
        assert group.total == Money(Decimal(amount), "USD")


def redeemed(percent: int | None, now: datetime) -> None:
    """The account answers that it has a coupon of so much, or that what it had is over."""
    state = "active" if percent else "inactive"
    coupon = {
        "code": "C",
        "duration": "forever",
        "discount": {"type": "percent", "percent": percent},
    }
    said = {"id": "r", "state": state, "coupon": coupon, "created_at": "2026-05-01T00:00:00Z"}
    answer = records.AccountCoupon(
        upstream_id="r", active=percent is not None, redemption=msgspec.json.encode(said)
    )
    coupons.keep(a_site().pk, "payer", [answer], asked_at=now, now=now)


def test_a_coupon_of_the_account_is_the_one_that_was_known_then() -> None:
    account = an_account()
    a_subscription(account, a_plan(), valid_from=NOW, activated_at=NOW - 100 * DAY)
    for days, percent in ((0, None), (2, 10), (4, 25), (6, None)):
        redeemed(percent, NOW + days * DAY)
        refresh.measure([account.pk], NOW + days * DAY)
    for days, lines in ((1, []), (3, ["C 10 %"]), (5, ["C 25 %"]), (7, [])):
        found = told(account, "mrr", days)
        [(_, group)] = found.groups
        steps = [step.label for step in group.parts[0].steps if "discount" in step.label]
        assert steps == [f"discount {line} of the account" for line in lines]
        assert not found.differs
    for days, percents in ((10, [10]), (70, [])):  # before anybody watched: as it was first known
        then = NOW - days * DAY
        with reading(Then(account.pk, then, then, made_out=True)):
            [sub] = subscriptions_of([account.pk])[account.pk]
        assert sub.account_redemptions is not None
        held = [one.coupon.discount for one in sub.account_redemptions if one.coupon]
        assert [one.percent for one in held if one] == percents


def test_records_that_come_to_something_else_than_was_kept_say_so() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan(), valid_from=NOW)
    refresh.measure([account.pk], NOW)
    Subscription.objects.filter(pk=sub.pk).update(quantity=3)  # nothing was kept of it
    refresh.measure([account.pk], NOW + 3 * DAY)
    assert told(account, "mrr", 1).differs
    assert not told(account, "mrr", 4).differs


def test_a_day_before_anything_has_no_calculation() -> None:
    account = an_account()
    a_subscription(account, a_plan())
    refresh.measure([account.pk], NOW)
    found = told(account, "mrr", -30)
    assert (found.unknown, found.groups, found.basis) == (True, (), None)


# A life: on each of some days, at an hour, a few things happen.
hours = st.integers(0, 86_399)
prices = st.sampled_from([Decimal(0), Decimal("9.99"), Decimal(1000), None])
happenings = st.one_of(
    st.tuples(st.just("bill"), any_invoice),
    st.tuples(st.just("agree"), prices, st.sampled_from([1, 7, 12]), st.sampled_from(["USD", "JPY"])),
    st.tuples(st.just("pay"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("amend"), st.integers(0, 9), prices, st.sampled_from("active canceled paused expired".split())),
    st.tuples(st.just("redeem"), st.sampled_from([10, 100, None])),
    st.tuples(st.just("settle"), st.integers(0, 9), st.sampled_from("past_due paid failed voided processing".split())),
)  # fmt: skip
lives = st.lists(st.tuples(st.integers(0, 3), hours, st.lists(happenings, max_size=3)), min_size=2, max_size=6)  # fmt: skip


def lived(life: Sequence[Any]) -> tuple[Account, int]:
    """An account with this life, measured after all that happened and at each midnight; and how
    many days it took."""
    AccountCoupon.objects.all().delete()  # of another life with the same payer
    account, last = an_account(), NOW
    refresh.measure([account.pk], NOW)
    for pause, seconds, happened in life:
        day = datetime.combine(last.date() + max(pause, 0) * DAY, datetime.min.time(), UTC)
        now = max(day + timedelta(seconds=seconds), last + timedelta(seconds=1))
        for midnight in _midnights(last, now):
            refresh.measure([account.pk], midnight)
        for one in happened:
            _happen(account, now, *one)
        refresh.measure([account.pk], now)
        last = now
    return account, (last.date() - NOW.date()).days


def _midnights(start: datetime, end: datetime) -> Iterator[datetime]:
    day = start.date() + DAY
    while (midnight := datetime.combine(day, datetime.min.time(), UTC)) <= end:
        yield midnight
        day += DAY


def _happen(account: Account, now: datetime, kind: str, *what: Any) -> None:
    bills = list(Invoice.objects.filter(account=account).order_by("pk"))
    agreed = list(Subscription.objects.filter(account=account).order_by("pk"))
    if kind == "bill":
        said = {k: v for k, v in what[0].items() if k not in ("others", "subscription_ids")}
        an_invoice(account, valid_from=now, **said)
    elif kind == "agree":
        price, length, currency = what
        plan = a_plan(interval_length=length, interval_unit="days" if length == 7 else "months")
        a_subscription(
            account, plan, unit_amount=price, currency=currency, valid_from=now,
            activated_at=now, current_term_ends_at=now + 40 * DAY, current_period_ends_at=now + 9 * DAY,
        )  # fmt: skip
    elif kind == "pay" and bills:
        bill = bills[what[0] % len(bills)]
        words = {"type": "refund"} if what[1] else {"status": "declined"}
        a_payment(bill, created_at=now, collected_at=now, amount="7.50", **words)
    elif kind == "amend" and agreed:
        sub = agreed[what[0] % len(agreed)]
        over = now if what[2] == "expired" else None
        changed(sub, now, unit_amount=what[1], state=what[2], expires_at=over)
    elif kind == "redeem":
        redeemed(what[0], now)
    elif kind == "settle" and bills:
        changed(bills[what[0] % len(bills)], now, state=what[1], closed_at=now)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives, st.data())
def test_whatever_happened_every_figure_of_a_past_day_is_what_its_parts_say(
    life: Sequence[Any], data: Any
) -> None:
    account, days = lived(life)
    day = data.draw(st.integers(0, days))
    moment = at(day)
    facts = figures_at([account.pk], moment)[account.pk]
    for figure in dict.fromkeys((*explain.FIGURES, *values.FIGURES)):
        found = calculation_at(account.pk, figure, facts, moment, DEFAULTS)
        assert not found.differs, (figure, day)
        for _, group in found.groups:
            sums = sum((part.amount.amount for part in group.parts if part.amount), Decimal(0))
            assert sums == group.total.amount, (figure, day)
        if figure in explain.FIGURES:
            kept = {money.rounded() for money in amounts_of(facts, figure) if money.rounded()}
            assert {group.total for _, group in found.groups if group.total} == kept, (figure, day)


def test_of_a_day_before_the_first_measurement_mrr_is_made_out_and_marked() -> None:
    account = an_account()
    sub = a_subscription(account, a_plan(), activated_at=NOW - 90 * DAY)
    MrrPoint.objects.create(
        subscription=sub, account_id=account.pk, day=date(2026, 5, 1), currency="USD", mrr="80", status="contributing",
        kind="reconstructed", recorded_at=NOW,
    )  # fmt: skip
    refresh.measure([account.pk], NOW)
    found = told(account, "arr", -20)
    [(_, group)] = found.groups
    assert (found.kind, found.differs) == ("reconstructed", False)
    assert group.total == Money(Decimal("960.00"), "USD")
    assert group.parts[0].notes == ("Reconstructed from invoices.",)
    assert told(account, "total_due", -20).unknown


def test_of_a_day_before_the_first_measurement_bills_are_those_of_their_dates() -> None:
    account = an_account()
    made = NOW - 40 * DAY
    an_invoice(
        account, number="9", state="paid", created_at=made, due_at=made + DAY, balance="0",
        paid="100", closed_at=NOW - 10 * DAY,
    )  # fmt: skip
    refresh.measure([account.pk], NOW)
    FactsVersion.objects.create(
        account=account, valid_from=made + DAY, valid_to=NOW, kind=VersionKind.RECONSTRUCTED,
        past_due={"USD": "100"}, past_due_count=1, subscription_status="none", invoice_status="past_due",
    )  # fmt: skip
    found = told(account, "past_due", -20)
    [(_, group)] = found.groups
    assert (found.kind, found.differs) == ("reconstructed", False)
    assert [(part.label, part.status, part.days_past_due) for part in group.parts] == [
        ("9", "past_due", 19)
    ]
    assert told(account, "past_due_count", -20).basis.answer == 1  # type: ignore[union-attr]
