"""Line items: met inside invoices, and in a list of their own when an invoice has very many."""

from datetime import datetime
from decimal import Decimal

from msgspec import Raw, Struct, json

from tenure.sources.records import LineItem
from tenure.sources.recurly.fields import Id, Mini, Time, digest, exact, id_of


class Line(Struct, gc=False):
    id: Id
    uuid: str | None = None
    type: str | None = None
    state: str | None = None
    origin: str | None = None
    account: Mini | None = None
    bill_for_account_id: str | None = None
    subscription_id: str | None = None
    invoice_id: str | None = None
    plan_id: str | None = None
    plan_code: str | None = None
    add_on_id: str | None = None
    add_on_code: str | None = None
    product_code: str | None = None
    description: str | None = None
    credit_reason_code: str | None = None
    currency: str | None = None
    quantity: Decimal | None = None
    quantity_decimal: Decimal | None = None
    unit_amount: Decimal | None = None
    unit_amount_decimal: Decimal | None = None
    subtotal: Decimal | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None
    tax_inclusive: bool | None = None
    amount: Decimal | None = None
    proration_rate: Decimal | None = None
    start_date: Time | None = None
    end_date: Time | None = None
    created_at: Time | None = None
    updated_at: Time | None = None


class Owner(Struct, gc=False):
    """The invoice a line stands in, which fills what a line may leave out."""

    invoice_id: str
    account_id: str
    currency: str
    created_at: datetime
    updated_at: datetime


_decode = json.Decoder(Line).decode


def line_item(raw: Raw | bytes, owner: Owner) -> LineItem:
    """The neutral line. The invoice's payload holds its JSON, so it carries none of its own."""
    one = _decode(raw)
    quantity = one.quantity if one.quantity_decimal is None else one.quantity_decimal
    price = one.unit_amount if one.unit_amount_decimal is None else one.unit_amount_decimal
    return LineItem(
        upstream_id=one.id,
        created_at=one.created_at or owner.created_at,
        updated_at=one.updated_at or owner.updated_at,
        payload=b"",
        content_hash=digest(bytes(raw)),
        uuid=one.uuid or None,
        type=one.type or None,
        state=one.state or None,
        origin=one.origin or None,
        account_upstream_id=id_of(one.account) or owner.account_id,
        bill_for_account_upstream_id=one.bill_for_account_id or None,
        subscription_upstream_id=one.subscription_id or None,
        invoice_upstream_id=one.invoice_id or owner.invoice_id,
        plan_upstream_id=one.plan_id or None,
        plan_code=one.plan_code or None,
        add_on_upstream_id=one.add_on_id or None,
        add_on_code=one.add_on_code or None,
        product_code=one.product_code or None,
        description=one.description or None,
        credit_reason_code=one.credit_reason_code or None,
        currency=one.currency or owner.currency,
        quantity=exact(quantity),
        unit_amount=exact(price),
        subtotal=exact(one.subtotal),
        discount=exact(one.discount),
        tax=exact(one.tax),
        tax_inclusive=one.tax_inclusive,
        amount=exact(one.amount),
        proration_rate=exact(one.proration_rate),
        start_date=one.start_date,
        end_date=one.end_date,
    )
