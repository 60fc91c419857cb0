"""The life of a subscription: start, trial, renewal, pause, cancellation, expiry."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tenure.simulator.world.billing import issue
from tenure.simulator.world.coupons import active_discounts
from tenure.simulator.world.dunning import collect
from tenure.simulator.world.ending import expire
from tenure.simulator.world.flags import restate_account
from tenure.simulator.world.lines import Draft
from tenure.simulator.world.moments import months_later, wire
from tenure.simulator.world.pending import apply_pending
from tenure.simulator.world.plans import SoldPlan
from tenure.simulator.world.prices import zero
from tenure.simulator.world.ramps import ramp_intervals
from tenure.simulator.world.refunds import write_off
from tenure.simulator.world.restate import restate
from tenure.simulator.world.shapes import Record, record
from tenure.simulator.world.state import Bill, Customer, Held
from tenure.simulator.world.subscription_add_ons import hold_add_on, period_drafts, usage_drafts


@dataclass(slots=True)
class Terms:
    """How a subscription begins, beyond its plan and quantity."""

    add_ons: dict[str, int] = field(default_factory=dict)
    bespoke: Decimal | None = None
    trial: bool = False
    starts: datetime | None = None
    auto_renew: bool = True
    cycles: int | None = None
    custom_fields: list[Record] = field(default_factory=list)
    po_number: str | None = None


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


def subscribe(
    customer: Customer, code: str, quantity: int, at: datetime, terms: Terms | None = None
) -> Held:
    """A new subscription that begins now, with a trial, or at a later date."""
    terms = terms or Terms()
    sold = customer.site.plans[code]
    starts = terms.starts or at
    held = _blank(customer, sold, quantity, at, terms)
    customer.held.append(held)
    customer.site.known[held.record["id"]] = held
    for add_on, count in terms.add_ons.items():
        hold_add_on(held, add_on, count, at)
    if starts > at:
        held.record["state"] = "future"
        customer.site.plan(starts, _begins, held, held.epoch)
        _publish(held, at)
    elif terms.trial and sold.offer.trial_days:
        _start_trial(held, at)
    else:
        _activate(held, at)
    return held


def _blank(customer: Customer, sold: SoldPlan, quantity: int, at: datetime, terms: Terms) -> Held:
    ident = customer.identity("subscription")
    cycles = terms.cycles or sold.offer.cycles
    currency = customer.currency
    starts = terms.starts or at
    info = customer.payer.record["billing_info"]
    made = record(
        "subscription",
        id=ident.id,
        uuid=ident.uuid,
        account=customer.mini,
        plan=sold.mini,
        state="active",
        remaining_billing_cycles=cycles,
        total_billing_cycles=cycles,
        renewal_billing_cycles=cycles,
        auto_renew=terms.auto_renew,
        currency=currency,
        revenue_schedule_type="evenly",
        unit_amount=sold.price(currency) if terms.bespoke is None else terms.bespoke,
        tax_inclusive=currency in sold.offer.tax_inclusive,
        quantity=quantity,
        add_ons_total=zero(currency),
        collection_method=_method(customer),
        po_number=terms.po_number,
        net_terms=customer.payer.manner.net_terms or 0,
        net_terms_type="eom" if customer.payer.manner.eom else "net",
        credit_application_policy={"mode": "all", "allowed_origins": []},
        terms_and_conditions="",
        customer_notes="",
        custom_fields=terms.custom_fields,
        created_at=wire(at),
        billing_info_id=info["id"] if info else None,
        started_with_gift=False,
    )
    held = Held(
        customer,
        made,
        sold,
        customer.dice(f"subscription {made['id']}"),
        starts.day,
        starts,
        starts,
        starts,
        bespoke=terms.bespoke,
    )
    if sold.offer.ramp:
        made["ramp_intervals"] = ramp_intervals(held, starts)
    return held


def _method(customer: Customer) -> str:
    return "automatic" if customer.payer.manner.net_terms is None else "manual"


def _begins(at: datetime, held: Held, epoch: int) -> None:
    if held.epoch == epoch and held.state == "future":
        held.record["state"] = "active"
        _activate(held, at)


def _start_trial(held: Held, at: datetime) -> None:
    ends = at + timedelta(days=held.sold.offer.trial_days)
    held.starts, held.ends, held.term_ends = at, ends, ends
    held.record.update(trial_started_at=wire(at), trial_ends_at=wire(ends), activated_at=wire(at))
    _state_period(held)
    draft = Draft(
        "plan_trial",
        f"{held.sold.offer.name}: trial",
        held.record["quantity"],
        zero(held.record["currency"]),
        product_code=held.sold.offer.code,
        held=held,
        starts=at,
        ends=ends,
    )
    bill_for(held, [draft], "purchase", at)
    held.customer.site.plan(ends, renew, held, held.epoch)
    _publish(held, at)


def _activate(held: Held, at: datetime) -> None:
    held.record["activated_at"] = held.record["activated_at"] or wire(at)
    held.term_ends = at
    _next_period(held, at)
    _publish(held, at)
    drafts = period_drafts(held, first=True)
    bill = bill_for(held, drafts, "purchase", at)
    collect(bill, at)
    if bill.state == "past_due" and held.dice.random() < 0.5:
        _never_starts(held, bill, at)
    held.customer.site.touch("subscriptions", held.record, at)


def _never_starts(held: Held, bill: Bill, at: datetime) -> None:
    """The very first payment failed, and nobody waited for another."""
    write_off(bill, at)
    held.epoch += 1
    held.record.update(state="failed", active_invoice_id=None, activated_at=None)
    restate_account(held.customer, at)


def _publish(held: Held, at: datetime) -> None:
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


def _next_period(held: Held, start: datetime) -> None:
    """Move to the period that begins at ``start``, and to a new term when the last one is over."""
    if start >= held.term_ends:
        cycles = held.record["renewal_billing_cycles"]
        held.record["current_term_started_at"] = wire(start)
        held.term_ends = term_end(held.sold, start, held.anchor, cycles)
        held.record.update(total_billing_cycles=cycles, remaining_billing_cycles=cycles)
    held.starts, held.ends = start, period_end(held.sold, start, held.anchor)
    held.cycle += 1
    held.record["remaining_billing_cycles"] = max(0, held.record["remaining_billing_cycles"] - 1)
    _state_period(held)
    _plan_renewal(held)


def _plan_renewal(held: Held) -> None:
    """A renewal is worked off up to three minutes after the period's end, as seen on real sites."""
    delay = timedelta(seconds=held.dice.randint(1, 170))
    if held.state == "canceled":
        delay = timedelta(0)
    held.customer.site.plan(held.ends + delay, renew, held, held.epoch)


def _state_period(held: Held) -> None:
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
        _continue(held, at)


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
        _resume(held, at)
        return
    held.starts, held.ends = held.ends, period_end(held.sold, held.ends, held.anchor)
    _state_period(held)
    _plan_renewal(held)
    held.customer.site.touch_by_time("subscriptions", held.record, at)
    restate_account(held.customer, at)


def _resume(held: Held, at: datetime) -> None:
    held.record.update(state="active", paused_at=None, remaining_pause_cycles=None, resume_at=None)
    _continue(held, at)


def _continue(held: Held, at: datetime) -> None:
    ended = held.ends
    usage = usage_drafts(held)
    if held.record["trial_ends_at"] == wire(ended):
        held.anchor, held.term_ends, usage = ended.day, ended, []
    if held.record["pending_change"] is not None:
        before = held.sold
        apply_pending(held)
        # A new plan is a new contract; other seats under the old one are not.
        held.term_ends = held.term_ends if held.sold is before else ended
    _next_period(held, ended)
    _ramp_up(held)
    _publish(held, at)
    collect(bill_for(held, usage + period_drafts(held, first=False), "renewal", at), at)
    if not held.is_over:
        held.customer.site.touch("subscriptions", held.record, at)


def _ramp_up(held: Held) -> None:
    if held.sold.offer.ramp and held.bespoke is None:
        held.record["unit_amount"] = held.sold.price(held.record["currency"], held.cycle)
        held.record["ramp_intervals"] = ramp_intervals(held, held.starts)


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
    _plan_renewal(held)
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
    _resume(held, at)


def restart_period(held: Held, at: datetime) -> None:
    """Begin a new term and billing period now, as a plan of another rhythm demands."""
    held.epoch += 1
    held.anchor, held.term_ends = at.day, at
    _next_period(held, at)
