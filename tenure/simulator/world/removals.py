"""Taking records away for good, as clearing a sandbox's test data does."""

from tenure.simulator.store import Record
from tenure.simulator.world.state import Bill, Customer, Held, Site

PARTS = {
    "line_items": "line_items",
    "transactions": "transactions",
    "credit_payments": "credit_payments",
}


def remove(site: Site, kind: str, made: Record) -> None:
    """Remove the record, and with an account or invoice everything that belongs to it."""
    entity = site.known.pop(made["id"], None)
    if isinstance(entity, Customer):
        _customer(site, entity)
    elif isinstance(entity, Held):
        entity.epoch += 1
        entity.record["state"] = "expired"
        entity.customer.held.remove(entity)
    elif isinstance(entity, Bill):
        _bill(site, entity)
    _drop(site, kind, made["id"])


def _customer(site: Site, customer: Customer) -> None:
    customer.closed = customer.removed = True
    site.customers.remove(customer)
    for held in list(customer.held):
        remove(site, "subscriptions", held.record)
    for bill in list(customer.issued):
        remove(site, "invoices", bill.record)
    for kind, made in customer.others:
        _drop(site, kind, made["id"])


def _bill(site: Site, bill: Bill) -> None:
    bill.epoch += 1
    bill.payer.past_due.discard(bill.record["id"])
    bill.record["state"] = "voided"
    bill.payer.issued = [b for b in bill.payer.issued if b is not bill]
    bill.payer.bills = [b for b in bill.payer.bills if b is not bill]
    bill.payer.credits = [b for b in bill.payer.credits if b is not bill]
    for kind, name in PARTS.items():
        for made in bill.record[name]:
            _drop(site, kind, made["id"])


def _drop(site: Site, kind: str, id_: str) -> None:
    site.changed.pop((kind, id_), None)
    site.store.remove(kind, id_)
