"""Changes that take effect at once: the unused part is credited, the new part charged."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tenure.simulator.world.dunning import collect
from tenure.simulator.world.lines import Draft
from tenure.simulator.world.pending import switch_plan
from tenure.simulator.world.plans import SoldPlan
from tenure.simulator.world.prices import minor
from tenure.simulator.world.renewals import bill_for, restart_period
from tenure.simulator.world.restate import restate
from tenure.simulator.world.state import Held
from tenure.simulator.world.subscription_add_ons import hold_add_on, period_drafts


@dataclass(frozen=True, slots=True)
class Change:
    """What the customer wants different from now on; None leaves a thing as it is."""

    quantity: int | None = None
    plan: SoldPlan | None = None
    add_on: str | None = None
    add_on_quantity: int = 1


def change_now(held: Held, change: Change, at: datetime) -> None:
    """Apply the change and bill the difference.

    In the same rhythm both sides are prorated over the rest of the period; a plan of another
    rhythm starts a new period now, charged in full. In a trial nothing is billed.
    """
    rate = remaining_share(held, at)
    credit = _prorated(held, rate, at, sign=-1) if rate and not held.in_trial(at) else []
    new_rhythm = change.plan is not None and _rhythm(change.plan) != _rhythm(held.sold)
    _apply(held, change, at)
    restate(held)
    if not held.in_trial(at):
        if new_rhythm:
            held.record.update(paused_at=None, remaining_pause_cycles=None, resume_at=None)
            restart_period(held, at)
            charge = period_drafts(held, first=False)
        else:
            charge = _prorated(held, rate, at, sign=1)
        _bill(held, credit, charge, at)
    held.customer.site.touch("subscriptions", held.record, at)


def _apply(held: Held, change: Change, at: datetime) -> None:
    if change.plan is not None:
        switch_plan(held, change.plan)
    if change.quantity is not None:
        held.record["quantity"] = change.quantity
    if change.add_on is not None:
        hold_add_on(held, change.add_on, change.add_on_quantity, at)
    held.record["pending_change"] = None


def _rhythm(plan: SoldPlan) -> tuple[str, int]:
    return plan.offer.unit, plan.offer.length


def remaining_share(held: Held, at: datetime) -> Decimal:
    """The part of the billing period still to come, between 0 and 1, to nine places."""
    whole, rest = held.ends - held.starts, held.ends - at
    if rest.total_seconds() <= 0 or whole.total_seconds() <= 0:
        return Decimal(0)
    share = Decimal(int(rest.total_seconds())) / Decimal(int(whole.total_seconds()))
    return min(Decimal(1), share).quantize(Decimal("0.000000001"))


def _prorated(held: Held, rate: Decimal, at: datetime, *, sign: int) -> list[Draft]:
    drafts = period_drafts(held, first=False)
    for draft in drafts:
        draft.unit = sign * minor(draft.unit * rate, held.record["currency"])
        draft.starts, draft.proration = at, rate
        draft.reason = "general" if sign < 0 else None
    return [draft for draft in drafts if draft.unit]


def _bill(held: Held, credit: list[Draft], charge: list[Draft], at: datetime) -> None:
    if credit:
        bill_for(held, credit, "immediate_change", at)
    if charge:
        collect(bill_for(held, charge, "immediate_change", at), at)
