"""What is really so: the facts a test compares with what arrived at the other end."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tenure.simulator.world.moments import wire
from tenure.simulator.world.restate import add_on_price
from tenure.simulator.world.state import Customer, Held, Site

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
    """What an active or canceled subscription bills per month, before tax, less its percentages and
    fixed coupons; nothing in a trial, a pause, before the start or after the end.
    """
    if held.state not in ("active", "canceled") or held.in_trial(now):
        return Decimal(0)
    made = held.record
    gross = Fraction(made["unit_amount"]) * made["quantity"]
    gross += sum(Fraction(add_on_price(held, add_on)) for add_on in held.add_ons)
    if made["tax_inclusive"]:
        gross /= 1 + Fraction(held.customer.payer.rate)
    net = max(Fraction(0), _after_coupons(held, gross))
    offer = held.sold.offer
    months = (
        Fraction(offer.length) if offer.unit == "months" else offer.length / (Fraction(365) / 12)
    )
    exact = net / months
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def _after_coupons(held: Held, gross: Fraction) -> Fraction:
    offers = [d.record["coupon"]["discount"] for d in held.discounts if d.is_active]
    for offer in offers:
        if offer["type"] == "percent":
            gross *= 1 - Fraction(offer["percent"], 100)
    for offer in offers:
        for row in offer["currencies"] or ():
            if row["currency"] == held.record["currency"]:
                gross -= Fraction(row["amount"])
    return gross
