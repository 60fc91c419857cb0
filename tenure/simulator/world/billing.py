"""Invoices: issuing them, spending open credit on them, and settling them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tenure.simulator.world.coupons import spend
from tenure.simulator.world.flags import restate_account
from tenure.simulator.world.lines import Draft, apply_discounts, line, take_pending, tax_info
from tenure.simulator.world.moments import end_of_month, wire
from tenure.simulator.world.places import EUROPEAN_UNION
from tenure.simulator.world.prices import zero
from tenure.simulator.world.shapes import Record, mini, record
from tenure.simulator.world.state import Bill, Customer, Discount, Held

REVERSE_CHARGE = "Reverse charge: VAT to be accounted for by the recipient."


def issue(
    payer: Customer,
    drafts: Sequence[Draft],
    *,
    origin: str,
    at: datetime,
    currency: str,
    held: Sequence[Held] = (),
    discounts: Sequence[Discount] = (),
    previous: Bill | None = None,
) -> Bill:
    """A new invoice with these lines: a charge, or a credit when its lines are negative.

    A charge first uses up the payer's open credit in its currency; what remains is outstanding and
    nobody has tried to collect it yet. An invoice of nothing is paid at once. A renewal also carries
    the charges that were waiting for it.
    """
    bill = _blank(payer, drafts, origin=origin, at=at, currency=currency, held=held)
    invoice = bill.record
    if previous is not None:
        invoice["previous_invoice_id"] = previous.record["id"]
    active = [d for d in discounts if d.is_active]
    rhythm = held[0].sold.offer if held else None
    together = (currency, at.date(), rhythm and (rhythm.unit, rhythm.length))
    apply_discounts(drafts, active, currency, payer.rate, together)
    for draft in drafts:
        _add_line(bill, line(draft, payer, invoice, at))
    if origin == "renewal":
        for made in take_pending(payer, invoice, at):
            _add_line(bill, made)
    _sum_up(invoice)
    invoice["coupon_redemptions"] = spend(payer.site, drafts, currency, at)
    payer.site.touch("invoices", invoice, at)
    payer.site.known[invoice["id"]] = bill
    payer.issued.append(bill)
    if invoice["type"] == "credit":
        payer.credits.append(bill)
        return bill
    payer.bills.append(bill)
    for owner in {id(h): h for h in held}.values():
        owner.record["active_invoice_id"] = invoice["id"]
    _use_credit(bill, at)
    if not invoice["balance"]:
        close(bill, "paid", at)
    return bill


def _blank(
    payer: Customer,
    drafts: Sequence[Draft],
    *,
    origin: str,
    at: datetime,
    currency: str,
    held: Sequence[Held],
) -> Bill:
    account, manner = payer.record, payer.manner
    identity = payer.identity("invoice")
    is_credit = sum(d.quantity * d.unit for d in drafts) < 0
    due = due_date(payer, at)
    invoice = record(
        "invoice",
        id=identity.id,
        uuid=identity.uuid,
        type="credit" if is_credit else "charge",
        origin=origin,
        state="open" if is_credit else "pending",
        account=payer.mini,
        billing_info_id=account["billing_info"]["id"] if account["billing_info"] else None,
        subscription_ids=list(dict.fromkeys(h.record["id"] for h in held)),
        number=payer.site.next_number(),
        collection_method="automatic" if manner.net_terms is None else "manual",
        po_number=held[0].record["po_number"] if held else None,
        net_terms=manner.net_terms or 0,
        net_terms_type="eom" if manner.eom else "net",
        address=_invoice_address(account),
        currency=currency,
        reference_only_currency_conversion=None,
        tax_info=tax_info(payer),
        used_tax_service=False,
        vat_number=account["vat_number"],
        vat_reverse_charge_notes=REVERSE_CHARGE if _is_reversed(payer) else None,
        terms_and_conditions=held[0].record["terms_and_conditions"] if held else None,
        customer_notes=held[0].record["customer_notes"] if held else None,
        has_more_line_items=False,
        created_at=wire(at),
        due_at=None if is_credit else wire(due),
        dunning_campaign_id=account["dunning_campaign_id"],
        dunning_events_sent=0,
        final_dunning_event=False,
    )
    return Bill(payer, invoice, mini("invoice_mini", invoice), list(held), due)


def due_date(payer: Customer, at: datetime) -> datetime:
    """When an invoice of that instant is due: at once, after net days, or net days after month end."""
    start = end_of_month(at) if payer.manner.eom else at
    return start + timedelta(days=payer.manner.net_terms or 0)


def _is_reversed(payer: Customer) -> bool:
    abroad = payer.country.code in EUROPEAN_UNION and payer.country.code != "IE"
    return bool(abroad and payer.record["vat_number"])


def _invoice_address(account: Record) -> Record:
    made = record(
        "invoice_address",
        company=account["company"],
        first_name=account["first_name"],
        last_name=account["last_name"],
    )
    return made | (account["address"] or {})


def _add_line(bill: Bill, made: Record) -> None:
    lines = bill.record["line_items"]
    lines.append(made)
    bill.payer.site.touch("line_items", made)


def _sum_up(invoice: Record) -> None:
    currency = invoice["currency"]
    nothing = zero(currency)
    lines = invoice["line_items"]
    for name in ("subtotal", "discount", "tax"):
        invoice[name] = sum((made[name] for made in lines), nothing)
    invoice["subtotal_after_discount"] = invoice["subtotal"] - invoice["discount"]
    invoice["total"] = invoice["subtotal_after_discount"] + invoice["tax"]
    invoice["paid"] = nothing
    invoice["balance"] = invoice["total"]
    invoice["refundable_amount"] = nothing if invoice["type"] == "charge" else None


def _use_credit(bill: Bill, at: datetime) -> None:
    for credit in list(bill.payer.credits):
        if credit.state != "open" or credit.record["currency"] != bill.record["currency"]:
            continue
        amount = min(bill.record["balance"], -credit.record["balance"])
        if amount > 0:
            pay_with_credit(bill, credit, amount, "payment", at)


def pay_with_credit(
    bill: Bill,
    credit: Bill,
    amount: Decimal,
    action: str,
    at: datetime,
    *,
    refund: Record | None = None,
) -> Record:
    """Set ``amount`` of a credit invoice against a charge; a credit that is used up closes."""
    identity = bill.payer.identity("credit_payment")
    made = record(
        "credit_payment",
        id=identity.id,
        uuid=identity.uuid,
        action=action,
        account=bill.payer.mini,
        applied_to_invoice=None if action == "refund" else bill.mini,
        original_invoice=credit.mini,
        currency=bill.record["currency"],
        amount=amount,
        refund_transaction=refund,
        created_at=wire(at),
        updated_at=wire(at),
    )
    credit.record["credit_payments"].append(made)
    credit.record["balance"] += amount
    if action != "refund":
        bill.record["credit_payments"].append(made)
        bill.record["balance"] -= amount
        _mark_applied(bill.record, amount)
    bill.payer.site.touch("credit_payments", made)
    touch(bill, at)
    touch(credit, at)
    if not credit.record["balance"]:
        close(credit, "closed", at)
    return made


def _mark_applied(invoice: Record, amount: Decimal) -> None:
    for made in invoice["line_items"]:
        part = min(amount, made["amount"] - made["credit_applied"])
        if part > 0:
            made["credit_applied"] += part
            amount -= part


def settle(bill: Bill, amount: Decimal, at: datetime) -> None:
    """Count money received; the invoice is paid when nothing is left."""
    invoice = bill.record
    invoice["paid"] += amount
    invoice["balance"] -= amount
    invoice["refundable_amount"] += amount
    if invoice["balance"]:
        touch(bill, at)
    else:
        close(bill, "paid", at)


def close(bill: Bill, state: str, at: datetime) -> None:
    """End the invoice's life as paid, failed, closed or voided."""
    bill.epoch += 1
    bill.record["closed_at"] = wire(at)
    move(bill, state, at)
    if bill.record["type"] == "credit":
        bill.payer.credits = [c for c in bill.payer.credits if c is not bill]


def move(bill: Bill, state: str, at: datetime, *, by_time: bool = False) -> None:
    """Put the invoice into a state and let every record that embeds the state follow."""
    invoice = bill.record
    invoice["state"] = bill.mini["state"] = state
    late = bill.payer.past_due
    (late.add if state == "past_due" else late.discard)(invoice["id"])
    touch(bill, at, by_time=by_time)
    restate_account(bill.payer, at)


def touch(bill: Bill, at: datetime, *, by_time: bool = False) -> None:
    """Publish the invoice with all that carries its small form."""
    site = bill.payer.site
    if by_time:
        site.touch_by_time("invoices", bill.record, at)
    else:
        site.touch("invoices", bill.record, at)
    for made in bill.record["transactions"]:
        site.touch("transactions", made)
    for made in bill.record["credit_payments"]:
        site.touch("credit_payments", made)
