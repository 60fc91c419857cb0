"""Coupons of an account: which subscriptions they are taken off, and an amount once an invoice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tenure.metrics.account_coupons import alone, shared_out
from tenure.metrics.explain.notes import notes
from tenure.metrics.inputs import (
    DEFAULTS,
    Coupon,
    Discount,
    DiscountAmount,
    Interval,
    OfAccount,
    PendingChange,
    PlanRef,
    Redemption,
    Remaining,
    Settings,
    Subscription,
)
from tenure.metrics.mrr import subscription_mrr
from tenure.metrics.rewinding import subscription_at
from tenure.metrics.rollup import account_rollup
from tenure.metrics.steps import steps
from tenure.metrics.vectors.answers import ANSWERS

NOW = datetime(2026, 6, 30, tzinfo=UTC)
NEXT = NOW + timedelta(days=12)


def off(code: str = "GIFT", **said: Any) -> Redemption:
    """A coupon that takes ``percent`` off, or ``dollars``, on the ``plans`` named or on all."""
    percent, dollars, plans = (said.pop(name, None) for name in ("percent", "dollars", "plans"))
    discount = Discount(
        type="percent" if percent else "fixed",
        percent=Decimal(percent) if percent else None,
        currencies=(DiscountAmount("USD", Decimal(dollars)),) if dollars else None,
    )
    coupon = Coupon(
        code=code,
        discount=discount,
        duration=said.pop("duration", "forever"),
        applies_to_all_plans=plans is None,
        plans=tuple(PlanRef(code=plan) for plan in plans or ()),
    )
    return Redemption(**({"id": code, "state": "active", "coupon": coupon} | said))


def sold(key: str, price: str, *theirs: Redemption, **said: Any) -> Subscription:
    plain = {
        "id": key,
        "state": "active",
        "currency": "USD",
        "unit_amount": Decimal(price),
        "quantity": 1,
        "plan_code": key,
        "payer": "p",
        "interval": Interval("months", 1),
        "current_period_ends_at": NEXT,
        "account_redemptions": theirs,
    }
    return Subscription(**(plain | said))


def mrr(*subs: Subscription, settings: Settings = DEFAULTS) -> dict[str, Fraction | None]:
    every = account_rollup(subs, NOW, settings).measured
    return {one.sub.id: one.result.mrr for one in every}


def test_a_share_is_taken_off_every_subscription_whose_plan_the_coupon_is_for() -> None:
    everywhere, some = off(percent=10), off(percent=10, plans=["b"])
    assert mrr(sold("a", "100", everywhere), sold("b", "50", everywhere)) == {"a": 90, "b": 45}
    assert mrr(sold("a", "100", some), sold("b", "50", some)) == {"a": 100, "b": 45}


def test_an_amount_is_taken_once_an_invoice_off_the_largest_first() -> None:
    gift = off(dollars=70)
    assert mrr(sold("a", "50", gift), sold("b", "60", gift)) == {"a": 40, "b": 0}
    assert mrr(sold("a", "50", gift), sold("b", "100", gift)) == {"a": 50, "b": 30}


@pytest.mark.parametrize(
    "apart",
    [
        {"current_period_ends_at": NEXT + timedelta(days=1)},
        {"interval": Interval("months", 12)},
        {"payer": "another"},
        {"current_period_ends_at": None},
    ],
)
def test_what_is_billed_apart_has_an_amount_of_its_own(apart: dict[str, Any]) -> None:
    gift = off(dollars=30)
    other = sold("b", "60", gift, **apart)
    assert mrr(sold("a", "50", gift), other)["a"] == 20
    assert mrr(other)["b"] == mrr(sold("a", "50", gift), other)["b"]


@pytest.mark.parametrize(
    "coupon",
    [
        off(dollars=30, duration="single_use"),
        off(percent=10, state="inactive"),
        off(percent=10, remaining_duration=Remaining(type="temporal", expires_at=NOW)),
        off(percent=10, plans=[]),
        off(),  # an amount in no currency
    ],
)
def test_a_coupon_that_does_not_count_takes_nothing_off(coupon: Redemption) -> None:
    found = account_rollup([sold("a", "100", coupon)], NOW)
    assert found.mrr == {"USD": 100}
    assert not found.flags


def test_amounts_are_in_the_currency_of_the_subscription_or_none() -> None:
    gift = off(dollars=30)
    assert mrr(sold("a", "100", gift, currency="EUR"), sold("b", "50", gift)) == {"a": 100, "b": 20}


def test_settings_choose_which_coupons_count_and_in_which_order() -> None:
    theirs = (off("HALF", percent=50), off("TEN", dollars=10))
    sub = sold("a", "100", *theirs)
    assert mrr(sub) == {"a": 40}
    assert mrr(sub, settings=Settings(fixed_discounts_first=True)) == {"a": 45}
    assert mrr(sub, settings=Settings(mrr_discounts="none")) == {"a": 100}
    once = sold("a", "100", off(percent=50, duration="single_use"))
    assert mrr(once, settings=Settings(mrr_discounts="all")) == {"a": 50}


def test_its_own_coupons_come_off_before_the_accounts_amount() -> None:
    own = off("OWN", percent=50)
    both = [
        sold("a", "100", off(dollars=30), redemptions=(own,)),  # 50 are left of it
        sold("b", "60", off(dollars=30)),
    ]
    assert mrr(*both) == {"a": 50, "b": 30}


def test_the_figure_opens_with_the_coupon_and_its_part_and_says_where_the_rest_went() -> None:
    gift = off(dollars=30)
    large, small = account_rollup([sold("a", "50", gift), sold("b", "60", gift)], NOW).measured[
        ::-1
    ]
    assert large.result.price
    assert small.result.price
    lines = {one.label: one.amount.amount for one in steps(large.sub, large.result.price, 1)}
    assert lines == {"1 × 60": 60, "discount GIFT of the account": -30}
    assert large.result.flags == {"discounted"}
    assert small.result.flags == set()
    assert notes(small.sub, small.result.price, NOW, DEFAULTS) == (
        "Coupon GIFT: all of it is taken off a larger subscription of the same bill.",
    )


def test_the_end_of_a_coupon_is_an_instant_at_which_figures_change() -> None:
    ends = NOW + timedelta(days=3)
    lasting = Remaining(type="temporal", expires_at=ends)
    sub = sold("a", "100", off(percent=10, duration="temporal", remaining_duration=lasting))
    assert account_rollup([sub], NOW).next_change_at == ends
    assert account_rollup([sub], ends).mrr == {"USD": 100}


def test_a_pending_change_to_a_plan_the_coupon_is_not_for_loses_it_in_committed_mrr() -> None:
    change = PendingChange(unit_amount=Decimal(200), plan=PlanRef(code="b"))
    sub = sold("a", "100", off(percent=10, plans=["a"]), pending_change=change)
    found = account_rollup([sub], NOW)
    assert (found.mrr, found.committed_mrr) == ({"USD": 90}, {"USD": 200})


def test_a_day_before_it_was_redeemed_knows_nothing_of_it() -> None:
    coupon = off(percent=10, created_at=NOW - timedelta(days=5))
    sub = sold("a", "100", coupon, activated_at=NOW - timedelta(days=90))
    before, after = (subscription_at(sub, NOW - timedelta(days=days)) for days in (6, 4))
    assert (before.account_redemptions, after.account_redemptions) == ((), (coupon,))


def test_coupons_that_cannot_be_read_make_the_figure_unknown() -> None:
    found = account_rollup([sold("a", "100", account_redemptions=None)], NOW)
    assert found.unknown
    assert found.flags == {"mrr_unknown"}


def test_a_worked_example_may_have_coupons_of_the_account() -> None:
    plan = {"code": "p", "interval_unit": "months", "interval_length": 1}
    sub = {"id": "a", "state": "active", "currency": "USD", "unit_amount": "100.00", "plan": plan}
    discount = {"type": "percent", "percent": 25}
    theirs = {
        "state": "active",
        "coupon": {"code": "Q", "duration": "forever", "discount": discount},
    }
    given_ = {"subscriptions": [sub], "coupon_redemptions": [theirs]}
    found = ANSWERS["account_rollup"](given_, NOW, DEFAULTS)
    assert {code: str(amount) for code, amount in found["mrr"].items()} == {"USD": "75.000000"}


prices = st.integers(0, 500).map(str)
coupons = st.builds(
    off,
    percent=st.sampled_from([None, None, 10, 100]),
    dollars=st.integers(1, 400),
    plans=st.none() | st.lists(st.sampled_from("abcd"), unique=True),
)


@given(
    st.lists(prices, min_size=1, max_size=4),
    st.lists(coupons, max_size=3),
    st.lists(coupons, max_size=1),
    st.booleans(),
)
def test_an_invoice_gets_each_amount_once_and_no_more_than_is_there(
    charged: list[str], theirs: list[Redemption], own: list[Redemption], fixed_first: bool
) -> None:
    settings = Settings(fixed_discounts_first=fixed_first)
    theirs = [structs.replace(one, id=str(number)) for number, one in enumerate(theirs)]
    subs = [
        sold(key, price, *theirs, redemptions=tuple(own) if key == "a" else ())
        for key, price in zip("abcd", charged, strict=False)
    ]
    shared = shared_out(subs, NOW, settings)
    for one in theirs:
        parts = [
            each.part
            for sub in shared
            for each in sub.redemptions or ()
            if isinstance(each, OfAccount) and each.id == one.id and each.part is not None
        ]
        discount = one.coupon.discount if one.coupon else None
        amounts = discount.currencies if discount and discount.type == "fixed" else None
        assert sum(parts) <= (amounts[0].amount if amounts else 0)
    found = mrr(*subs, settings=settings)
    assert found == mrr(*subs[::-1], settings=settings)
    assert shared_out(shared, NOW, settings) == shared
    for sub in subs:
        by_itself = subscription_mrr(alone(sub, NOW, settings), NOW, settings).mrr
        bare = subscription_mrr(sub, NOW, settings).mrr
        assert by_itself is not None
        assert bare is not None
        # Others of its bill can only take of what it would get alone.
        assert by_itself <= (found[sub.id] or 0) <= bare
