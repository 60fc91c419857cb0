"""Accounts: who is billed. Closed means inactive; ``deleted_at`` is when it was last closed."""

from msgspec import Raw, Struct, json

from tenure.sources.base import Stream
from tenure.sources.records import BillingAccount
from tenure.sources.recurly.fields import (
    NOTHING,
    CustomField,
    Id,
    Small,
    Time,
    by_name,
    digest,
    listed,
    mapped,
)
from tenure.sources.recurly.kind import Kind


class PaymentMethod(Struct, gc=False):
    object: str | None = None
    card_type: str | None = None
    exp_month: Small | None = None
    exp_year: Small | None = None


class BillingInfo(Struct, gc=False):
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    valid: bool | None = None
    payment_method: PaymentMethod | None = None


class Account(Struct, gc=False):
    id: Id
    code: str
    state: str
    created_at: Time
    updated_at: Time
    email: str | None = None
    cc_emails: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    vat_number: str | None = None
    preferred_locale: str | None = None
    preferred_time_zone: str | None = None
    parent_account_id: str | None = None
    bill_to: str | None = None
    address: Raw = NOTHING
    billing_info: BillingInfo | None = None
    shipping_addresses: Raw = NOTHING
    custom_fields: list[CustomField] | None = None
    has_live_subscription: bool | None = None
    has_past_due_invoice: bool | None = None
    deleted_at: Time | None = None


NO_BILLING = BillingInfo()
NO_METHOD = PaymentMethod()


def to_record(one: Account, payload: bytes) -> BillingAccount:
    billing = one.billing_info or NO_BILLING
    method = billing.payment_method or NO_METHOD
    return BillingAccount(
        upstream_id=one.id,
        created_at=one.created_at,
        updated_at=one.updated_at,
        payload=payload,
        content_hash=digest(payload),
        code=one.code,
        state=one.state,
        email=one.email or None,
        cc_emails=one.cc_emails or None,
        username=one.username or None,
        first_name=one.first_name or None,
        last_name=one.last_name or None,
        company=one.company or None,
        vat_number=one.vat_number or None,
        preferred_locale=one.preferred_locale or None,
        preferred_time_zone=one.preferred_time_zone or None,
        parent_upstream_id=one.parent_account_id or None,
        bill_to=one.bill_to or None,
        address=mapped(one.address, "address") or b"{}",
        billing_name=_name(billing),
        payment_method=method.card_type or method.object or None,
        payment_method_valid=billing.valid,
        card_expires_month=method.exp_month,
        card_expires_year=method.exp_year,
        shipping_contacts=listed(one.shipping_addresses, "shipping_addresses"),
        custom_fields=by_name(one.custom_fields),
        has_live_subscription=one.has_live_subscription,
        has_past_due_invoice=one.has_past_due_invoice,
        closed_at=one.deleted_at,
    )


def _name(billing: BillingInfo) -> str | None:
    """Who pays: the person, else the company."""
    person = f"{billing.first_name or ''} {billing.last_name or ''}".strip()
    return person or billing.company or None


KIND = Kind(
    Stream.ACCOUNTS,
    "/accounts",
    json.Decoder(Account),
    to_record,
    volatile=(("past_due", "true"),),
)
