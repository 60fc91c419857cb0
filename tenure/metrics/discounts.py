"""What coupons take off one billing interval of a subscription.

A redemption counts while it is active: by default when it recurs (forever, temporal, a number of
billing periods), not when it is used up by one invoice. A share reduces what is left; a fixed
amount is taken once an invoice, in the subscription's currency or not at all. Nothing falls below
zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from tenure.metrics.amounts import ZERO
from tenure.metrics.inputs import Discount, OfAccount, Redemption, Remaining, Settings

DURATIONS = {
    "recurring": frozenset({"forever", "temporal", "billing_periods"}),
    "forever_only": frozenset({"forever"}),
    "all": frozenset({"forever", "temporal", "billing_periods", "single_use"}),
    "none": frozenset[str](),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A coupon's part of the discount; ``percent`` is None for a fixed amount. ``of_account`` is
    whether the account has the coupon and not the subscription alone."""

    code: str
    percent: Decimal | None
    amount: Fraction
    of_account: bool = False


def discounts(
    redemptions: Iterable[Redemption],
    net: Fraction,
    currency: str,
    as_of: datetime,
    settings: Settings,
) -> tuple[Taken, ...]:
    """What each counted coupon takes off, in the order they are applied: percentages first,
    unless the site is known to do it the other way."""
    counted = [r for r in redemptions if counts(r, as_of, settings)]
    counted.sort(key=lambda r: (_kind(r) == "percent") == settings.fixed_discounts_first)
    taken, left = [], net
    for redemption in counted:
        amount = min(max(left, ZERO), amount_of(redemption, left, currency))
        if amount:
            shared = isinstance(redemption, OfAccount)
            taken.append(Taken(code_of(redemption), _percent(redemption), amount, shared))
            left -= amount
    return tuple(taken)


def counts(redemption: Redemption, as_of: datetime, settings: Settings) -> bool:
    """Whether the redemption is active at the instant and of a duration that counts."""
    remaining = redemption.remaining_duration
    duration = redemption.coupon.duration if redemption.coupon else None
    if isinstance(remaining, Remaining):
        duration = duration or remaining.type
        if remaining.expires_at and remaining.expires_at <= as_of:
            return False
        if remaining.redemptions_remaining == 0:
            return False
    elif remaining == 0:
        return False
    return redemption.state == "active" and duration in DURATIONS[settings.mrr_discounts]


def covers(redemption: Redemption, plan_code: str | None) -> bool:
    """Whether the coupon is for this plan. One that does not say which is for all of them."""
    coupon = redemption.coupon
    if coupon is None or coupon.applies_to_all_plans is not False:
        return True
    return plan_code is not None and any(plan.code == plan_code for plan in coupon.plans or ())


def is_fixed(redemption: Redemption) -> bool:
    """Whether it takes an amount, and not a share."""
    return _kind(redemption) == "fixed"


def ends_at(redemption: Redemption) -> datetime | None:
    """The instant from which a date alone ends the redemption, if there is one."""
    remaining = redemption.remaining_duration
    return remaining.expires_at if isinstance(remaining, Remaining) else None


def currencies_of(redemption: Redemption) -> set[str]:
    """The currencies in which it has an amount."""
    return {one.currency for one in _discount(redemption).currencies or ()}


def _discount(redemption: Redemption) -> Discount:
    coupon = redemption.coupon
    return (coupon.discount if coupon else None) or Discount()


def _kind(redemption: Redemption) -> str | None:
    return _discount(redemption).type


def _percent(redemption: Redemption) -> Decimal | None:
    return _discount(redemption).percent if _kind(redemption) == "percent" else None


def code_of(redemption: Redemption) -> str:
    """The coupon's code or, without one, its name."""
    coupon = redemption.coupon
    return (coupon.code or coupon.name or "") if coupon else ""


def amount_of(redemption: Redemption, left: Fraction, currency: str) -> Fraction:
    """What it would take off, if that much is there: a share of what is left, or its amount in the
    currency, of an account's coupon the part that was given to this subscription."""
    discount = _discount(redemption)
    if isinstance(redemption, OfAccount) and redemption.part is not None:
        return redemption.part
    if discount.type == "percent" and discount.percent is not None:
        return left * Fraction(discount.percent) / 100
    if discount.type == "fixed":
        amounts = (a.amount for a in discount.currencies or () if a.currency == currency)
        return Fraction(next(amounts, Decimal(0)))
    return ZERO
