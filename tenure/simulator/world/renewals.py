"""Billing periods: what happens when one is over, and the invoice that begins the next."""

from datetime import datetime, timedelta

from tenure.simulator.world.billing import issue
from tenure.simulator.world.coupons import active_discounts
from tenure.simulator.world.dunning import collect
from tenure.simulator.world.ending import expire
from tenure.simulator.world.flags import restate_account
from tenure.simulator.world.lines import Draft
from tenure.simulator.world.moments import months_later, wire
from tenure.simulator.world.pending import apply_pending
from tenure.simulator.world.plans import SoldPlan
from tenure.simulator.world.ramps import ramp_intervals
from tenure.simulator.world.restate import restate
from tenure.simulator.world.state import Bill, Held
from tenure.simulator.world.subscription_add_ons import period_drafts, usage_drafts


def period_end(sold: SoldPlan, start: datetime, anchor: int) -> datetime:
    """When the billing period that begins at ``start`` is over."""
    if sold.offer.unit == "days":
        return start + timedelta(days=sold.offer.length)
    return months_later(start, sold.offer.length, day=anchor)


def term_end(sold: SoldPlan, start: datetime, anchor: int, cycles: int) -> datetime:
    """When a term of so many billing periods is over."""
    if sold.offer.unit == "days":
        return start + timedelta(days=sold.offer.length * cycles)
    return months_later(start, sold.offer.length * cycles, day=anchor)


def publish(held: Held, at: datetime) -> None:
    """Bring estimates and flags in step, and show the subscription as changed now."""
    restate(held)
    held.customer.site.touch("subscriptions", held.record, at)
    restate_account(held.customer, at)


def bill_for(held: Held, drafts: list[Draft], origin: str, at: datetime) -> Bill:
    """An invoice for this subscription, to whoever pays for its account."""
    for draft in drafts:
        draft.beneficiary = held.customer
    return issue(
        held.customer.payer,
        drafts,
        origin=origin,
        at=at,
        currency=held.record["currency"],
        held=[held],
        discounts=active_discounts(held),
    )


def next_period(held: Held, start: datetime) -> None:
    """Move to the period that begins at ``start``, and to a new term when the last one is over."""
    if start >= held.term_ends:
        cycles = held.record["renewal_billing_cycles"]
        held.record["current_term_started_at"] = wire(start)
        held.term_ends = term_end(held.sold, start, held.anchor, cycles)
        held.record.update(total_billing_cycles=cycles, remaining_billing_cycles=cycles)
    held.starts, held.ends = start, period_end(held.sold, start, held.anchor)
    held.cycle += 1
    held.record["remaining_billing_cycles"] = max(0, held.record["remaining_billing_cycles"] - 1)
    state_period(held)
    plan_renewal(held)


def plan_renewal(held: Held) -> None:
    """A renewal is worked off up to three minutes after the period's end, as seen on real sites."""
    delay = timedelta(seconds=held.dice.randint(1, 170))
    if held.state == "canceled":
        delay = timedelta(0)
    held.customer.site.plan(held.ends + delay, renew, held, held.epoch)


def state_period(held: Held) -> None:
    """Write the period and the term into the record."""
    record_ = held.record
    record_["current_period_started_at"] = wire(held.starts)
    record_["current_period_ends_at"] = wire(held.ends)
    record_["current_term_ends_at"] = wire(held.term_ends)
    if record_["trial_ends_at"] == wire(held.ends):
        record_["current_term_started_at"] = wire(held.starts)


def renew(at: datetime, held: Held, epoch: int) -> None:
    """The period is over: expire, pause, stay paused, or begin and bill the next one."""
    if held.epoch != epoch or held.is_over:
        return
    if held.state == "canceled":
        expire(held, "canceled", at, by_time=True)
    elif _lapses(held):
        expire(held, "non renewing", at, by_time=True)
    elif _trial_without_card(held):
        expire(held, "nonpayment_trial", at, by_time=True)
    elif held.record["paused_at"] and held.record["remaining_pause_cycles"]:
        _rest(held, at)
    else:
        _continue(held, at, usage=usage_drafts(held))


def _lapses(held: Held) -> bool:
    """Whether the contract just ends. The end of a trial is not the end of a term."""
    is_trial = held.record["trial_ends_at"] == wire(held.ends)
    return not held.record["auto_renew"] and not is_trial and held.ends >= held.term_ends


def _trial_without_card(held: Held) -> bool:
    in_trial = held.record["trial_ends_at"] == wire(held.ends)
    payer = held.customer.payer
    return in_trial and payer.manner.net_terms is None and payer.record["billing_info"] is None


def _rest(held: Held, at: datetime) -> None:
    """A period passes without an invoice; the contract's end does not move."""
    began = held.state != "paused"
    held.record["state"] = "paused"
    held.record["remaining_pause_cycles"] -= 0 if began else 1
    if not held.record["remaining_pause_cycles"]:
        come_back(held, at)
        return
    held.starts, held.ends = held.ends, period_end(held.sold, held.ends, held.anchor)
    state_period(held)
    plan_renewal(held)
    held.customer.site.touch_by_time("subscriptions", held.record, at)
    restate_account(held.customer, at)


def come_back(held: Held, at: datetime) -> None:
    """End a pause: the next period begins where the last one ended, and is billed."""
    held.record.update(state="active", paused_at=None, remaining_pause_cycles=None, resume_at=None)
    _continue(held, at, usage=[])


def _continue(held: Held, at: datetime, *, usage: list[Draft]) -> None:
    ended = held.ends
    if held.record["trial_ends_at"] == wire(ended):
        held.anchor, held.term_ends, usage = ended.day, ended, []
    if held.record["pending_change"] is not None:
        before = held.sold
        apply_pending(held)
        # A new plan is a new contract; other seats under the old one are not.
        held.term_ends = held.term_ends if held.sold is before else ended
    next_period(held, ended)
    _ramp_up(held)
    publish(held, at)
    collect(bill_for(held, usage + period_drafts(held, first=False), "renewal", at), at)
    if not held.is_over:
        held.customer.site.touch("subscriptions", held.record, at)


def _ramp_up(held: Held) -> None:
    if held.sold.offer.ramp and held.bespoke is None:
        held.record["unit_amount"] = held.sold.price(held.record["currency"], held.cycle)
        held.record["ramp_intervals"] = ramp_intervals(held, held.starts)


def restart_period(held: Held, at: datetime) -> None:
    """Begin a new term and billing period now, as a plan of another rhythm demands."""
    held.epoch += 1
    held.anchor, held.term_ends = at.day, at
    next_period(held, at)
