"""Every list of the interface that this stand-in answers, with the parameters each allows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenure.simulator.store import Record, SiteStore
from tenure.simulator.wire import filters
from tenure.simulator.wire.filters import Filters
from tenure.simulator.wire.query import SORTS

_ALL = frozenset("ids limit order sort begin_time end_time".split())
_TIMES = frozenset("ids sort begin_time end_time".split())


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: the kind of its records, what it allows, and, below a parent, how it finds its own.

    ``link`` is where each record has the parent's id. ``made`` makes the records from the site and the
    parent instead, for what stands only inside other records.
    """

    kind: str
    filters: Filters = field(default_factory=dict)
    allowed: frozenset[str] = _ALL
    link: str = ""
    made: Callable[[SiteStore, Record], list[Record]] | None = None
    sorts: tuple[str, ...] = SORTS

    def below(self, link: str, allowed: frozenset[str] | None = None) -> "Listing":
        """The same list below a parent whose id stands in ``link``."""
        return Listing(
            self.kind,
            self.filters,
            self.allowed if allowed is None else allowed,
            link,
            sorts=self.sorts,
        )


ACCOUNTS = Listing("accounts", filters.ACCOUNTS)
SUBSCRIPTIONS = Listing("subscriptions", filters.SUBSCRIPTIONS)
INVOICES = Listing("invoices", filters.INVOICES)
LINE_ITEMS = Listing("line_items", filters.LINE_ITEMS)
TRANSACTIONS = Listing("transactions", filters.TRANSACTIONS)
CREDIT_PAYMENTS = Listing("credit_payments", allowed=_ALL - {"ids"})
ADD_ONS = Listing("add_ons", filters.ACTIVE)
COUPON_REDEMPTIONS = Listing("coupon_redemptions", allowed=_TIMES)

_SORT_ONLY = frozenset(["sort"])
_PAGED = frozenset("sort limit order".split())

ROOTS: Mapping[str, Listing] = {
    "accounts": ACCOUNTS,
    "acquisitions": Listing("acquisitions"),
    "add_ons": ADD_ONS,
    "business_entities": Listing("business_entities", allowed=frozenset()),
    "coupons": Listing("coupons"),
    "credit_payments": CREDIT_PAYMENTS,
    "custom_field_definitions": Listing("custom_field_definitions", filters.FIELD_DEFINITIONS),
    "dunning_campaigns": Listing("dunning_campaigns", allowed=_SORT_ONLY),
    "external_invoices": Listing("external_invoices", allowed=_PAGED),
    "external_products": Listing("external_products", allowed=_SORT_ONLY),
    "external_subscriptions": Listing("external_subscriptions", allowed=_SORT_ONLY),
    "general_ledger_accounts": Listing(
        "general_ledger_accounts", allowed=frozenset("ids limit order sort account_type".split())
    ),
    "gift_cards": Listing("gift_cards", allowed=frozenset()),
    "invoice_templates": Listing("invoice_templates", allowed=_SORT_ONLY),
    "invoices": INVOICES,
    "items": Listing("items", filters.ACTIVE),
    "line_items": LINE_ITEMS,
    "measured_units": Listing("measured_units", filters.ACTIVE),
    "performance_obligations": Listing("performance_obligations", allowed=frozenset()),
    "plans": Listing("plans", filters.ACTIVE),
    "price_segments": Listing("price_segments", allowed=frozenset("ids limit order".split())),
    "shipping_methods": Listing("shipping_methods"),
    "subscriptions": SUBSCRIPTIONS,
    "transactions": TRANSACTIONS,
}

SITES = Listing("sites", filters.ACTIVE, frozenset("ids limit order sort".split()))


def _inside(field: str) -> Callable[[SiteStore, Record], list[Record]]:
    """Records that stand in a property of the parent: a list of them, or one, or null."""

    def read(_site: SiteStore, parent: Record) -> list[Record]:
        value: Any = parent.get(field)
        if value is None:
            return []
        return value if isinstance(value, list) else [value]

    return read


def _related_invoices(site: SiteStore, invoice: Record) -> list[Record]:
    """The invoice this one credits, and those that credit it."""
    related = site.table("invoices").where("previous_invoice_id", invoice["id"])
    previous = site.get("invoices", invoice.get("previous_invoice_id") or "")
    return related + ([previous] if previous else [])


def _invoice_redemptions(site: SiteStore, invoice: Record) -> list[Record]:
    found = (
        site.get("coupon_redemptions", mini["id"])
        for mini in invoice.get("coupon_redemptions") or ()
    )
    return [record for record in found if record]


BELOW: Mapping[tuple[str, str], Listing] = {
    ("accounts", "accounts"): ACCOUNTS.below("parent_account_id"),
    ("accounts", "billing_infos"): Listing(
        "billing_infos", allowed=_TIMES, made=_inside("billing_info")
    ),
    ("accounts", "coupon_redemptions"): Listing(
        "coupon_redemptions", filters.ACTIVE, _TIMES, "account.id"
    ),
    ("accounts", "credit_payments"): CREDIT_PAYMENTS.below("account.id"),
    ("accounts", "entitlements"): Listing(
        "entitlements", allowed=frozenset(["state"]), link="account_id"
    ),
    ("accounts", "external_accounts"): Listing(
        "external_accounts", allowed=frozenset(), made=_inside("external_accounts")
    ),
    ("accounts", "external_invoices"): Listing(
        "external_invoices", allowed=_PAGED, link="account.id"
    ),
    ("accounts", "external_subscriptions"): Listing(
        "external_subscriptions", allowed=_SORT_ONLY, link="account.id"
    ),
    ("accounts", "invoices"): INVOICES.below("account.id"),
    ("accounts", "line_items"): LINE_ITEMS.below("account.id"),
    ("accounts", "notes"): Listing("notes", allowed=frozenset(["ids"]), link="account_id"),
    ("accounts", "shipping_addresses"): Listing(
        "shipping_addresses", made=_inside("shipping_addresses")
    ),
    ("accounts", "subscriptions"): SUBSCRIPTIONS.below("account.id"),
    ("accounts", "transactions"): TRANSACTIONS.below("account.id"),
    ("business_entities", "invoices"): INVOICES.below("business_entity_id"),
    ("coupons", "unique_coupon_codes"): Listing(
        "unique_coupon_codes", allowed=_ALL | {"redeemed"}, link="bulk_coupon_id"
    ),
    ("external_subscriptions", "external_invoices"): Listing(
        "external_invoices", allowed=_PAGED, link="external_subscription.id"
    ),
    ("invoice_templates", "accounts"): ACCOUNTS.below("invoice_template_id"),
    ("invoices", "coupon_redemptions"): Listing(
        "coupon_redemptions", allowed=_TIMES, made=_invoice_redemptions
    ),
    ("invoices", "line_items"): LINE_ITEMS.below("invoice_id"),
    ("invoices", "related_invoices"): Listing(
        "invoices", allowed=frozenset(), made=_related_invoices
    ),
    ("plans", "add_ons"): ADD_ONS.below("plan_id"),
    ("subscriptions", "coupon_redemptions"): COUPON_REDEMPTIONS.below("subscription_id"),
    ("subscriptions", "invoices"): INVOICES.below("subscription_ids"),
    ("subscriptions", "line_items"): LINE_ITEMS.below("subscription_id"),
}

USAGE = Listing(
    "usage",
    filters.USAGE,
    sorts=("recorded_timestamp", "usage_timestamp"),
)
