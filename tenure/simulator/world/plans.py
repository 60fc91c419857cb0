"""The plans and add-ons of one site: their records, and what they cost."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tenure.simulator.world.ids import identity
from tenure.simulator.world.moments import wire
from tenure.simulator.world.offers import ADD_ON_OFFERS, OFFERS, AddOnOffer, Offer
from tenure.simulator.world.prices import (
    CURRENCIES,
    exact_text,
    list_price,
    minor,
    unit_price,
)
from tenure.simulator.world.shapes import Record, mini, record


@dataclass(slots=True)
class SoldAddOn:
    """An add-on of a plan as one site knows it."""

    offer: AddOnOffer
    record: Record
    mini: Record


@dataclass(slots=True)
class SoldPlan:
    """A plan as one site knows it."""

    offer: Offer
    record: Record
    mini: Record
    add_ons: dict[str, SoldAddOn] = field(default_factory=dict)

    def price(self, currency: str, cycle: int = 1) -> Decimal:
        """The list price of one unit for one interval; for a ramp plan, in that billing cycle."""
        dollars = self.offer.dollars
        for starting, step in self.offer.ramp:
            dollars = step if cycle >= starting else dollars
        return list_price(Decimal(dollars), currency)

    def setup_fee(self, currency: str) -> Decimal:
        """What the first invoice adds."""
        return list_price(Decimal(self.offer.setup_dollars), currency)


def catalogue(seed: int, site: str, opened: datetime) -> dict[str, SoldPlan]:
    """Every plan with its add-ons on one site, by plan code."""
    return {code: _sold(offer, seed, site, opened) for code, offer in OFFERS.items()}


def _sold(offer: Offer, seed: int, site: str, opened: datetime) -> SoldPlan:
    made = _plan(offer, identity(seed, site, "plan", offer.code).id, wire(opened))
    if offer.retired:
        ended = wire(opened + timedelta(days=120))
        made.update(state="inactive", deleted_at=ended, updated_at=ended)
    sold = SoldPlan(offer, made, mini("plan_mini", made))
    for code in offer.add_ons:
        add_on = _add_on(ADD_ON_OFFERS[code], seed, site, made, wire(opened))
        sold.add_ons[code] = SoldAddOn(ADD_ON_OFFERS[code], add_on, mini("add_on_mini", add_on))
        sold.add_ons[code].mini["item_id"] = None
    return sold


def _plan(offer: Offer, plan_id: str, opened: str) -> Record:
    made = record(
        "plan",
        id=plan_id,
        code=offer.code,
        name=offer.name,
        state="active",
        pricing_model="ramp" if offer.ramp else "fixed",
        interval_unit=offer.unit,
        interval_length=offer.length,
        description="" if offer.retired else f"{offer.name} for field teams",
        accounting_code="4000",
        revenue_schedule_type="evenly",
        setup_fee_revenue_schedule_type="at_range_start",
        trial_unit="days",
        trial_length=offer.trial_days,
        trial_requires_billing_info=offer.code != "business-monthly",
        total_billing_cycles=offer.cycles,
        auto_renew=True,
        tax_exempt=False,
        hosted_pages={
            "success_url": "",
            "cancel_url": "",
            "bypass_confirmation": False,
            "display_quantity": True,
        },
        allow_any_item_on_subscriptions=False,
        created_at=opened,
        updated_at=opened,
    )
    if offer.ramp:
        made["setup_fees"] = [{"currency": c, "unit_amount": _money("0", c)} for c in CURRENCIES]
        made["ramp_intervals"] = [
            {
                "starting_billing_cycle": start,
                "currencies": [
                    {"currency": c, "unit_amount": _money(usd, c), "price_segment_id": None}
                    for c in CURRENCIES
                ],
            }
            for start, usd in offer.ramp
        ]
        return made
    made["currencies"] = [
        {
            "currency": c,
            "setup_fee": _money(offer.setup_dollars, c),
            "unit_amount": _money(offer.dollars, c),
            "price_segment_id": None,
            "tax_inclusive": c in offer.tax_inclusive,
        }
        for c in CURRENCIES
    ]
    return made


def _add_on(offer: AddOnOffer, seed: int, site: str, plan: Record, opened: str) -> Record:
    unit = identity(seed, site, "measured_unit", offer.code).id if offer.usage else None
    made = record(
        "add_on",
        id=identity(seed, site, "add_on", plan["code"], offer.code).id,
        plan_id=plan["id"],
        code=offer.code,
        state="active",
        name=offer.name,
        add_on_type="usage" if offer.usage else "fixed",
        usage_type=offer.usage,
        usage_calculation_type="cumulative" if offer.usage else None,
        usage_timeframe="billing_period" if offer.usage else None,
        usage_percentage=Decimal(offer.percentage) if offer.percentage else None,
        measured_unit_id=unit,
        accounting_code="4100",
        revenue_schedule_type="at_range_end" if offer.usage else "evenly",
        display_quantity=not offer.usage,
        default_quantity=None if offer.usage else 1,
        optional=True,
        tier_type=offer.tier_type,
        created_at=opened,
        updated_at=opened,
    )
    if offer.tiers:
        made["tiers"] = [_tier(offer, row) for row in range(len(offer.tiers))]
    elif not offer.percentage:
        made["currencies"] = [
            _unit(offer.dollars, c) | {"tax_inclusive": False} for c in CURRENCIES
        ]
    return made


def _tier(offer: AddOnOffer, row: int) -> Record:
    ending, dollars = offer.tiers[row]
    return {
        "ending_quantity": ending,
        "usage_percentage": None,
        "currencies": [_unit(dollars, c) for c in CURRENCIES],
    }


def _unit(dollars: str, currency: str) -> Record:
    exact = unit_price(Decimal(dollars), currency)
    return {
        "currency": currency,
        "unit_amount": minor(exact, currency),
        "unit_amount_decimal": exact_text(exact),
    }


def _money(dollars: str, currency: str) -> Decimal:
    return list_price(Decimal(dollars), currency)
