"""Giving money or hope back: refunds, goodwill credit and write-offs, each a credit invoice."""

from datetime import datetime
from decimal import Decimal

from tenure.simulator.world.billing import close, issue, pay_with_credit, touch
from tenure.simulator.world.lines import Draft
from tenure.simulator.world.payments import transaction
from tenure.simulator.world.prices import minor, zero
from tenure.simulator.world.state import Bill, Customer


def can_refund(bill: Bill) -> bool:
    """Whether the invoice was paid wholly with money that nobody has given back yet."""
    invoice = bill.record
    wholly = invoice["state"] == "paid" and invoice["paid"] == invoice["total"] > 0
    return bool(wholly and invoice["refundable_amount"] == invoice["total"])


def refund(bill: Bill, at: datetime, *, part: Decimal | None = None) -> Bill:
    """Return all of a paid invoice line by line, or a fraction of it as one amount."""
    drafts = _open_amount(bill, part) if part is not None else _every_line(bill)
    origin = "open_amount_refund" if part is not None else "line_item_refund"
    credit = issue(
        bill.payer,
        drafts,
        origin=origin,
        at=at,
        currency=bill.record["currency"],
        held=bill.held,
        previous=bill,
    )
    amount = -credit.record["total"]
    paid_with = next(t for t in bill.record["transactions"] if t["success"])
    paid_with["refunded"] = True
    bill.record["refundable_amount"] -= amount
    given = transaction(credit, amount, at, kind="refund", origin="recurly_admin")
    given["original_transaction_id"] = paid_with["id"]
    pay_with_credit(bill, credit, amount, "refund", at, refund=given)
    return credit


def _open_amount(bill: Bill, part: Decimal) -> list[Draft]:
    amount = minor(bill.record["total"] * part, bill.record["currency"])
    line = bill.record["line_items"][0]
    return [
        Draft(
            "credit",
            f"Refund on invoice {bill.record['number']}",
            1,
            -amount,
            reason="refund",
            contains_tax=True,
            original=line,
        )
    ]


def _every_line(bill: Bill) -> list[Draft]:
    lines = [line for line in bill.record["line_items"] if line["amount"]]
    for line in lines:
        line["refunded_quantity"] = line["quantity"]
        bill.payer.site.touch("line_items", line)
    return [
        Draft(
            line["origin"],
            f"Refund: {line['description']}",
            1,
            -line["amount"],
            product_code=line["product_code"],
            reason="refund",
            contains_tax=True,
            original=line,
        )
        for line in lines
    ]


def goodwill(customer: Customer, amount: Decimal, at: datetime) -> Bill:
    """An open credit that the next charge in the customer's currency will use up."""
    draft = Draft("credit", "Service credit", 1, -amount, reason="service", contains_tax=True)
    return issue(customer.payer, [draft], origin="credit", at=at, currency=customer.currency)


def void(credit: Bill, at: datetime) -> None:
    """Take an untouched credit back."""
    credit.record["balance"] = zero(credit.record["currency"])
    close(credit, "voided", at)


def write_off(bill: Bill, at: datetime) -> None:
    """Give the invoice up as failed; with credit memos, a credit invoice balances it to nothing."""
    balance = bill.record["balance"]
    if balance and "credit_memos" in bill.payer.site.features:
        draft = Draft(
            "credit",
            f"Write-off of invoice {bill.record['number']}",
            1,
            -balance,
            reason="write_off",
            contains_tax=True,
        )
        credit = issue(
            bill.payer,
            [draft],
            origin="write_off",
            at=at,
            currency=bill.record["currency"],
            held=bill.held,
            previous=bill,
        )
        pay_with_credit(bill, credit, balance, "write_off", at)
    close(bill, "failed", at)
    touch(bill, at)
