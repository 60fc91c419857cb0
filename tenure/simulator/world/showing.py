"""Publishing again what embeds an account, when the account's own facts changed."""

from tenure.simulator.world.state import Customer

EMBEDDING = (
    "invoices line_items transactions credit_payments coupon_redemptions acquisitions".split()
)


def reshow(customer: Customer) -> None:
    """Publish again, without a new stamp, every record that embeds the account."""
    site = customer.site
    for held in customer.held:
        site.touch("subscriptions", held.record)
    for kind in EMBEDDING:
        for record in site.records.get(kind, {}).values():
            if record["account"] is customer.mini:
                site.touch(kind, record)
