"""How subscriptions end, whoever ended them."""

from datetime import datetime

from tenure.simulator.world.flags import restate_account
from tenure.simulator.world.moments import wire
from tenure.simulator.world.state import Held

NOTHING_AHEAD = (
    "pending_change paused_at remaining_pause_cycles resume_at active_invoice_id"
).split()


def expire(held: Held, reason: str, at: datetime, *, by_time: bool = False) -> None:
    """End the subscription for good at this instant."""
    held.epoch += 1
    held.record.update(dict.fromkeys(NOTHING_AHEAD))
    held.record.update(state="expired", expires_at=wire(at), expiration_reason=reason)
    if by_time:
        held.customer.site.touch_by_time("subscriptions", held.record, at)
    else:
        held.customer.site.touch("subscriptions", held.record, at)
    restate_account(held.customer, at)
