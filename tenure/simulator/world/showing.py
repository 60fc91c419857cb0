"""Publishing again what embeds an account, when the account's own facts changed."""

from tenure.simulator.world.state import Customer

PARTS = ("line_items", "transactions", "credit_payments")


def reshow(customer: Customer) -> None:
    """Publish again, without a new stamp, every record that embeds the account."""
    site = customer.site
    for held in customer.held:
        site.touch("subscriptions", held.record)
    for bill in customer.issued:
        site.touch("invoices", bill.record)
        for kind in PARTS:
            for made in bill.record[kind]:
                site.touch(kind, made)
    for kind, made in customer.others:
        site.touch(kind, made)
