"""Opening a site: its own record, its catalogue, coupons, items and custom field definitions."""

from datetime import datetime
from decimal import Decimal

from tenure.simulator.store import Record, SiteStore
from tenure.simulator.world.coupons import coupon_records
from tenure.simulator.world.custom_fields import definitions
from tenure.simulator.world.dunning import (
    GIVE_UP_AFTER,
    GIVE_UP_ON_TERMS,
    REMINDER_DAYS,
    RETRY_DAYS,
)
from tenure.simulator.world.ids import identity
from tenure.simulator.world.moments import wire
from tenure.simulator.world.offers import ADD_ON_OFFERS
from tenure.simulator.world.prices import CURRENCIES, list_price
from tenure.simulator.world.shapes import record
from tenure.simulator.world.state import Queue, Site, SiteSpec

ITEMS = (
    ("onboarding-day", "Onboarding day", "SKU-1001", "950"),
    ("tablet-kit", "Rugged tablet kit", "SKU-2040", "640"),
)


def opened_site(
    spec: SiteSpec, seed: int, at: datetime, queue: Queue, bump_on_time_events: bool
) -> Site:
    """The site with everything but customers, ready to be published."""
    made = site_record(spec, seed, at)
    store = SiteStore(made, region=spec.region, keys={spec.key})
    site = Site(spec, seed, at, queue, store, bump_on_time_events)
    site.dunning_campaign_id = identity(seed, spec.subdomain, "dunning_campaign").id
    site.features = frozenset(made["features"])
    site.coupons = coupon_records(site)
    site.items = {code: _item(site, code, name, sku, usd) for code, name, sku, usd in ITEMS}
    for sold in site.plans.values():
        sold.record["dunning_campaign_id"] = site.dunning_campaign_id
        site.touch("plans", sold.record)
        for add_on in sold.add_ons.values():
            site.touch("add_ons", add_on.record)
    site.touch("dunning_campaigns", _dunning_campaign(site))
    for definition in definitions(seed, spec.subdomain, at):
        site.touch("custom_field_definitions", definition)
    for unit in _measured_units(site):
        site.touch("measured_units", unit)
    site.publish()
    return site


def site_record(spec: SiteSpec, seed: int, at: datetime) -> Record:
    """What ``GET /sites`` shows of it. European sites keep written-off invoices without a credit memo,
    so that a failed invoice with and one without a balance both occur.
    """
    ident = identity(seed, spec.subdomain, "site")
    features = ["subscription_terms", "manual_invoicing"]
    return record(
        "site",
        id=ident.id,
        subdomain=spec.subdomain,
        public_api_key=f"ewr1-{ident.uuid[:22]}",
        mode=spec.mode,
        address=record(
            "address",
            street1="1 Brightwharf Quay",
            city="Dublin" if spec.region == "eu" else "Austin",
            region=None if spec.region == "eu" else "TX",
            postal_code="D02 X285" if spec.region == "eu" else "78701",
            country="IE" if spec.region == "eu" else "US",
        ),
        settings={
            "billing_address_requirement": "full",
            "accepted_currencies": list(spec.currencies),
            "default_currency": "EUR" if spec.region == "eu" else spec.currencies[0],
        },
        features=features if spec.region == "eu" else ["credit_memos", *features],
        created_at=wire(at),
        updated_at=wire(at),
    )


def _item(site: Site, code: str, name: str, sku: str, dollars: str) -> Record:
    made = record(
        "item",
        id=identity(site.seed, site.spec.subdomain, "item", code).id,
        code=code,
        state="active",
        name=name,
        description="",
        external_sku=sku,
        accounting_code="4200",
        revenue_schedule_type="at_range_start",
        tax_exempt=False,
        currencies=[
            {
                "currency": c,
                "unit_amount": list_price(Decimal(dollars), c),
                "tax_inclusive": False,
            }
            for c in CURRENCIES
        ],
        created_at=wire(site.opened),
        updated_at=wire(site.opened),
    )
    site.touch("items", made)
    return made


def _dunning_campaign(site: Site) -> Record:
    """The one campaign every account is in, as ``dunning.py`` plays it."""
    rhythms = (
        ("automatic", RETRY_DAYS, GIVE_UP_AFTER.days),
        ("manual", REMINDER_DAYS, GIVE_UP_ON_TERMS.days),
    )
    cycles = [
        record(
            "dunning_cycle",
            type=word,
            applies_to_manual_trial=word == "manual",
            first_communication_interval=0,
            send_immediately_on_hard_decline=False,
            intervals=[{"days": day, "email_template": None} for day in days],
            expire_subscription=True,
            fail_invoice=True,
            total_dunning_days=days[-1] + rest,
            total_recycling_days=days[-1] + rest,
            version=1,
            created_at=wire(site.opened),
            updated_at=wire(site.opened),
        )
        for word, days, rest in rhythms
    ]
    return record(
        "dunning_campaign",
        id=site.dunning_campaign_id,
        code="standard",
        name="Standard",
        description="Retries and reminders of every account",
        default_campaign=True,
        dunning_cycles=cycles,
        created_at=wire(site.opened),
        updated_at=wire(site.opened),
    )


def _measured_units(site: Site) -> list[Record]:
    return [
        record(
            "measured_unit",
            id=identity(site.seed, site.spec.subdomain, "measured_unit", offer.code).id,
            name=offer.code,
            display_name=offer.name,
            state="active",
            description="",
            created_at=wire(site.opened),
            updated_at=wire(site.opened),
        )
        for offer in ADD_ON_OFFERS.values()
        if offer.usage
    ]
