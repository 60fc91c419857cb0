"""Line items: what is charged or credited, with its discount, tax and amount exact to the minor unit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tenure.simulator.world.moments import maybe_wire, wire
from tenure.simulator.world.prices import exact_text, minor, zero
from tenure.simulator.world.shapes import Record, record
from tenure.simulator.world.state import Customer, Discount, Held

TAX_WORDS = {"US": "us", "CA": "ca", "JP": "jct"}


@dataclass(slots=True)
class Draft:
    """A line before it is on an invoice. A negative ``unit`` makes it a credit.

    ``contains_tax`` says that the unit is a gross price, to be split into net and tax.
    """

    origin: str
    description: str
    quantity: int
    unit: Decimal
    product_code: str | None = None
    held: Held | None = None
    add_on: Record | None = None
    item: Record | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    proration: Decimal | None = None
    beneficiary: Customer | None = None
    original: Record | None = None
    reason: str | None = None
    contains_tax: bool = False
    cuts: list[tuple[Discount, Decimal]] = field(default_factory=list)

    def subtotal(self, currency: str, rate: Decimal) -> Decimal:
        """Quantity times unit, before discount and without tax."""
        return minor(self.quantity * self.net_unit(currency, rate), currency)

    def net_unit(self, currency: str, rate: Decimal) -> Decimal:
        """The unit price without the tax that an inclusive price contains."""
        return minor(self.unit / (1 + rate), currency) if self.contains_tax else self.unit


def tax_info(payer: Customer) -> Record | None:
    """The tax that applies to a customer, or None when none does."""
    if not payer.rate:
        return None
    country = payer.country.code
    return {
        "type": TAX_WORDS.get(country, "vat"),
        "region": payer.city.region if country in ("US", "CA") else country,
        "rate": payer.rate,
        "tax_details": None,
    }


def apply_discounts(
    drafts: Sequence[Draft],
    discounts: Sequence[Discount],
    currency: str,
    rate: Decimal,
    together: object,
) -> None:
    """Note on each plan and add-on line what active coupons take off: percentages first, then
    fixed amounts, which are spent once for what is billed ``together`` and never take a line below
    nothing.
    """
    eligible = [d for d in drafts if d.origin in ("plan", "add_on") and d.unit > 0]
    rest = [draft.subtotal(currency, rate) for draft in eligible]
    ordered = sorted(discounts, key=lambda d: d.record["coupon"]["discount"]["type"] != "percent")
    for discount in ordered:
        offered = discount.record["coupon"]["discount"]
        before = discount.given.get(together, Decimal(0))
        whole = purse = max(Decimal(0), _fixed_amount(offered, currency) - before)
        for index, draft in enumerate(eligible):
            if offered["type"] == "percent":
                cut = minor(rest[index] * offered["percent"] / 100, currency)
            else:
                cut = min(purse, rest[index])
                purse -= cut
            if cut:
                rest[index] -= cut
                draft.cuts.append((discount, cut))
        if purse != whole and discount.record["subscription_id"] is None:
            discount.given = {together: before + whole - purse}


def _fixed_amount(offered: Record, currency: str) -> Decimal:
    rows = offered["currencies"] or []
    amounts = [row["amount"] for row in rows if row["currency"] == currency]
    return amounts[0] if amounts else Decimal(0)


def line(draft: Draft, payer: Customer, invoice: Record, at: datetime) -> Record:
    """The line item record. ``subtotal - discount + tax`` is its amount, rounded once each."""
    currency = invoice["currency"]
    owner = draft.beneficiary or payer
    made = record(
        "line_item",
        type="credit" if draft.unit < 0 or invoice["type"] == "credit" else "charge",
        state="invoiced",
        account=payer.mini,
        bill_for_account_id=owner.record["id"],
        invoice_id=invoice["id"],
        invoice_number=invoice["number"],
        origin=draft.origin,
        accounting_code="4100" if draft.add_on else "4000",
        product_code=draft.product_code,
        credit_reason_code=draft.reason,
        currency=currency,
        description=draft.description[:255],
        quantity=draft.quantity,
        tax_inclusive=draft.contains_tax and draft.unit > 0,
        taxable=bool(payer.rate),
        tax_exempt=bool(payer.record["tax_exempt"]),
        tax_info=invoice["tax_info"],
        revenue_schedule_type="evenly" if draft.ends else "at_invoice",
        proration_rate=draft.proration,
        refund=draft.original is not None,
        refunded_quantity=draft.quantity if draft.original is not None else 0,
        credit_applied=zero(currency),
        start_date=wire(draft.starts or at),
        end_date=maybe_wire(draft.ends),
        created_at=wire(at),
        updated_at=wire(at),
    )
    made["id"], made["uuid"] = _identity(payer)
    _price(made, draft, payer.rate)
    _subject(made, draft)
    return made


def pending_line(draft: Draft, payer: Customer, currency: str, at: datetime) -> Record:
    """A charge noted now that the payer's next invoice in this currency will carry."""
    nowhere = {
        "id": None,
        "number": None,
        "type": "charge",
        "currency": currency,
        "tax_info": tax_info(payer),
    }
    made = line(draft, payer, nowhere, at)
    made["state"] = "pending"
    payer.unbilled.append(made)
    payer.others.append(("line_items", made))
    payer.site.touch("line_items", made)
    return made


def take_pending(payer: Customer, invoice: Record, at: datetime) -> list[Record]:
    """The waiting charges in the invoice's currency, now belonging to it."""
    taken = [made for made in payer.unbilled if made["currency"] == invoice["currency"]]
    payer.unbilled = [made for made in payer.unbilled if made["currency"] != invoice["currency"]]
    for made in taken:
        made.update(state="invoiced", invoice_id=invoice["id"], invoice_number=invoice["number"])
        made["updated_at"] = wire(at)
    return taken


def _identity(payer: Customer) -> tuple[str, str]:
    identity = payer.identity("line_item")
    return identity.id, identity.uuid


def _price(made: Record, draft: Draft, rate: Decimal) -> None:
    currency = made["currency"]
    unit = draft.net_unit(currency, rate)
    subtotal = draft.subtotal(currency, rate)
    discount = sum((cut for _, cut in draft.cuts), zero(currency))
    tax = minor((subtotal - discount) * rate, currency)
    if draft.contains_tax and not discount:
        tax = minor(draft.quantity * draft.unit, currency) - subtotal
    rounded = minor(unit, currency)
    made.update(
        unit_amount=rounded,
        unit_amount_decimal=None if rounded == unit else exact_text(unit),
        subtotal=subtotal,
        discount=discount,
        tax=tax,
        amount=subtotal - discount + tax,
        discounts=[_cut(d, cut, order, currency) for order, (d, cut) in enumerate(draft.cuts, 1)],
    )


def _cut(discount: Discount, amount: Decimal, order: int, currency: str) -> Record:
    return {
        "object": "line_item_discount",
        "coupon_id": discount.record["coupon"]["id"],
        "coupon_redemption_id": discount.record["id"],
        "order_applied": order,
        "discount_amount": amount,
        "currency": currency,
    }


def _subject(made: Record, draft: Draft) -> None:
    if draft.held is not None:
        made["subscription_id"] = draft.held.record["id"]
        made["plan_id"] = draft.held.sold.record["id"]
        made["plan_code"] = draft.held.sold.record["code"]
    if draft.add_on is not None:
        made["add_on_id"] = draft.add_on["id"]
        made["add_on_code"] = draft.add_on["code"]
    if draft.item is not None:
        made["item_id"] = draft.item["id"]
        made["item_code"] = draft.item["code"]
        made["external_sku"] = draft.item["external_sku"]
    if draft.original is not None:
        made["previous_line_item_id"] = draft.original["id"]
        made["original_line_item_invoice_id"] = draft.original["invoice_id"]
