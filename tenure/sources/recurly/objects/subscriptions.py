"""Subscriptions. ``in_trial`` and ``live`` are filters of the list, never a state."""

from decimal import Decimal

from msgspec import Raw, Struct, json

from tenure.sources import records
from tenure.sources.base import Stream
from tenure.sources.recurly.fields import (
    NOTHING,
    CustomField,
    Id,
    Int,
    Mini,
    Named,
    Time,
    by_name,
    digest,
    exact,
    listed,
    mapped,
)
from tenure.sources.recurly.kind import Kind


class TaxInfo(Struct, gc=False):
    rate: Decimal | None = None


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


NO_PLAN = Named()


def to_record(one: Subscription, payload: bytes) -> records.Subscription:
    plan = one.plan or NO_PLAN
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
        tax_rate=exact(one.tax_info.rate) if one.tax_info else None,
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
    )


KIND = Kind(
    Stream.SUBSCRIPTIONS,
    "/subscriptions",
    json.Decoder(Subscription),
    to_record,
    # Those in trial are among the live ones; both are asked because the spec says so in prose only.
    volatile=(("state", "live"), ("state", "in_trial")),
)
