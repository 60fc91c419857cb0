"""The coupons an account has for itself, as they are drawn beside its subscriptions."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from tenure.core.money import Money
from tenure.customers.models import AccountCoupon
from tenure.metrics.discounts import code_of
from tenure.metrics.inputs import Coupon, Discount, Redemption, Remaining


@dataclass(frozen=True, slots=True)
class Held:
    """One coupon: what it takes off, which plans it is for (none named: all), since and until when.
    ``amounts`` are those in currencies the account has subscriptions in."""

    code: str
    name: str
    percent: Decimal | None
    amounts: tuple[Money, ...]
    plans: str
    since: datetime | None
    until: datetime | None
    lasts: str


def drawn(rows: Iterable[AccountCoupon], currencies: Collection[str]) -> list[Held]:
    """These coupons; one that cannot be read is left out, and its figures say so."""
    found = []
    for row in rows:
        try:
            one = msgspec.convert(row.redemption, Redemption, strict=False)
        except msgspec.ValidationError:
            continue
        found.append(_held(one, currencies))
    return found


def _held(one: Redemption, currencies: Collection[str]) -> Held:
    coupon = one.coupon or Coupon()
    discount = coupon.discount or Discount()
    lasting = one.remaining_duration if isinstance(one.remaining_duration, Remaining) else None
    code = code_of(one) or "No code"
    return Held(
        code=code,
        name=coupon.name or "" if coupon.name != code else "",
        percent=discount.percent if discount.type == "percent" else None,
        amounts=tuple(
            Money(each.amount, each.currency)
            for each in discount.currencies or ()
            if each.currency in currencies
        ),
        plans=_plans(coupon),
        since=one.created_at,
        until=lasting.expires_at if lasting else None,
        lasts=_lasts(coupon.duration, lasting),
    )


def _plans(coupon: Coupon) -> str:
    if coupon.applies_to_all_plans is not False:
        return "All plans"
    named = [plan.code or plan.name or "" for plan in coupon.plans or ()]
    return ", ".join(filter(None, named)) or "No plan"


def _lasts(duration: str | None, lasting: Remaining | None) -> str:
    left = lasting.redemptions_remaining if lasting else None
    if left is not None:
        return "One more bill" if left == 1 else f"{left:,} more bills"
    if duration == "single_use":
        return "One bill"
    return "For ever" if duration == "forever" else "Not said"
