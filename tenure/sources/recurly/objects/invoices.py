"""Invoices, with their lines, transactions and credit payments inside them."""

from decimal import Decimal

from msgspec import Raw, Struct, json
from msgspec.structs import replace

from tenure.sources import records
from tenure.sources.base import Stream
from tenure.sources.records import NOTHING
from tenure.sources.recurly.fields import (
    CustomField,
    Id,
    Int,
    Mini,
    Time,
    by_name,
    digest,
    exact,
    text_of,
)
from tenure.sources.recurly.kind import Kind, Rest
from tenure.sources.recurly.line_item import Owner, line_item
from tenure.sources.recurly.payments import attempts, credit_payment, credits_used, transaction
from tenure.sources.recurly.redemptions import going_on


class Invoice(Struct, gc=False):
    id: Id
    account: Mini
    state: str
    currency: Id
    created_at: Time
    updated_at: Time
    uuid: str | None = None
    number: str | int | None = None
    type: str | None = None
    origin: str | None = None
    subscription_ids: list[str] | None = None
    previous_invoice_id: str | None = None
    collection_method: str | None = None
    po_number: str | None = None
    net_terms: Int | None = None
    net_terms_type: str | None = None
    subtotal: Decimal | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    paid: Decimal | None = None
    balance: Decimal | None = None
    refundable_amount: Decimal | None = None
    due_at: Time | None = None
    closed_at: Time | None = None
    dunning_campaign_id: str | None = None
    dunning_events_sent: Int | None = None
    final_dunning_event: bool | None = None
    custom_fields: list[CustomField] | None = None
    line_items: list[Raw] | None = None
    has_more_line_items: bool | None = None
    transactions: list[Raw] | None = None
    credit_payments: list[Raw] | None = None
    coupon_redemptions: Raw = NOTHING


def to_record(one: Invoice, payload: bytes) -> records.Invoice:
    return records.Invoice(
        upstream_id=one.id,
        created_at=one.created_at,
        updated_at=one.updated_at,
        payload=payload,
        content_hash=digest(payload),
        uuid=one.uuid or None,
        number=text_of(one.number),
        type=one.type or None,
        origin=one.origin or None,
        state=one.state,
        account_upstream_id=one.account.id,
        subscription_upstream_ids=tuple(one.subscription_ids or ()),
        previous_invoice_upstream_id=one.previous_invoice_id or None,
        collection_method=one.collection_method or None,
        po_number=one.po_number or None,
        net_terms=one.net_terms,
        net_terms_type=one.net_terms_type or None,
        currency=one.currency,
        subtotal=exact(one.subtotal),
        discount=exact(one.discount),
        tax=exact(one.tax),
        total=exact(one.total),
        paid=exact(one.paid),
        balance=exact(one.balance),
        refundable_amount=exact(one.refundable_amount),
        due_at=one.due_at,
        closed_at=one.closed_at,
        dunning_campaign_upstream_id=one.dunning_campaign_id or None,
        dunning_events_sent=one.dunning_events_sent,
        final_dunning_event=one.final_dunning_event,
        custom_fields=by_name(one.custom_fields),
        lines=_lines(one),
        transactions=_transactions(one),
        credit_payments=_credit_payments(one),
        coupons_used=going_on(one.coupon_redemptions),
    )


def _lines(one: Invoice) -> tuple[records.LineItem, ...]:
    if not one.line_items:
        return ()
    owner = Owner(one.id, one.account.id, one.currency, one.created_at, one.updated_at)
    return tuple([line_item(raw, owner) for raw in one.line_items])


def _transactions(one: Invoice) -> tuple[records.Transaction, ...]:
    return tuple(
        [transaction(attempts.decode(r), bytes(r), nested=True) for r in one.transactions or ()]
    )


def _credit_payments(one: Invoice) -> tuple[records.CreditPayment, ...]:
    found = one.credit_payments or ()
    return tuple([credit_payment(credits_used.decode(r), bytes(r), nested=True) for r in found])


def with_lines(invoice: records.Invoice, raws: list[bytes]) -> records.Invoice:
    """The invoice with all its lines, read from their own list."""
    owner = Owner(
        invoice.upstream_id,
        invoice.account_upstream_id,
        invoice.currency,
        invoice.created_at,
        invoice.updated_at,
    )
    return replace(invoice, lines=tuple([line_item(raw, owner) for raw in raws]))


def _is_cut(one: Invoice) -> bool:
    return bool(one.has_more_line_items)


KIND = Kind(
    Stream.INVOICES,
    "/invoices",
    json.Decoder(Invoice),
    to_record,
    volatile=(("state", "past_due"), ("state", "pending"), ("state", "processing")),
    rest=Rest("line_items", _is_cut, with_lines),
)
