"""Closing an account, and opening it again."""

from datetime import datetime

from tenure.simulator.world.ending import expire
from tenure.simulator.world.moments import wire
from tenure.simulator.world.refunds import write_off
from tenure.simulator.world.showing import reshow
from tenure.simulator.world.state import Customer
from tenure.simulator.world.stopping import cancel


def close_account(customer: Customer, at: datetime) -> None:
    """Close it as Recurly does: active subscriptions run to the end of their period, paused and
    future ones end now, open invoices fail, and the payment method is forgotten.
    """
    customer.closed = True
    for held in customer.held:
        if held.state == "active":
            cancel(held, at)
        elif held.state in ("paused", "future"):
            expire(held, "account_closed", at)
    for bill in list(customer.bills):
        if bill.is_open:
            write_off(bill, at)
    customer.record.update(state="inactive", deleted_at=wire(at), billing_info=None)
    customer.site.touch("accounts", customer.record, at)


def reopen_account(customer: Customer, at: datetime) -> None:
    """Make it active again: the same id and history, but no payment method."""
    customer.closed = False
    customer.record.update(state="active", deleted_at=None)
    customer.site.touch("accounts", customer.record, at)


PERSONAL = "username email cc_emails first_name last_name company vat_number".split()


def redact(customer: Customer, at: datetime) -> None:
    """Clear what says who the customer is, here and wherever it is embedded; amounts stay."""
    account = customer.record
    for name in PERSONAL:
        account[name] = None
        if name in customer.mini:
            customer.mini[name] = None
    account.update(address=None, billing_info=None, shipping_addresses=[], custom_fields=[])
    customer.site.touch("accounts", account, at)
    for bill in customer.issued:
        bill.record.update(address=None, shipping_address=None, vat_number=None)
        for made in bill.record["transactions"]:
            made.update(billing_address=None, payment_method=None, vat_number=None)
    reshow(customer)
