"""Subscriptions. ``in_trial`` and ``live`` are filters of the list, never a state."""

from decimal import Decimal

from msgspec import Raw, Struct, json

from tenure.sources import records
from tenure.sources.base import Stream
from tenure.sources.records import NOTHING
from tenure.sources.recurly.fields import (
    CustomField,
    Id,
    Int,
    Mini,
    Named,
    Time,
    by_name,
    digest,
    exact,
    folded,
    kept,
    listed,
    mapped,
)
from tenure.sources.recurly.kind import Kind


class TaxInfo(Struct, gc=False):
    rate: Decimal | None = None
    type: str | None = None
    region: str | None = None


class CreditPolicy(Struct, gc=False):
    mode: str | None = None


class Shipping(Struct, gc=False):
    address: Raw = NOTHING
    method: Named | None = None
    amount: Decimal | None = None


class Subscription(Struct, gc=False):
    id: Id
    account: Mini
    state: str
    currency: Id
    created_at: Time
    updated_at: Time
    uuid: str | None = None
    plan: Named | None = None
    unit_amount: Decimal | None = None
    quantity: Int | None = None
    add_ons: Raw = NOTHING
    add_ons_total: Decimal | None = None
    subtotal: Decimal | None = None
    tax: Decimal | None = None
    tax_info: TaxInfo | None = None
    tax_inclusive: bool | None = None
    total: Decimal | None = None
    coupon_redemptions: Raw = NOTHING
    pending_change: Raw = NOTHING
    ramp_intervals: Raw = NOTHING
    collection_method: str | None = None
    po_number: str | None = None
    net_terms: Int | None = None
    net_terms_type: str | None = None
    auto_renew: bool | None = None
    total_billing_cycles: Int | None = None
    remaining_billing_cycles: Int | None = None
    renewal_billing_cycles: Int | None = None
    started_with_gift: bool | None = None
    expiration_reason: str | None = None
    active_invoice_id: str | None = None
    custom_fields: list[CustomField] | None = None
    current_period_started_at: Time | None = None
    current_period_ends_at: Time | None = None
    current_term_started_at: Time | None = None
    current_term_ends_at: Time | None = None
    trial_started_at: Time | None = None
    trial_ends_at: Time | None = None
    activated_at: Time | None = None
    canceled_at: Time | None = None
    expires_at: Time | None = None
    converted_at: Time | None = None
    paused_at: Time | None = None
    resume_at: Time | None = None
    remaining_pause_cycles: Int | None = None
    billing_info_id: str | None = None
    business_entity_id: str | None = None
    gateway_code: str | None = None
    price_segment_id: str | None = None
    revenue_schedule_type: str | None = None
    credit_application_policy: CreditPolicy | None = None
    terms_and_conditions: str | None = None
    customer_notes: str | None = None
    bank_account_authorized_at: str | None = None
    shipping: Shipping | None = None


NO_PLAN = Named()
NO_METHOD = Named()
NO_TAX = TaxInfo()
NO_POLICY = CreditPolicy()
NO_SHIPPING = Shipping()


def to_record(one: Subscription, payload: bytes) -> records.Subscription:
    plan = one.plan or NO_PLAN
    tax_info = one.tax_info or NO_TAX
    return records.Subscription(
        upstream_id=one.id,
        created_at=one.created_at,
        updated_at=one.updated_at,
        payload=payload,
        content_hash=digest(payload),
        uuid=one.uuid or None,
        account_upstream_id=one.account.id,
        plan_upstream_id=plan.id or None,
        plan_code=plan.code or None,
        plan_name=plan.name or None,
        state=one.state,
        currency=one.currency,
        unit_amount=exact(one.unit_amount),
        quantity=one.quantity,
        add_ons=listed(one.add_ons, "add_ons"),
        add_ons_total=exact(one.add_ons_total),
        subtotal=exact(one.subtotal),
        tax=exact(one.tax),
        tax_rate=exact(tax_info.rate),
        tax_inclusive=one.tax_inclusive,
        total=exact(one.total),
        coupon_redemptions=listed(one.coupon_redemptions, "coupon_redemptions"),
        pending_change=mapped(one.pending_change, "pending_change"),
        ramp_intervals=listed(one.ramp_intervals, "ramp_intervals"),
        collection_method=one.collection_method or None,
        po_number=one.po_number or None,
        net_terms=one.net_terms,
        net_terms_type=one.net_terms_type or None,
        auto_renew=one.auto_renew,
        total_billing_cycles=one.total_billing_cycles,
        remaining_billing_cycles=one.remaining_billing_cycles,
        renewal_billing_cycles=one.renewal_billing_cycles,
        started_with_gift=one.started_with_gift,
        expiration_reason=one.expiration_reason or None,
        active_invoice_upstream_id=one.active_invoice_id or None,
        custom_fields=by_name(one.custom_fields),
        current_period_started_at=one.current_period_started_at,
        current_period_ends_at=one.current_period_ends_at,
        current_term_started_at=one.current_term_started_at,
        current_term_ends_at=one.current_term_ends_at,
        trial_started_at=one.trial_started_at,
        trial_ends_at=one.trial_ends_at,
        activated_at=one.activated_at,
        canceled_at=one.canceled_at,
        expires_at=one.expires_at,
        converted_at=one.converted_at,
        paused_at=one.paused_at,
        resume_at=one.resume_at,
        remaining_pause_cycles=one.remaining_pause_cycles,
        extras=_extras(one, tax_info),
    )


def _extras(one: Subscription, tax_info: TaxInfo) -> bytes:
    shipping = one.shipping or NO_SHIPPING
    method = shipping.method or NO_METHOD
    return kept(
        records.SubscriptionExtras(
            billing_upstream_id=one.billing_info_id,
            business_entity_upstream_id=one.business_entity_id,
            payment_gateway=one.gateway_code,
            price_segment=one.price_segment_id,
            revenue_schedule=one.revenue_schedule_type,
            credit_policy=(one.credit_application_policy or NO_POLICY).mode,
            tax_type=tax_info.type,
            tax_region=tax_info.region,
            terms_and_conditions=one.terms_and_conditions,
            customer_notes=one.customer_notes,
            bank_account_authorized_at=one.bank_account_authorized_at,
            shipping_address=folded(shipping.address, "shipping.address"),
            shipping_method_upstream_id=method.id,
            shipping_method_code=method.code,
            shipping_method=method.name,
            shipping_amount=exact(shipping.amount),
        )
    )


KIND = Kind(
    Stream.SUBSCRIPTIONS,
    "/subscriptions",
    json.Decoder(Subscription),
    to_record,
    # Those in trial are among the live ones; both are asked because the spec says so in prose only.
    volatile=(("state", "live"), ("state", "in_trial")),
)
