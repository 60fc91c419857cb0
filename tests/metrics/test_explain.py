"""Every figure opens into parts that add up to it, to the cent."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.core.money import Money
from tenure.customers.models import Account
from tenure.metrics import explain, read, refresh
from tenure.metrics.explain import conversion, dso, values
from tenure.metrics.facts import INVOICE_SUMS, SUBSCRIPTION_SUMS
from tenure.metrics.inputs import Settings
from tenure.metrics.models import FxRate, as_money
from tests.metrics.rows import (
    NOW,
    a_payment,
    a_plan,
    a_subscription,
    an_account,
    an_invoice,
)
from tests.metrics.test_agreement import invoices as any_invoice
from tests.metrics.test_agreement import payments as any_payment
from tests.metrics.test_agreement import stored

pytestmark = pytest.mark.django_db
TEN_OFF = {
    "state": "active",
    "coupon": {"code": "TEN", "discount": {"type": "percent", "percent": 10}},
    "remaining_duration": {"type": "forever"},
}
SEATS = {
    "add_on": {"code": "seats", "add_on_type": "fixed"},
    "quantity": 2,
    "unit_amount": 15.5,
    "tier_type": "flat",
}


@pytest.fixture
def account() -> Account:
    return an_account()


def figure_of(account: Account, figure: str) -> tuple[Money, ...]:
    """The figure as the facts have it."""
    facts = read.facts_of([account.pk])[account.pk]
    if not figure.startswith("ageing."):
        return facts.money(figure)
    bucket = figure.removeprefix("ageing.")
    return as_money({currency: ages[bucket] for currency, ages in facts.ageing.items()})


def adds_up(account: Account, figure: str) -> bool:
    """Whether the parts of each currency add up to the total, and the total is the shown fact."""
    groups = explain.parts(account.pk, figure, NOW)
    sums = [
        sum((part.amount.amount for part in one.parts if part.amount), Decimal(0)) for one in groups
    ]
    facts = figure_of(account, figure)
    shown = {one.total.currency: one.total for one in groups}
    stored = {money.currency: money.rounded() for money in facts if money.rounded()}
    return sums == [one.total.amount for one in groups] and stored == {
        currency: total for currency, total in shown.items() if total
    }


def test_mrr_shows_the_formula_with_its_numbers(account: Account) -> None:
    plan = a_plan(interval_length=12)
    a_subscription(
        account,
        plan,
        unit_amount="120",
        quantity=3,
        tax_inclusive=True,
        tax_rate="0.2",
        add_ons=[SEATS],
        coupon_redemptions=[TEN_OFF],
    )
    (group,) = explain.parts(account.pk, "mrr", NOW)
    (part,) = group.parts
    # (3 × 120 + 2 × 15.50) ÷ 1.2 = 325.8333…; less a tenth 293.25; a twelfth of it 24.4375
    assert [(step.label, step.amount.rounded().amount) for step in part.steps] == [
        ("3 × 120", Decimal("360.00")),
        ("seats × 2", Decimal("31.00")),
        ("tax included, ÷ 1.20", Decimal("325.83")),
        ("discount TEN 10 %", Decimal("-32.58")),
        ("per month: ÷ 12 months", Decimal("24.44")),
    ]
    assert (part.label, part.status, part.amount) == (
        "Pro",
        "contributing",
        Money(Decimal("24.44"), "USD"),
    )


def test_rounding_is_a_part_of_its_own_where_cents_are_missed(account: Account) -> None:
    plan = a_plan(interval_length=12)
    for _ in range(3):
        a_subscription(account, plan, unit_amount="1000")
    (group,) = explain.parts(account.pk, "mrr", NOW)
    # 3 × 83.333… = 250.00, but 3 × 83.33 = 249.99
    assert [part.kind for part in group.parts] == ["subscription"] * 3 + ["rounding"]
    assert group.parts[-1].amount == Money(Decimal("0.01"), "USD")
    assert group.total == Money(Decimal("250.00"), "USD")


def test_a_subscription_without_a_price_is_shown_as_unknown(account: Account) -> None:
    a_subscription(account, a_plan(), unit_amount=None)
    (group,) = explain.parts(account.pk, "mrr", NOW)
    assert group.parts[0].amount is None


def test_past_due_names_the_invoices_and_how_late_they_are(account: Account) -> None:
    an_invoice(account, number="7", due_at=NOW - timedelta(days=10), balance="30.05")
    an_invoice(account, number="8", due_at=NOW + timedelta(days=10))
    (group,) = explain.parts(account.pk, "past_due", NOW)
    (part,) = group.parts
    assert (part.label, part.days_past_due, part.day) == ("7", 10, date(2026, 6, 20))
    assert group.total == Money(Decimal("30.05"), "USD")


def test_refunds_are_parts_of_net_paid(account: Account) -> None:
    paid = an_invoice(account, state="paid", paid="100", balance="0")
    a_payment(paid, type="refund", amount="40")
    refresh.measure([account.pk], NOW)
    (group,) = explain.parts(account.pk, "net_paid", NOW)
    assert [part.kind for part in group.parts] == ["invoice", "refund"]
    assert group.total == Money(Decimal("60.00"), "USD")
    assert adds_up(account, "net_paid")


def test_very_many_invoices_end_in_one_sum_of_the_others(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explain.invoices, "SHOWN", 3)
    for _ in range(5):
        an_invoice(account)
    (group,) = explain.parts(account.pk, "billed", NOW)
    assert [part.kind for part in group.parts] == ["invoice"] * 3 + ["others"]
    assert group.parts[-1].amount == Money(Decimal("200.00"), "USD")


def test_an_unknown_figure_is_refused_by_name(account: Account) -> None:
    with pytest.raises(
        explain.UnknownFigure, match=r"“shoes” cannot be taken apart.*Ask for one of"
    ):
        explain.parts(account.pk, "shoes", NOW)


prices = st.decimals("0", "3000", places=2)
lengths = st.sampled_from([1, 3, 7, 12])
currencies = st.sampled_from(["USD", "JPY", "KWD"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(prices, lengths, currencies, st.sampled_from("active canceled paused".split()))
    ),
    st.lists(st.tuples(prices, currencies, st.integers(-40, 40)), max_size=5),
)
def test_parts_add_up_whatever_there_is(
    agreed: list[tuple[Decimal, int, str, str]], billed: list[tuple[Decimal, str, int]]
) -> None:
    account = an_account()
    for price, length, currency, state in agreed:
        plan = a_plan(interval_length=length, interval_unit="days" if length == 7 else "months")
        a_subscription(account, plan, unit_amount=price, currency=currency, state=state)
    for total, currency, days in billed:
        late = NOW + timedelta(days=days)
        an_invoice(account, currency=currency, balance=total, total=total, due_at=late)
    refresh.measure([account.pk], NOW)
    assert all(adds_up(account, figure) for figure in explain.FIGURES)


def test_what_is_left_out_says_why(account: Account) -> None:
    plan = a_plan()
    a_subscription(account, plan, trial_started_at=NOW, trial_ends_at=NOW + timedelta(days=4))
    a_subscription(account, plan, state="paused", paused_at=NOW)
    a_subscription(account, plan, state="future")
    a_subscription(account, plan, state="expired", expires_at=NOW)
    a_subscription(account, plan, state="odd")
    (mrr,) = explain.parts(account.pk, "mrr", NOW)
    assert {left.reason for left in mrr.excluded} == {
        "In trial until 4 Jul 2026",
        "Paused: nothing is billed",
        "Has not started yet",
        "Has ended",
        "In a state that is not known: “odd”",
    }
    for state, reason in (
        ("paid", "Paid or closed: nothing is owed on it"),
        ("failed", "Left dunning without being paid: lost, no longer owed"),
        ("voided", "Voided: it counts nowhere"),
    ):
        an_invoice(account, state=state)
        (due,) = explain.parts(account.pk, "total_due", NOW)
        assert reason in {left.reason for left in due.excluded}


def test_what_of_a_subscription_does_not_count_is_noted(account: Account) -> None:
    usage = {"add_on": {"code": "calls", "add_on_type": "usage"}, "quantity": 1}
    once = TEN_OFF | {"coupon": TEN_OFF["coupon"] | {"code": "ONCE", "duration": "single_use"}}
    a_subscription(account, a_plan(), add_ons=[usage], coupon_redemptions=[once])
    (group,) = explain.parts(account.pk, "mrr", NOW)
    assert [note.split(":")[0] for note in group.parts[0].notes] == [
        "Add-on “calls” is metered",
        "Coupon ONCE",
    ]


def test_statuses_name_the_record_that_decides(account: Account) -> None:
    a_subscription(account, a_plan(), state="expired", expires_at=NOW)
    a_subscription(account, a_plan(), state="paused", paused_at=NOW)
    an_invoice(account, number="1", state="paid", balance="0")
    an_invoice(account, number="2", state="past_due", due_at=NOW - timedelta(days=3))
    an_invoice(account, number="3", type="credit", state="closed")
    status = values.basis(account.pk, "subscription_status", NOW, Settings())
    assert (status.answer, [item.value for item in status.inside]) == (
        "paused",
        ["paused", "expired"],
    )
    bills = values.basis(account.pk, "invoice_status", NOW, Settings())
    assert [(item.label, item.value) for item in bills.inside] == [("2", "past_due"), ("1", "paid")]
    assert bills.answer == "past_due"
    assert [item.label for item in bills.outside] == ["3"]


def test_seats_are_told_by_plan_and_by_add_on(account: Account) -> None:
    a_subscription(account, a_plan(code="team"), quantity=4, add_ons=[SEATS])
    a_subscription(account, a_plan(code="pro"), quantity=2)
    a_subscription(account, a_plan(code="pro"), quantity=9, state="paused")
    by_plan = values.basis(account.pk, "quantity_by_plan", NOW, Settings())
    assert by_plan.answer == {"team": 4, "pro": 2}
    assert [item.reason for item in by_plan.outside] == ["Paused: nothing is billed"]
    assert values.basis(account.pk, "addon_quantity", NOW, Settings()).answer == {"seats": 2}


def test_days_of_billing_open_both_amounts_to_the_cent(account: Account) -> None:
    FxRate.objects.create(source="EUR", target="USD", day=date(2026, 1, 1), rate="1.5", set_at=NOW)
    lately, long_ago = NOW - timedelta(days=30), NOW - timedelta(days=91)
    an_invoice(account, total="300", balance="0", state="paid", created_at=lately)
    an_invoice(account, total="100", balance="100", currency="EUR", created_at=long_ago)
    refresh.measure([account.pk], NOW)
    told = values.basis(account.pk, "dso", NOW, Settings())
    # 100 EUR × 1.5 are owed, 300 were billed: half of 90 days
    assert told.answer == read.facts_of([account.pk])[account.pk].dso == Decimal("45.0")
    assert [(item.label, item.value) for item in told.inside] == [
        ("Owed, USD", 150),
        ("Billed in 90 days, USD", 300),
    ]
    shown = {
        (label, str(group.total)): group for label, group in dso.sides(account.pk, NOW, Settings())
    }
    assert {key for key in shown if not key[1].startswith("0")} == {("Owed", "100.00 EUR"), ("Billed in 90 days", "300.00 USD")}  # fmt: skip
    reasons = {left.reason for group in shown.values() for left in group.excluded}
    assert "Billed more than 90 days ago" in reasons


def test_without_a_rate_nothing_is_days_of_anything(account: Account) -> None:
    an_invoice(account, total="300", balance="0", state="paid", created_at=NOW)
    an_invoice(account, total="100", balance="100", currency="EUR", created_at=NOW)
    told = values.basis(account.pk, "dso", NOW, Settings())
    assert told.answer is None
    assert [item.label for item in told.outside] == ["in EUR", "in USD"]


def test_refunds_that_failed_and_those_nobody_knows_are_left_out_together(account: Account) -> None:
    bill = an_invoice(account, total="100", balance="0", paid="100", state="paid")
    for status in ("declined", None, None):
        a_payment(bill, type="refund", status=status, amount="5")
    refresh.measure([account.pk], NOW)
    [group] = explain.parts(account.pk, "total_refunded", NOW)
    assert [(left.count, len(left.parts)) for left in group.excluded] == [(3, 3)]


anything = st.lists(any_invoice, max_size=7)
tried = st.lists(any_payment, max_size=4)
agreements = st.lists(
    st.tuples(
        prices | st.none(),
        lengths,
        currencies,
        st.sampled_from("active canceled paused future expired failed odd".split()),
        st.integers(-40, 120),
        st.booleans(),
    ),
    max_size=4,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(agreements, anything, tried)
def test_every_figure_of_the_facts_is_what_its_explanation_says(
    agreed: list[Any], bills: list[dict[str, Any]], payments: list[dict[str, Any]]
) -> None:
    account_id, _, _ = stored(bills, payments)
    account = Account.objects.get(pk=account_id)
    for price, length, currency, state, days, renews in agreed:
        at = NOW + timedelta(days=days)
        plan = a_plan(interval_length=length, interval_unit="days" if length == 7 else "months")
        a_subscription(
            account, plan, unit_amount=price, currency=currency, state=state, auto_renew=renews,
            current_period_ends_at=at, current_term_ends_at=at, activated_at=NOW - timedelta(days=abs(days)),
            expires_at=at if state == "canceled" else None,
        )  # fmt: skip
    refresh.measure([account_id], NOW)
    facts = read.facts_of([account_id])[account_id]
    sums = (*SUBSCRIPTION_SUMS, *INVOICE_SUMS)
    assert set(sums) <= set(explain.FIGURES)
    for figure in explain.FIGURES:
        assert adds_up(account, figure), figure
        for group in explain.parts(account_id, figure, NOW):
            assert all(left.reason and left.count >= len(left.parts) for left in group.excluded)
    for figure in values.FIGURES:
        found = values.basis(account_id, figure, NOW, Settings())
        expected = getattr(facts, figure)
        answer = found.answer
        if found.how == "mean" and answer is not None:
            answer, expected = round(answer, 5), round(expected, 5)
        assert answer == expected, figure
        inside = [item.value for item in found.inside]
        if found.how != "mean":
            assert answer == (values.COMBINED[found.how](inside) if inside else answer), figure
        assert all(item.reason for item in found.outside), figure


def test_a_converted_total_is_made_of_amounts_times_rates(account: Account) -> None:
    FxRate.objects.create(source="EUR", target="USD", day=date(2026, 1, 1), rate="1.1", set_at=NOW)
    plan = a_plan()
    a_subscription(account, plan, unit_amount="100")
    a_subscription(account, plan, unit_amount="50", currency="EUR")
    refresh.measure([account.pk], NOW)
    facts = read.facts_of([account.pk])[account.pk]
    told = conversion.total(facts.money("mrr"), NOW, Settings())
    assert told is not None
    # 50 × 1.1 + 100
    assert told.total == facts.total("mrr_converted") == Money(Decimal("155.00"), "USD")
    assert [(leg.amount.currency, leg.rate, leg.day) for leg in told.legs] == [
        ("EUR", Fraction("1.1"), date(2026, 1, 1)),
        ("USD", 1, None),
    ]
    a_subscription(account, plan, unit_amount="9", currency="JPY")
    refresh.measure([account.pk], NOW)
    facts = read.facts_of([account.pk])[account.pk]
    told = conversion.total(facts.money("mrr"), NOW, Settings())
    assert told is not None
    assert told.total is None
