"""What is really so: the facts a test compares with what arrived at the other end."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tenure.simulator.world.moments import wire
from tenure.simulator.world.restate import add_on_price
from tenure.simulator.world.state import Customer, Discount, Held, Site

COMPARED = {
    "accounts": "id code state email company created_at updated_at deleted_at",
    "subscriptions": (
        "id uuid state currency quantity unit_amount add_ons_total subtotal tax total "
        "current_period_ends_at current_term_ends_at trial_ends_at expires_at created_at updated_at"
    ),
    "invoices": (
        "id number type origin state currency subtotal discount tax total paid balance "
        "due_at closed_at dunning_events_sent created_at updated_at"
    ),
    "line_items": "id type currency amount invoice_id subscription_id created_at updated_at",
    "transactions": "id type status success currency amount created_at updated_at",
    "credit_payments": "id action currency amount voided_at created_at updated_at",
    "plans": "id code name state interval_unit interval_length updated_at",
    "add_ons": "id code state updated_at",
}


def truth(sites: Mapping[str, Site], now: datetime) -> dict[str, Any]:
    """For each site: counts and facts of every compared kind, by id, and each account's business.

    Amounts are text so that the answer survives JSON without becoming binary floats.
    """
    return {
        "now": wire(now),
        "sites": {name: _site(site, now) for name, site in sites.items()},
    }


def _site(site: Site, now: datetime) -> dict[str, Any]:
    kinds = {
        kind: {made["id"]: _facts(made, names.split()) for made in site.store.all(kind)}
        for kind, names in COMPARED.items()
    }
    return {
        "id": site.id,
        "counts": {kind: site.store.count(kind) for kind in site.store.kinds()},
        **kinds,
        "business": {c.record["id"]: business(c, now) for c in site.customers},
    }


def _facts(made: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value := made[name], Decimal) else value for name in names
    }


def business(customer: Customer, now: datetime) -> dict[str, Any]:
    """One customer: what each subscription bills a month, and what each open bill is owed."""
    return {
        "mrr": {h.record["id"]: f"{monthly(h, now):.6f}" for h in customer.held},
        "owed": {
            bill.record["id"]: str(bill.record["balance"])
            for bill in customer.bills
            if bill.is_open
        },
        "tenant": customer.tenant,
    }


def monthly(held: Held, now: datetime) -> Decimal:
    """What an active or canceled subscription bills per month, before tax, less the percentages and
    amounts of its coupons and of its account's; nothing in a trial, a pause, before the start or
    after the end. Coupons for one invoice are left out, and those of an account until a bill has
    used them: before that nothing but the account itself tells of them.
    """
    if held.state not in ("active", "canceled") or held.in_trial(now):
        return Decimal(0)
    net = _before_gifts(held) - _gifts(held)
    offer = held.sold.offer
    months = (
        Fraction(offer.length) if offer.unit == "months" else offer.length / (Fraction(365) / 12)
    )
    exact = net / months
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def _lasting(discounts: Sequence[Discount]) -> list[Discount]:
    return [d for d in discounts if d.is_active and d.record["coupon"]["duration"] != "single_use"]


def _of_account(held: Held) -> list[Discount]:
    customer = held.customer
    own = customer.discounts if customer.payer is customer else []
    return [discount for discount in _lasting(own) if discount.record["discounted"]]


def _amount(discount: Discount, currency: str) -> Fraction:
    rows = discount.record["coupon"]["discount"]["currencies"] or ()
    return sum((Fraction(r["amount"]) for r in rows if r["currency"] == currency), Fraction(0))


def _before_gifts(held: Held) -> Fraction:
    """One period's net price before the amounts that its account's coupons give an invoice."""
    made = held.record
    left: Fraction = Fraction(made["unit_amount"]) * made["quantity"]
    left += sum(Fraction(add_on_price(held, add_on)) for add_on in held.add_ons)
    if made["tax_inclusive"]:
        left /= 1 + Fraction(held.customer.payer.rate)
    own = _lasting(held.discounts)
    for discount in (*own, *_of_account(held)):
        left *= 1 - Fraction(discount.record["coupon"]["discount"]["percent"] or 0, 100)
    taken = sum((_amount(discount, made["currency"]) for discount in own), Fraction(0))
    return max(Fraction(0), left - taken)


def _gifts(held: Held) -> Fraction:
    """Its part of what its account's coupons give an invoice: those billed with it for more are
    served first."""
    given = sum((_amount(d, held.record["currency"]) for d in _of_account(held)), Fraction(0))
    mine = _before_gifts(held)
    if not given:
        return given
    for other in held.customer.held:
        rank = (-_before_gifts(other), other.record["id"])
        if (
            other is not held
            and _billed_together(held, other)
            and rank < (-mine, held.record["id"])
        ):
            given -= _before_gifts(other)
    return min(mine, max(Fraction(0), given))


def _billed_together(one: Held, other: Held) -> bool:
    alike = [
        (h.record["currency"], h.sold.offer.unit, h.sold.offer.length, h.ends.date())
        for h in (one, other)
    ]
    return alike[0] == alike[1] and other.state in ("active", "canceled")
