"""Accounts: who is billed. Closed means inactive; ``deleted_at`` is when it was last closed."""

from msgspec import Raw, Struct, json

from tenure.sources.base import Stream
from tenure.sources.records import NOTHING, AccountExtras, BillingAccount
from tenure.sources.recurly.fields import (
    CustomField,
    Id,
    Int,
    Small,
    Time,
    by_name,
    digest,
    folded,
    kept,
    listed,
    mapped,
)
from tenure.sources.recurly.kind import Kind


class PaymentMethod(Struct, gc=False):
    object: str | None = None
    card_type: str | None = None
    exp_month: Small | None = None
    exp_year: Small | None = None
    gateway_code: str | None = None
    username: str | None = None
    cc_bin_country: str | None = None
    funding_source: str | None = None
    card_network_preference: str | None = None
    routing_number_bank: str | None = None
    name_on_account: str | None = None
    account_type: str | None = None


class Fraud(Struct, gc=False):
    score: Int | None = None
    decision: str | None = None


class UpdatedBy(Struct, gc=False):
    ip: str | None = None
    country: str | None = None


class BillingInfo(Struct, gc=False):
    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    vat_number: str | None = None
    address: Raw = NOTHING
    valid: bool | None = None
    payment_method: PaymentMethod | None = None
    fraud: Fraud | None = None
    primary_payment_method: bool | None = None
    backup_payment_method: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None
    updated_by: UpdatedBy | None = None


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
    tax_exempt: bool | None = None
    exemption_certificate: str | None = None
    entity_use_code: str | None = None
    override_business_entity_id: str | None = None
    dunning_campaign_id: str | None = None
    invoice_template_id: str | None = None
    bill_date: str | None = None
    has_active_subscription: bool | None = None
    has_future_subscription: bool | None = None
    has_canceled_subscription: bool | None = None
    has_paused_subscription: bool | None = None


NO_BILLING = BillingInfo()
NO_METHOD = PaymentMethod()
NO_FRAUD = Fraud()
NOBODY = UpdatedBy()


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
        extras=_extras(one, billing, method),
    )


def _extras(one: Account, billing: BillingInfo, method: PaymentMethod) -> bytes:
    fraud = billing.fraud or NO_FRAUD
    updated_by = billing.updated_by or NOBODY
    return kept(
        AccountExtras(
            tax_exempt=one.tax_exempt,
            exemption_certificate=one.exemption_certificate,
            entity_use_code=one.entity_use_code,
            business_entity_upstream_id=one.override_business_entity_id,
            dunning_campaign_upstream_id=one.dunning_campaign_id,
            invoice_template_upstream_id=one.invoice_template_id,
            bill_date=one.bill_date,
            has_active_subscription=one.has_active_subscription,
            has_future_subscription=one.has_future_subscription,
            has_canceled_subscription=one.has_canceled_subscription,
            has_paused_subscription=one.has_paused_subscription,
            billing_upstream_id=billing.id,
            billing_first_name=billing.first_name,
            billing_last_name=billing.last_name,
            billing_company=billing.company,
            billing_vat_number=billing.vat_number,
            billing_address=folded(billing.address, "billing_info.address"),
            billing_is_primary=billing.primary_payment_method,
            billing_is_backup=billing.backup_payment_method,
            billing_created_at=billing.created_at,
            billing_updated_at=billing.updated_at,
            billing_updated_country=updated_by.country,
            billing_updated_ip=updated_by.ip,
            fraud_score=fraud.score,
            fraud_decision=fraud.decision,
            payment_type=method.object,
            payment_gateway=method.gateway_code,
            payment_username=method.username,
            card_country=method.cc_bin_country,
            card_funding=method.funding_source,
            card_network=method.card_network_preference,
            bank_name=method.routing_number_bank,
            bank_account_name=method.name_on_account,
            bank_account_type=method.account_type,
        )
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
