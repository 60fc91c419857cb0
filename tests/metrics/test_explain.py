"""Every figure opens into parts that add up to it, to the cent."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.core.money import Money
from tenure.customers.models import Account
from tenure.metrics import explain, read, refresh
from tenure.metrics.models import as_money
from tests.metrics.rows import (
    NOW,
    a_payment,
    a_plan,
    a_subscription,
    an_account,
    an_invoice,
)

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
