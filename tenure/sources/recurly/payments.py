"""Transactions and credit payments: lists of their own, and nested in the invoices they settle."""

from decimal import Decimal

from msgspec import Struct, json

from tenure.sources.records import CreditPayment, Transaction
from tenure.sources.recurly.fields import Id, Mini, Time, digest, exact, id_of, text_of


class Method(Struct, gc=False):
    object: str | None = None
    card_type: str | None = None


class Attempt(Struct, gc=False):
    id: Id
    created_at: Time
    currency: Id
    updated_at: Time | None = None
    uuid: str | None = None
    original_transaction_id: str | None = None
    account: Mini | None = None
    invoice: Mini | None = None
    type: str | None = None
    origin: str | None = None
    status: str | None = None
    success: bool | None = None
    refunded: bool | None = None
    amount: Decimal | None = None
    collection_method: str | None = None
    payment_method: Method | None = None
    status_code: str | int | None = None
    status_message: str | None = None
    voided_at: Time | None = None
    collected_at: Time | None = None


class Credit(Struct, gc=False):
    id: Id
    created_at: Time
    currency: Id
    updated_at: Time | None = None
    uuid: str | None = None
    action: str | None = None
    account: Mini | None = None
    applied_to_invoice: Mini | None = None
    original_invoice: Mini | None = None
    amount: Decimal | None = None
    voided_at: Time | None = None


attempts = json.Decoder(Attempt)
credits_used = json.Decoder(Credit)
NO_METHOD = Method()


def transaction(one: Attempt, raw: bytes, *, nested: bool = False) -> Transaction:
    """The neutral transaction; a nested one leaves its JSON to the invoice's payload."""
    method = one.payment_method or NO_METHOD
    return Transaction(
        upstream_id=one.id,
        created_at=one.created_at,
        updated_at=one.updated_at or one.created_at,
        payload=b"" if nested else raw,
        content_hash=digest(raw),
        uuid=one.uuid or None,
        original_upstream_id=one.original_transaction_id or None,
        account_upstream_id=id_of(one.account),
        invoice_upstream_id=id_of(one.invoice),
        type=one.type or None,
        origin=one.origin or None,
        status=one.status or None,
        success=one.success,
        refunded=one.refunded,
        amount=exact(one.amount),
        currency=one.currency,
        collection_method=one.collection_method or None,
        payment_method=method.card_type or method.object or None,
        status_code=text_of(one.status_code),
        status_message=one.status_message or None,
        voided_at=one.voided_at,
        collected_at=one.collected_at,
    )


def credit_payment(one: Credit, raw: bytes, *, nested: bool = False) -> CreditPayment:
    """The neutral credit payment; a nested one leaves its JSON to the invoice's payload."""
    return CreditPayment(
        upstream_id=one.id,
        created_at=one.created_at,
        updated_at=one.updated_at or one.created_at,
        payload=b"" if nested else raw,
        content_hash=digest(raw),
        uuid=one.uuid or None,
        action=one.action or None,
        account_upstream_id=id_of(one.account),
        applied_to_invoice_upstream_id=id_of(one.applied_to_invoice),
        original_invoice_upstream_id=id_of(one.original_invoice),
        amount=exact(one.amount),
        currency=one.currency,
        voided_at=one.voided_at,
    )
