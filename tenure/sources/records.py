"""The neutral records: billing facts in one vocabulary, whatever vendor they came from.

Amounts are exact decimals in major units of the record's ``currency``; times are UTC. A field the
vendor left empty is None; text fields never hold an empty string. States are the vendor's words:
an unknown one is kept as it came (F28).
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct

NOTHING = Raw(b"null")


class Record(Struct, kw_only=True, frozen=True):
    """What every record carries: its identity, its times, and its payload as received.

    ``payload`` is the vendor's JSON with credentials and card digits blanked; ``content_hash`` is
    the 16-byte digest of exactly that, and decides whether anything changed.
    """

    upstream_id: str
    created_at: datetime
    updated_at: datetime
    payload: bytes
    content_hash: bytes


class CustomFieldDefinition(Record, frozen=True, kw_only=True):
    """A custom field the site defines for one kind of object."""

    related_type: str
    name: str
    display_name: str | None = None
    tooltip: str | None = None
    deleted_at: datetime | None = None


class Plan(Record, frozen=True, kw_only=True):
    """A price list entry; the billing interval lives here, not on the subscription."""

    code: str
    name: str | None = None
    state: str
    pricing_model: str | None = None
    interval_unit: str | None = None
    interval_length: int | None = None
    trial_unit: str | None = None
    trial_length: int | None = None
    total_billing_cycles: int | None = None
    auto_renew: bool | None = None
    prices: bytes = b"[]"
    deleted_at: datetime | None = None


class AccountExtras(Struct, omit_defaults=True, gc=False):
    """What an account has besides, kept as one JSON object because few installations map any of it:
    a name here is a key there. Times are text as they came; ``billing_address`` is as ``address``."""

    tax_exempt: bool | None = None
    exemption_certificate: str | None = None
    entity_use_code: str | None = None
    business_entity_upstream_id: str | None = None
    dunning_campaign_upstream_id: str | None = None
    invoice_template_upstream_id: str | None = None
    bill_date: str | None = None
    has_active_subscription: bool | None = None
    has_future_subscription: bool | None = None
    has_canceled_subscription: bool | None = None
    has_paused_subscription: bool | None = None
    billing_upstream_id: str | None = None
    billing_first_name: str | None = None
    billing_last_name: str | None = None
    billing_company: str | None = None
    billing_vat_number: str | None = None
    billing_address: Raw = NOTHING
    billing_is_primary: bool | None = None
    billing_is_backup: bool | None = None
    billing_created_at: str | None = None
    billing_updated_at: str | None = None
    billing_updated_country: str | None = None
    billing_updated_ip: str | None = None
    fraud_score: int | None = None
    fraud_decision: str | None = None
    payment_type: str | None = None
    payment_gateway: str | None = None
    payment_username: str | None = None
    card_country: str | None = None
    card_funding: str | None = None
    card_network: str | None = None
    bank_name: str | None = None
    bank_account_name: str | None = None
    bank_account_type: str | None = None


class BillingAccount(Record, frozen=True, kw_only=True):
    """A vendor's account: who is billed. ``custom_fields`` and ``address`` are JSON objects;
    ``extras`` is an ``AccountExtras`` as JSON."""

    code: str
    state: str
    email: str | None = None
    cc_emails: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    vat_number: str | None = None
    preferred_locale: str | None = None
    preferred_time_zone: str | None = None
    parent_upstream_id: str | None = None
    bill_to: str | None = None
    address: bytes = b"{}"
    billing_name: str | None = None
    payment_method: str | None = None
    payment_method_valid: bool | None = None
    card_expires_month: int | None = None
    card_expires_year: int | None = None
    shipping_contacts: bytes = b"[]"
    custom_fields: bytes = b"{}"
    has_live_subscription: bool | None = None
    has_past_due_invoice: bool | None = None
    closed_at: datetime | None = None
    extras: bytes = b"{}"


class SubscriptionExtras(Struct, omit_defaults=True, gc=False):
    """What a subscription has besides; as ``AccountExtras``. Amounts are exact, as text."""

    billing_upstream_id: str | None = None
    business_entity_upstream_id: str | None = None
    payment_gateway: str | None = None
    price_segment: str | None = None
    revenue_schedule: str | None = None
    credit_policy: str | None = None
    tax_type: str | None = None
    tax_region: str | None = None
    terms_and_conditions: str | None = None
    customer_notes: str | None = None
    bank_account_authorized_at: str | None = None
    shipping_address: Raw = NOTHING
    shipping_method_upstream_id: str | None = None
    shipping_method_code: str | None = None
    shipping_method: str | None = None
    shipping_amount: Decimal | None = None


class Subscription(Record, frozen=True, kw_only=True):
    """A recurring agreement. ``add_ons``, ``coupon_redemptions``, ``pending_change`` and
    ``ramp_intervals`` are the vendor's JSON, because the formulas of METRICS section 2 read them;
    ``extras`` is a ``SubscriptionExtras`` as JSON."""

    uuid: str | None = None
    account_upstream_id: str
    plan_upstream_id: str | None = None
    plan_code: str | None = None
    plan_name: str | None = None
    state: str
    currency: str
    unit_amount: Decimal | None = None
    quantity: int | None = None
    add_ons: bytes = b"[]"
    add_ons_total: Decimal | None = None
    subtotal: Decimal | None = None
    tax: Decimal | None = None
    tax_rate: Decimal | None = None
    tax_inclusive: bool | None = None
    total: Decimal | None = None
    coupon_redemptions: bytes = b"[]"
    pending_change: bytes | None = None
    ramp_intervals: bytes = b"[]"
    collection_method: str | None = None
    po_number: str | None = None
    net_terms: int | None = None
    net_terms_type: str | None = None
    auto_renew: bool | None = None
    total_billing_cycles: int | None = None
    remaining_billing_cycles: int | None = None
    renewal_billing_cycles: int | None = None
    started_with_gift: bool | None = None
    expiration_reason: str | None = None
    active_invoice_upstream_id: str | None = None
    custom_fields: bytes = b"{}"
    current_period_started_at: datetime | None = None
    current_period_ends_at: datetime | None = None
    current_term_started_at: datetime | None = None
    current_term_ends_at: datetime | None = None
    trial_started_at: datetime | None = None
    trial_ends_at: datetime | None = None
    activated_at: datetime | None = None
    canceled_at: datetime | None = None
    expires_at: datetime | None = None
    converted_at: datetime | None = None
    paused_at: datetime | None = None
    resume_at: datetime | None = None
    remaining_pause_cycles: int | None = None
    extras: bytes = b"{}"


class LineItem(Record, frozen=True, kw_only=True):
    """One line of an invoice; ``subscription_upstream_id`` says which agreement it bills."""

    uuid: str | None = None
    type: str | None = None
    state: str | None = None
    origin: str | None = None
    account_upstream_id: str | None = None
    bill_for_account_upstream_id: str | None = None
    subscription_upstream_id: str | None = None
    invoice_upstream_id: str | None = None
    plan_upstream_id: str | None = None
    plan_code: str | None = None
    add_on_upstream_id: str | None = None
    add_on_code: str | None = None
    product_code: str | None = None
    description: str | None = None
    credit_reason_code: str | None = None
    currency: str
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None
    subtotal: Decimal | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None
    tax_inclusive: bool | None = None
    amount: Decimal | None = None
    proration_rate: Decimal | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None


class Transaction(Record, frozen=True, kw_only=True):
    """One attempt to move money. ``status`` may change long after ``created_at``."""

    uuid: str | None = None
    original_upstream_id: str | None = None
    account_upstream_id: str | None = None
    invoice_upstream_id: str | None = None
    type: str | None = None
    origin: str | None = None
    status: str | None = None
    success: bool | None = None
    refunded: bool | None = None
    amount: Decimal | None = None
    currency: str
    collection_method: str | None = None
    payment_method: str | None = None
    status_code: str | None = None
    status_message: str | None = None
    voided_at: datetime | None = None
    collected_at: datetime | None = None


class CreditPayment(Record, frozen=True, kw_only=True):
    """Credit used on an invoice; ``action`` is payment, reduction, refund or write_off."""

    uuid: str | None = None
    action: str | None = None
    account_upstream_id: str | None = None
    applied_to_invoice_upstream_id: str | None = None
    original_invoice_upstream_id: str | None = None
    amount: Decimal | None = None
    currency: str
    voided_at: datetime | None = None


class Invoice(Record, frozen=True, kw_only=True):
    """A bill with everything nested in it. ``subscription_upstream_ids`` is as the vendor lists it;
    ``coupons_used`` are the redemptions it used that may go on to be used by the next one."""

    uuid: str | None = None
    number: str | None = None
    type: str | None = None
    origin: str | None = None
    state: str
    account_upstream_id: str
    subscription_upstream_ids: tuple[str, ...] = ()
    previous_invoice_upstream_id: str | None = None
    collection_method: str | None = None
    po_number: str | None = None
    net_terms: int | None = None
    net_terms_type: str | None = None
    currency: str
    subtotal: Decimal | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    paid: Decimal | None = None
    balance: Decimal | None = None
    refundable_amount: Decimal | None = None
    due_at: datetime | None = None
    closed_at: datetime | None = None
    dunning_campaign_upstream_id: str | None = None
    dunning_events_sent: int | None = None
    final_dunning_event: bool | None = None
    custom_fields: bytes = b"{}"
    lines: tuple[LineItem, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    credit_payments: tuple[CreditPayment, ...] = ()
    coupons_used: tuple[str, ...] = ()


class AccountCoupon(Struct, kw_only=True, frozen=True):
    """A coupon that a billing account redeemed for itself. ``redemption`` is a JSON object with what
    the formulas read of it: id, state, coupon, remaining_duration, created_at and removed_at."""

    upstream_id: str
    active: bool
    redemption: bytes


def columns(record_type: type[Record]) -> tuple[str, ...]:
    """The record's own field names that are stored as columns: all but payload and nested records."""
    nested = {"payload", "lines", "transactions", "credit_payments", "coupons_used"}
    return tuple(name for name in record_type.__struct_fields__ if name not in nested)


def values(record: Record, names: tuple[str, ...]) -> tuple[Any, ...]:
    """The record's values for these columns, in their order."""
    return tuple(getattr(record, name) for name in names)
