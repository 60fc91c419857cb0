"""What must hold for any subscription and any invoice, whatever its numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.core.errors import ConfigurationError
from tenure.core.money import round_to_minor
from tenure.metrics.amounts import displayed, rounded, stored, text_of
from tenure.metrics.fx import Rate, Rates
from tenure.metrics.inputs import (
    DEFAULTS,
    AddOn,
    AddOnKind,
    Coupon,
    Discount,
    DiscountAmount,
    Interval,
    Invoice,
    Redemption,
    Settings,
    Subscription,
    Tier,
    zone_named,
)
from tenure.metrics.mrr import add_on_price, months, price_of, subscription_mrr
from tenure.metrics.receivables import account_receivables
from tenure.metrics.rollup import account_rollup, moments

NOW = datetime(2026, 6, 30, tzinfo=UTC)
amounts = st.decimals("0", "99999", places=2)
instants = st.none() | st.integers(-400, 400).map(lambda hours: NOW + timedelta(hours=hours))

redemptions = st.builds(
    Redemption,
    state=st.sampled_from(["active", "inactive"]),
    coupon=st.builds(
        Coupon,
        discount=st.builds(
            Discount,
            type=st.sampled_from(["percent", "fixed", "free_trial"]),
            percent=st.integers(0, 100).map(Decimal),
            currencies=st.tuples(st.builds(DiscountAmount, st.just("USD"), amounts)),
        ),
        duration=st.sampled_from("forever temporal billing_periods single_use".split()),
    ),
)
add_ons = st.builds(
    AddOn,
    add_on=st.builds(AddOnKind, add_on_type=st.sampled_from(["fixed", "usage"])),
    quantity=st.integers(0, 50),
    unit_amount=amounts,
)
subscriptions = st.builds(
    Subscription,
    id=st.text("abc", min_size=1, max_size=3),
    state=st.sampled_from("active canceled paused future expired failed".split()),
    currency=st.sampled_from(["USD", "EUR"]),
    unit_amount=amounts,
    quantity=st.integers(0, 20),
    interval=st.builds(Interval, st.sampled_from(["days", "months"]), st.integers(1, 36)),
    add_ons=st.lists(add_ons, max_size=3).map(tuple),
    redemptions=st.lists(redemptions, max_size=3).map(tuple),
    tax_inclusive=st.booleans(),
    tax_rate=st.none() | st.decimals("0", "0.3", places=3),
    trial_started_at=instants,
    trial_ends_at=instants,
    expires_at=instants,
)


@given(subscriptions)
def test_the_steps_of_a_price_lead_to_its_monthly_amount(sub: Subscription) -> None:
    price = price_of(sub, NOW)
    assert price is not None
    assert price.gross == price.base + sum(one.amount for one in price.add_ons)
    assert 0 <= price.after == price.net - sum(one.amount for one in price.taken)
    assert price.after <= price.net <= price.gross
    assert price.monthly * months(price.interval, DEFAULTS) == price.after


@given(subscriptions)
def test_no_discount_setting_gives_more_than_none(sub: Subscription) -> None:
    by_setting = [
        price_of(sub, NOW, Settings(mrr_discounts=kind)) for kind in ("all", "recurring", "none")
    ]
    monthly = [price.monthly for price in by_setting if price]
    assert monthly == sorted(monthly)


@given(subscriptions)
def test_an_amount_is_counted_in_one_place_only(sub: Subscription) -> None:
    result = subscription_mrr(sub, NOW)
    apart = [result.mrr, result.apart("paused"), result.apart("trial")]
    assert sum(1 for amount in apart if amount) <= 1


@given(st.lists(subscriptions, max_size=6))
def test_an_account_is_the_sum_of_its_subscriptions_in_any_order(subs: list[Subscription]) -> None:
    whole, turned = account_rollup(subs, NOW), account_rollup(subs[::-1], NOW)
    assert whole == turned
    for currency in ("USD", "EUR"):
        alone = [account_rollup([s], NOW).mrr.get(currency, Fraction(0)) for s in subs]
        assert whole.mrr.get(currency, Fraction(0)) == sum(alone)


@given(st.lists(subscriptions, max_size=4))
def test_nothing_changes_before_the_instant_that_was_named(subs: list[Subscription]) -> None:
    before = account_rollup(subs, NOW)
    until = before.next_change_at or NOW + timedelta(days=3000)
    assert until > NOW
    after = account_rollup(subs, until - timedelta(microseconds=1))
    assert (after.mrr, after.trial_mrr, after.paused_mrr) == (
        before.mrr,
        before.trial_mrr,
        before.paused_mrr,
    )
    assert after.subscription_status == before.subscription_status


@given(
    st.lists(
        st.builds(
            Invoice,
            id=st.text("xyz", min_size=1, max_size=4),
            type=st.sampled_from(["charge", "legacy", "credit"]),
            state=st.sampled_from("open pending processing past_due paid failed voided".split()),
            currency=st.sampled_from(["USD", "EUR"]),
            total=amounts,
            balance=amounts,
            paid=amounts,
            due_at=instants,
        )
    )
)
def test_the_age_groups_add_up_to_what_is_due(invoices: list[Invoice]) -> None:
    found = account_receivables(invoices, (), NOW)
    for currency, groups in found.ageing.items():
        assert sum(groups.values()) == found.total_due[currency]
        assert sum(groups.values()) - groups["current"] <= found.past_due[currency]
        assert found.not_yet_due[currency] + found.past_due[currency] == found.total_due[currency]
        assert (
            found.net_due[currency] + found.available_credit[currency] == found.total_due[currency]
        )


TIERS = (
    Tier(ending_quantity=10, unit_amount=Decimal(5)),
    Tier(ending_quantity=100, unit_amount=Decimal(3)),
    Tier(unit_amount=Decimal(1)),
)


@pytest.mark.parametrize(
    ("kind", "quantity", "expected"),
    [
        ("tiered", 0, 0),
        ("tiered", 10, 50),
        ("tiered", 11, 53),  # 10 × 5 + 1 × 3
        ("tiered", 150, 370),  # 10 × 5 + 90 × 3 + 50 × 1
        ("volume", 10, 50),
        ("volume", 11, 33),
        ("volume", 150, 150),
        ("stairstep", 10, 5),
        ("stairstep", 11, 3),
        ("stairstep", 0, 0),
        ("flat", 7, None),  # no unit price of its own
    ],
)
def test_tiers_price_a_quantity(kind: str, quantity: int, expected: int | None) -> None:
    tiers = () if kind == "flat" else TIERS[::-1]
    assert add_on_price(AddOn(tier_type=kind, quantity=quantity, tiers=tiers)) == expected


@given(st.decimals(-(10**9), 10**9, places=8), st.sampled_from(["USD", "JPY", "KWD"]))
def test_rounding_is_half_away_from_zero(amount: Decimal, currency: str) -> None:
    assert displayed(amount, currency) == round_to_minor(amount, currency)
    assert Decimal(text_of(amount, currency)) == stored(amount) == rounded(Fraction(amount), 6)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0", "USD", "0.00"),
        ("12.5", "USD", "12.50"),
        ("83.3333333", "USD", "83.333333"),
        ("-0.0000001", "USD", "0.00"),
        ("-3", "USD", "-3.00"),
        ("8333.3333333", "JPY", "8333.333333"),
        ("100000", "JPY", "100000"),
        ("1.5", "KWD", "1.500"),
    ],
)
def test_amounts_are_written_without_needless_zeros(amount: str, currency: str, text: str) -> None:
    assert text_of(Decimal(amount), currency) == text


def test_every_date_of_a_live_subscription_is_a_moment_it_may_change() -> None:
    later = NOW + timedelta(days=1)
    sub = Subscription(id="s", state="active", currency="USD", expires_at=later)
    assert list(moments(sub)) == [later]
    assert not list(
        moments(Subscription(id="s", state="expired", currency="USD", expires_at=later))
    )


def test_the_rate_in_force_is_the_latest_on_or_before_the_day() -> None:
    rates = [
        Rate("EUR", "USD", (NOW + timedelta(days=days)).date(), Fraction(rate))
        for days, rate in ((-30, 1), (0, 2), (1, 3))
    ]
    found = Rates(rates).converted({"EUR": Decimal(5), "USD": Decimal(1)}, "USD", NOW.date())
    assert found.amount == 11
    assert not found.missing


def test_an_inverse_rate_is_used_only_when_asked_for() -> None:
    rates = [Rate("USD", "EUR", NOW.date(), Fraction(1, 2))]
    sums = {"EUR": Decimal(5)}
    assert Rates(rates).converted(sums, "USD", NOW.date()).missing == ("EUR",)
    assert Rates(rates, derive=True).converted(sums, "USD", NOW.date()).amount == 10


def test_an_unknown_time_zone_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="no time zone “Mars/Base”"):
        zone_named("Mars/Base")
