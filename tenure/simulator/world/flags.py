"""What an account says about its subscriptions and invoices, kept in step with them."""

from datetime import datetime

from tenure.simulator.world.state import Customer

LIVE = ("active", "canceled", "future", "paused")


def restate_account(customer: Customer, at: datetime) -> None:
    """Recompute the account's ``has_…`` flags; publish it only when one of them changed."""
    states = {held.state for held in customer.held}
    flags = {
        "has_live_subscription": not states.isdisjoint(LIVE),
        "has_active_subscription": "active" in states,
        "has_future_subscription": "future" in states,
        "has_canceled_subscription": "canceled" in states,
        "has_paused_subscription": "paused" in states,
        "has_past_due_invoice": bool(customer.past_due),
    }
    record = customer.record
    if any(record[name] != value for name, value in flags.items()):
        record.update(flags)
        customer.site.touch_by_time("accounts", record, at)
