"""Coupons: the ones the business gives out, redeeming them, and spending them on invoices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tenure.simulator.world.ids import identity
from tenure.simulator.world.lines import Draft
from tenure.simulator.world.moments import maybe_wire, months_later, wire
from tenure.simulator.world.prices import CURRENCIES, list_price, zero
from tenure.simulator.world.shapes import Record, mini, record
from tenure.simulator.world.state import Customer, Discount, Held, Site


@dataclass(frozen=True, slots=True)
class CouponOffer:
    """A coupon: ``percent`` or ``dollars`` off, for how long, on an account or one subscription."""

    code: str
    name: str
    percent: int | None = None
    dollars: str | None = None
    duration: str = "forever"
    months: int | None = None
    resource: str = "account"
    uses: int | None = None


COUPON_OFFERS = (
    CouponOffer("PARTNER-10", "Partner discount", percent=10),
    CouponOffer("WELCOME-25", "Welcome offer", percent=25, duration="temporal", months=3),
    CouponOffer("SPRING-50", "Spring campaign", percent=50, duration="single_use"),
    CouponOffer("THANKS-100", "Thank you", dollars="100", duration="single_use"),
    CouponOffer("NONPROFIT", "Non-profit", percent=30, resource="subscription"),
    CouponOffer("LOYAL-20", "Loyalty", dollars="20", resource="subscription"),
    CouponOffer("YEAR-ONE", "First year", dollars="15", duration="temporal", months=12),
)


def coupon_records(site: Site) -> dict[str, Record]:
    """The site's coupons by code, published."""
    made = {offer.code: _coupon(offer, site) for offer in COUPON_OFFERS}
    for coupon in made.values():
        site.touch("coupons", coupon)
    return made


def _coupon(offer: CouponOffer, site: Site) -> Record:
    return record(
        "coupon",
        id=identity(site.seed, site.spec.subdomain, "coupon", offer.code).id,
        code=offer.code,
        name=offer.name,
        state="redeemable",
        max_redemptions_per_account=1,
        duration=offer.duration,
        temporal_amount=offer.months,
        temporal_unit="month" if offer.months else None,
        applies_to_all_plans=True,
        applies_to_all_items=False,
        applies_to_non_plan_charges=False,
        redemption_resource=offer.resource,
        discount=_discount(offer),
        coupon_type="single_code",
        hosted_page_description="",
        invoice_description=offer.name,
        created_at=wire(site.opened),
        updated_at=wire(site.opened),
    )


def _discount(offer: CouponOffer) -> Record:
    if offer.percent is not None:
        return {"type": "percent", "percent": offer.percent, "currencies": None, "trial": None}
    dollars = Decimal(offer.dollars or 0)
    rows = [{"currency": c, "amount": list_price(dollars, c)} for c in CURRENCIES]
    return {"type": "fixed", "percent": None, "currencies": rows, "trial": None}


def redeem(code: str, customer: Customer, held: Held | None, at: datetime) -> Discount:
    """Give the customer, or one subscription, the coupon of this code from now on."""
    site, coupon = customer.site, customer.site.coupons[code]
    ident = customer.identity("coupon_redemption")
    ends = None
    if coupon["temporal_amount"]:
        ends = months_later(at, coupon["temporal_amount"], day=at.day)
    currency = held.record["currency"] if held else customer.currency
    full = record(
        "coupon_redemption",
        id=ident.id,
        uuid=ident.uuid,
        account=customer.mini,
        subscription_id=held.record["id"] if held else None,
        coupon=coupon,
        state="active",
        remaining_duration={
            "type": coupon["duration"],
            "expires_at": maybe_wire(ends),
            "redemptions_remaining": None,
        },
        currency=currency,
        discounted=zero(currency),
        created_at=wire(at),
        updated_at=wire(at),
    )
    discount = Discount(full, _mini(full, coupon))
    (held.discounts if held else customer.discounts).append(discount)
    customer.others.append(("coupon_redemptions", full))
    site.touch("coupon_redemptions", full)
    if held:
        held.record["coupon_redemptions"].append(discount.mini)
        site.touch("subscriptions", held.record, at)
    if ends:
        site.plan(ends, _expire, customer, held, discount)
    return discount


def _mini(full: Record, coupon: Record) -> Record:
    return mini("coupon_redemption_mini", full) | {"coupon": mini("coupon_mini", coupon)}


def _expire(at: datetime, customer: Customer, held: Held | None, discount: Discount) -> None:
    if not discount.is_active:
        return
    discount.record["state"] = discount.mini["state"] = "inactive"
    discount.record["removed_at"] = wire(at)
    customer.site.touch_by_time("coupon_redemptions", discount.record, at)
    if held:
        held.discounts.remove(discount)
        customer.site.touch_by_time("subscriptions", held.record, at)


def withdraw(code: str, customer: Customer, at: datetime) -> Record | None:
    """Take the coupon of this code away from the customer; the redemption, None when it has none."""
    for discount in customer.discounts:
        if discount.is_active and discount.record["coupon"]["code"] == code:
            discount.record["state"] = discount.mini["state"] = "inactive"
            discount.record["removed_at"] = wire(at)
            customer.site.touch("coupon_redemptions", discount.record, at)
            return discount.record
    return None


def spend(site: Site, drafts: Sequence[Draft], currency: str, at: datetime) -> list[dict[str, Any]]:
    """Count what the lines' discounts used; a single-use coupon is then over.

    Returns the redemptions as the invoice embeds them: ``discounted`` is this invoice's part.
    """
    used: dict[int, tuple[Discount, Decimal]] = {}
    for draft in drafts:
        for discount, cut in draft.cuts:
            before = used.get(id(discount), (discount, zero(currency)))[1]
            used[id(discount)] = (discount, before + cut)
    return [_spent(site, discount, amount, at) for discount, amount in used.values()]


def _spent(site: Site, discount: Discount, amount: Decimal, at: datetime) -> Record:
    full = discount.record
    full["discounted"] += amount
    if full["coupon"]["duration"] == "single_use":
        full["state"] = "inactive"
        full["removed_at"] = wire(at)
    discount.mini.update(discounted=full["discounted"], state=full["state"])
    site.touch("coupon_redemptions", full, at)
    return discount.mini | {"discounted": amount}


def active_discounts(held: Held) -> list[Discount]:
    """What takes money off this subscription's next invoice: its own coupons and its account's."""
    everywhere = held.customer.discounts if held.customer.payer is held.customer else []
    return [d for d in (*held.discounts, *everywhere) if d.is_active]
