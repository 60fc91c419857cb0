"""What a subscription says it will cost: add-ons, subtotal, tax and total of one billing interval."""

from decimal import Decimal

from tenure.simulator.world.lines import tax_info
from tenure.simulator.world.prices import minor, parts, zero
from tenure.simulator.world.state import AddOnHeld, Held


def add_on_price(held: Held, add_on: AddOnHeld) -> Decimal:
    """The add-on's fixed charge for one interval; nothing for usage, which is known only later."""
    offer, currency = add_on.sold.offer, held.record["currency"]
    if offer.usage:
        return zero(currency)
    flat = add_on.record["unit_amount"] or zero(currency)
    pieces = parts(offer.tier_type, add_on.record["quantity"], flat, offer.tiers_in(currency))
    return minor(sum((count * unit for count, unit in pieces), zero(currency)), currency)


def restate(held: Held) -> None:
    """Bring the estimated amounts in step with price, quantity and add-ons. Publishes nothing."""
    made, payer = held.record, held.customer.payer
    currency = made["currency"]
    made["add_ons"] = [add_on.record for add_on in held.add_ons]
    made["add_ons_total"] = sum((add_on_price(held, a) for a in held.add_ons), zero(currency))
    gross = minor(made["unit_amount"] * made["quantity"] + made["add_ons_total"], currency)
    inclusive = made["tax_inclusive"] and payer.rate
    made["subtotal"] = minor(gross / (1 + payer.rate), currency) if inclusive else gross
    made["tax"] = (
        gross - made["subtotal"] if inclusive else minor(made["subtotal"] * payer.rate, currency)
    )
    made["total"] = made["subtotal"] + made["tax"]
    made["tax_info"] = tax_info(payer)
