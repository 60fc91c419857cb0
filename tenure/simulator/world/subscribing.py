"""How a subscription begins: at once, with a trial, or at a later date."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tenure.simulator.world.dunning import collect
from tenure.simulator.world.flags import restate_account
from tenure.simulator.world.lines import Draft
from tenure.simulator.world.moments import wire
from tenure.simulator.world.plans import SoldPlan
from tenure.simulator.world.prices import zero
from tenure.simulator.world.ramps import ramp_intervals
from tenure.simulator.world.refunds import write_off
from tenure.simulator.world.renewals import bill_for, next_period, publish, renew, state_period
from tenure.simulator.world.shapes import Record, record
from tenure.simulator.world.state import Bill, Customer, Held
from tenure.simulator.world.subscription_add_ons import hold_add_on, period_drafts


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
        publish(held, at)
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
    state_period(held)
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
    publish(held, at)


def _activate(held: Held, at: datetime) -> None:
    held.record["activated_at"] = held.record["activated_at"] or wire(at)
    held.term_ends = at
    next_period(held, at)
    publish(held, at)
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
