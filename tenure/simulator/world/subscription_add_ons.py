"""Add-ons on a subscription, and the lines a billing period puts on its invoice."""

from datetime import datetime
from decimal import Decimal

from tenure.simulator.world.lines import Draft
from tenure.simulator.world.moments import wire
from tenure.simulator.world.plans import SoldAddOn
from tenure.simulator.world.prices import exact_text, minor, parts, unit_price, zero
from tenure.simulator.world.shapes import Record, record
from tenure.simulator.world.state import AddOnHeld, Held


def hold_add_on(held: Held, code: str, quantity: int, at: datetime) -> AddOnHeld:
    """Put an add-on of the plan on the subscription. The caller restates and publishes it."""
    sold = held.sold.add_ons[code]
    added = AddOnHeld(sold, _add_on_record(held, sold, quantity, at))
    held.add_ons.append(added)
    return added


def _add_on_record(held: Held, sold: SoldAddOn, quantity: int, at: datetime) -> Record:
    offer, currency = sold.offer, held.record["currency"]
    made = record(
        "subscription_add_on",
        id=held.customer.identity("subscription_add_on").id,
        subscription_id=held.record["id"],
        add_on=sold.mini,
        add_on_source="plan_add_on",
        quantity=1 if offer.usage else quantity,
        revenue_schedule_type=sold.record["revenue_schedule_type"],
        tier_type=offer.tier_type,
        usage_calculation_type=sold.record["usage_calculation_type"],
        usage_timeframe=sold.record["usage_timeframe"],
        usage_percentage=sold.record["usage_percentage"],
        created_at=wire(at),
        updated_at=wire(at),
    )
    if offer.tiers:
        made["tiers"] = [
            {
                "ending_quantity": tier.ending,
                "unit_amount": minor(tier.amount, currency),
                "unit_amount_decimal": exact_text(tier.amount),
                "usage_percentage": None,
            }
            for tier in offer.tiers_in(currency)
        ]
    elif not offer.percentage:
        exact = unit_price(Decimal(offer.dollars), currency)
        made["unit_amount"] = minor(exact, currency)
        made["unit_amount_decimal"] = exact_text(exact)
    return made


def period_drafts(held: Held, *, first: bool) -> list[Draft]:
    """The lines of the period that begins: the plan, its fixed add-ons, at first the set-up fee."""
    made, offer = held.record, held.sold.offer
    fee = held.sold.setup_fee(made["currency"])
    drafts = [
        Draft(
            "plan",
            offer.name,
            made["quantity"],
            made["unit_amount"],
            product_code=offer.code,
            held=held,
            starts=held.starts,
            ends=held.ends,
            contains_tax=made["tax_inclusive"],
        )
    ]
    if first and fee:
        drafts.append(
            Draft("setup_fee", f"{offer.name}: set-up", 1, fee, product_code=offer.code, held=held)
        )
    for add_on in held.add_ons:
        if not add_on.sold.offer.usage:
            flat = add_on.record["unit_amount"] or zero(made["currency"])
            drafts += _add_on_drafts(held, add_on, add_on.record["quantity"], flat)
    return drafts


def usage_drafts(held: Held) -> list[Draft]:
    """The lines for what was used in the period that ends."""
    drafts = []
    for add_on in held.add_ons:
        offer, currency = add_on.sold.offer, held.record["currency"]
        if offer.usage == "price":
            used = held.dice.randint(40, 900) * max(1, min(20, held.record["quantity"] // 4))
            exact = unit_price(Decimal(offer.dollars), currency)
            drafts += _add_on_drafts(held, add_on, used, exact)
        elif offer.percentage:
            volume = unit_price(Decimal(held.dice.randint(4_000, 90_000)), currency)
            fee = minor(volume * Decimal(offer.percentage) / 100, currency)
            drafts += _add_on_drafts(held, add_on, 1, fee)
    return drafts


def _add_on_drafts(held: Held, add_on: AddOnHeld, quantity: int, flat: Decimal) -> list[Draft]:
    offer = add_on.sold.offer
    tiers = offer.tiers_in(held.record["currency"])
    return [
        Draft(
            "add_on",
            offer.name,
            count,
            unit,
            product_code=offer.code,
            held=held,
            add_on=add_on.sold.record,
            starts=held.starts,
            ends=held.ends,
            contains_tax=held.record["tax_inclusive"],
        )
        for count, unit in parts(offer.tier_type, quantity, flat, tiers)
    ]
