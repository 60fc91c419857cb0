"""How a subscription stops, for good or for a while, and how it comes back."""

from datetime import datetime

from tenure.simulator.world.ending import expire
from tenure.simulator.world.flags import restate_account
from tenure.simulator.world.moments import wire
from tenure.simulator.world.renewals import come_back, period_end, plan_renewal, renew
from tenure.simulator.world.state import Held


def cancel(held: Held, at: datetime) -> None:
    """Stop renewing: the subscription runs to the end of its period and then expires."""
    if held.state in ("paused", "future"):
        expire(held, "canceled", at)
        return
    held.epoch += 1
    # A renewal may be up to three minutes late; a cancellation in between ends at once.
    ends = max(held.ends, at)
    held.record.update(state="canceled", canceled_at=wire(at), expires_at=wire(ends))
    held.record.update(paused_at=None, remaining_pause_cycles=None, resume_at=None)
    held.record["pending_change"] = None
    held.customer.site.plan(ends, renew, held, held.epoch)
    held.customer.site.touch("subscriptions", held.record, at)
    restate_account(held.customer, at)


def reactivate(held: Held, at: datetime) -> None:
    """Take a cancellation back while the subscription still runs."""
    held.epoch += 1
    held.record.update(state="active", canceled_at=None, expires_at=None)
    plan_renewal(held)
    held.customer.site.touch("subscriptions", held.record, at)
    restate_account(held.customer, at)


def schedule_pause(held: Held, cycles: int, at: datetime) -> None:
    """Pause for so many billing periods from the next bill date on."""
    back = held.ends
    for _ in range(cycles):
        back = period_end(held.sold, back, held.anchor)
    held.record.update(
        paused_at=wire(held.ends), remaining_pause_cycles=cycles, resume_at=wire(back)
    )
    held.customer.site.touch("subscriptions", held.record, at)


def resume(held: Held, at: datetime) -> None:
    """Take a scheduled pause back, or end a running one: the next period begins, and is billed, now."""
    if held.state != "paused":
        held.record.update(paused_at=None, remaining_pause_cycles=None, resume_at=None)
        held.customer.site.touch("subscriptions", held.record, at)
        return
    held.epoch += 1
    held.ends = at
    held.anchor = at.day
    come_back(held, at)
