"""Objects named in a path: by id, or by another name behind a prefix such as ``code-``."""

from tenure.simulator.store import Record, SiteStore
from tenure.simulator.table import Table
from tenure.simulator.wire.refusal import not_found

# Kind, the word Recurly's errors use for one of it, and the fields a prefix may name.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "accounts": ("Account", ("code",)),
    "add_ons": ("AddOn", ("code",)),
    "business_entities": ("BusinessEntity", ("code",)),
    "coupon_redemptions": ("CouponRedemption", ("uuid",)),
    "coupons": ("Coupon", ("code",)),
    "credit_payments": ("CreditPayment", ("uuid",)),
    "custom_field_definitions": ("CustomFieldDefinition", ()),
    "dunning_campaigns": ("DunningCampaign", ()),
    "external_invoices": ("ExternalInvoice", ()),
    "external_products": ("ExternalProduct", ()),
    "external_subscriptions": ("ExternalSubscription", ("external-id", "uuid")),
    "general_ledger_accounts": ("GeneralLedgerAccount", ()),
    "gift_cards": ("GiftCard", ()),
    "invoice_templates": ("InvoiceTemplate", ()),
    "invoices": ("Invoice", ("number",)),
    "items": ("Item", ("code",)),
    "line_items": ("LineItem", ()),
    "measured_units": ("MeasuredUnit", ("name",)),
    "performance_obligations": ("PerformanceObligation", ()),
    "plans": ("Plan", ("code",)),
    "price_segments": ("PriceSegment", ("code",)),
    "shipping_methods": ("ShippingMethod", ("code",)),
    "subscriptions": ("Subscription", ("uuid",)),
    "transactions": ("Transaction", ("uuid",)),
    "unique_coupon_codes": ("UniqueCouponCode", ("code",)),
    "usage": ("Usage", ()),
}


def single(site: SiteStore, kind: str, name: str) -> Record:
    """The record a path segment names. Raises Refused (404) when there is none."""
    return one_of_table(site.table(kind), kind, name)


def one_of_table(table: Table, kind: str, name: str, within: set[str] | None = None) -> Record:
    """The same among the records of one table, and only those ``within``, when given."""
    word, prefixes = KINDS.get(kind, (kind.rstrip("s").title().replace("_", ""), ()))
    for record in _candidates(table, prefixes, name):
        if within is None or record["id"] in within:
            return record
    raise not_found(word, name)


def is_site(site: SiteStore, name: str) -> bool:
    """Whether ``name`` is this site's id, or its subdomain behind the prefix."""
    return name in (site.id, f"subdomain-{site.subdomain}")


def _candidates(table: Table, prefixes: tuple[str, ...], name: str) -> list[Record]:
    record = table.get(name)
    if record is not None:
        return [record]
    for prefix in prefixes:
        if name.startswith(f"{prefix}-"):
            return table.where(prefix, name.removeprefix(f"{prefix}-"))
    return []
