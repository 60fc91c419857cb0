"""Collecting an invoice, and what happens when that fails: retries, reminders, giving up."""

from datetime import datetime, timedelta

from tenure.simulator.world.billing import move, touch
from tenure.simulator.world.ending import expire
from tenure.simulator.world.moments import DAY, wire
from tenure.simulator.world.payments import charge, expect_transfer
from tenure.simulator.world.refunds import write_off
from tenure.simulator.world.state import Bill

# Days after the first failure on which a charge is retried, or a customer on terms reminded.
RETRY_DAYS = (3, 7, 14, 21, 28)
REMINDER_DAYS = (7, 14, 30, 45)
GIVE_UP_AFTER = timedelta(days=2)
GIVE_UP_ON_TERMS = timedelta(days=45)
MANUAL_GRACE = DAY


def collect(bill: Bill, at: datetime) -> None:
    """See to it that a new invoice is paid: charge it now, or wait for the customer's transfer."""
    if not bill.is_open:
        return
    if bill.record["collection_method"] == "manual":
        expect_transfer(bill, at)
        bill.payer.site.plan(bill.due + MANUAL_GRACE, _falls_due, bill)
    elif not charge(bill, at, on_bounce=begin):
        begin(at, bill)


def _falls_due(at: datetime, bill: Bill) -> None:
    if bill.state == "pending":
        bill.record["dunning_events_sent"] = 1
        move(bill, "past_due", at, by_time=True)
        _plan_step(bill, at, 0)


def begin(at: datetime, bill: Bill) -> None:
    """A charge was refused: the invoice is past due from now and dunning takes its first step."""
    bill.record["dunning_events_sent"] = 1
    move(bill, "past_due", at)
    _plan_step(bill, at, 0)


def _plan_step(bill: Bill, first: datetime, step: int) -> None:
    days = _days(bill)
    bill.payer.site.plan(first + timedelta(days=days[step]), _step, bill, first, step)


def _days(bill: Bill) -> tuple[int, ...]:
    return REMINDER_DAYS if bill.record["collection_method"] == "manual" else RETRY_DAYS


def _step(at: datetime, bill: Bill, first: datetime, step: int) -> None:
    if bill.state != "past_due":
        return
    manual = bill.record["collection_method"] == "manual"
    odds = 1 - bill.payer.manner.recover
    if not manual and charge(bill, at, on_bounce=begin, odds=odds):
        return
    is_last = step + 1 == len(_days(bill))
    bill.record["dunning_events_sent"] += 1
    bill.record["final_dunning_event"] = is_last
    touch(bill, at)
    if is_last:
        bill.payer.site.plan(at + (GIVE_UP_ON_TERMS if manual else GIVE_UP_AFTER), _give_up, bill)
    else:
        _plan_step(bill, first, step + 1)


def _give_up(at: datetime, bill: Bill) -> None:
    if bill.state == "past_due":
        fail(bill, at)


def fail(bill: Bill, at: datetime) -> None:
    """Write the invoice off and end, for nonpayment, the subscriptions it was for."""
    write_off(bill, at)
    for held in bill.held:
        if not held.is_over:
            trial = held.record["trial_ends_at"]
            first = trial is not None and trial >= wire(bill.due - timedelta(days=2))
            expire(held, "nonpayment_trial" if first else "nonpayment", at)
