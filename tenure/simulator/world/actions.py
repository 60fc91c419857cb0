"""Actions a scripted change may order on an account, a subscription or an invoice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tenure.simulator.world.amendments import Change, change_now
from tenure.simulator.world.billing import move
from tenure.simulator.world.closing import close_account, redact, reopen_account
from tenure.simulator.world.coupons import redeem, withdraw
from tenure.simulator.world.dunning import begin, fail
from tenure.simulator.world.ending import expire
from tenure.simulator.world.life import new_card
from tenure.simulator.world.payments import receive, transaction
from tenure.simulator.world.pending import change_at_renewal, drop_pending
from tenure.simulator.world.plans import SoldPlan
from tenure.simulator.world.refunds import can_refund, refund
from tenure.simulator.world.state import Bill, Customer, Held, Site
from tenure.simulator.world.stopping import cancel, reactivate, resume, schedule_pause

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """What it acts on and what it does. Raises ValueError when the state does not allow it."""

    kind: str
    run: Callable[[Any, Spec, datetime], None]


def _require(allowed: bool, what: str) -> None:
    if not allowed:
        raise ValueError(f"That cannot be done: {what}.")


def _whole(spec: Spec, name: str, least: int) -> int:
    value = spec.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is a whole number from {least} up, not {value!r}.")
    return value


def sold_plan(site: Site, code: object) -> SoldPlan:
    """The plan with this code. Raises ValueError, naming the plans there are."""
    if code not in site.plans:
        raise ValueError(f"There is no plan {code!r}; there are {', '.join(site.plans)}.")
    return site.plans[str(code)]


def exact(value: object, name: str) -> Decimal:
    """A positive amount from text or number. Raises ValueError when it is not one."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise ValueError(f'{name} is an amount above nothing, such as "125.00", not {value!r}.')
    return amount


def _close(customer: Customer, _spec: Spec, at: datetime) -> None:
    _require(not customer.closed, "the account is closed already")
    close_account(customer, at)


def _reopen(customer: Customer, _spec: Spec, at: datetime) -> None:
    _require(customer.closed, "the account is open")
    reopen_account(customer, at)


def _redact(customer: Customer, _spec: Spec, at: datetime) -> None:
    redact(customer, at)


def _card(customer: Customer, _spec: Spec, at: datetime) -> None:
    new_card(customer, at)


def _payments(customer: Customer, spec: Spec, _at: datetime) -> None:
    _require(isinstance(spec.get("succeed"), bool), "say succeed: true or false")
    customer.manner.pays = spec["succeed"]
    customer.manner.decline, customer.manner.recover = 0.0, 1.0


def _coupon(customer: Customer, spec: Spec, at: datetime) -> None:
    codes = customer.site.coupons
    if spec.get("coupon") not in codes:
        raise ValueError(
            f"There is no coupon {spec.get('coupon')!r}; there are {', '.join(codes)}."
        )
    redeem(spec["coupon"], customer, None, at)


def _no_coupon(customer: Customer, spec: Spec, at: datetime) -> None:
    code = str(spec.get("coupon"))
    _require(withdraw(code, customer, at) is not None, f"the account has no coupon {code}")


def _cancel(held: Held, _spec: Spec, at: datetime) -> None:
    _require(held.state in ("active", "paused", "future"), f"the subscription is {held.state}")
    cancel(held, at)


def _reactivate(held: Held, _spec: Spec, at: datetime) -> None:
    _require(held.state == "canceled", f"the subscription is {held.state}, not canceled")
    reactivate(held, at)


def _expire(held: Held, spec: Spec, at: datetime) -> None:
    _require(not held.is_over, f"the subscription is {held.state}")
    expire(held, str(spec.get("reason", "terminated")), at)


def _pause(held: Held, spec: Spec, at: datetime) -> None:
    _require(held.state == "active", f"the subscription is {held.state}, not active")
    schedule_pause(held, _whole(spec, "cycles", 1) if "cycles" in spec else 1, at)


def _resume(held: Held, _spec: Spec, at: datetime) -> None:
    _require(held.record["paused_at"] is not None, "no pause is running or scheduled")
    resume(held, at)


def _quantity(held: Held, spec: Spec, at: datetime) -> None:
    _require(held.state == "active", f"the subscription is {held.state}, not active")
    quantity = _whole(spec, "quantity", 0)
    if spec.get("when", "now") == "renewal":
        change_at_renewal(held, at, quantity=quantity)
    else:
        change_now(held, Change(quantity=quantity), at)


def _plan(held: Held, spec: Spec, at: datetime) -> None:
    _require(held.state == "active", f"the subscription is {held.state}, not active")
    plan = sold_plan(held.customer.site, spec.get("plan"))
    if spec.get("when", "now") == "renewal":
        change_at_renewal(held, at, plan=plan)
    else:
        change_now(held, Change(plan=plan), at)


def _drop(held: Held, _spec: Spec, at: datetime) -> None:
    _require(held.record["pending_change"] is not None, "no change is pending")
    drop_pending(held, at)


def _pay(bill: Bill, spec: Spec, at: datetime) -> None:
    _require(bill.is_open, f"the invoice is {bill.state}")
    share = exact(spec["share"], "share") if "share" in spec else None
    receive(bill, at, part=share)


def _decline(bill: Bill, _spec: Spec, at: datetime) -> None:
    _require(bill.state in ("pending", "past_due"), f"the invoice is {bill.state}")
    refused = ("declined", "The transaction was declined.", "05")
    transaction(bill, bill.record["balance"], at, status="declined", refused=refused)
    if bill.state == "pending":
        begin(at, bill)
    else:
        move(bill, "past_due", at)


def _fail(bill: Bill, _spec: Spec, at: datetime) -> None:
    _require(bill.is_open, f"the invoice is {bill.state}")
    fail(bill, at)


def _refund(bill: Bill, spec: Spec, at: datetime) -> None:
    _require(can_refund(bill), "the invoice was not paid wholly with money, or is refunded already")
    share = exact(spec["share"], "share") if "share" in spec else None
    _require(share is None or share <= 1, "share is a part of the invoice, at most 1")
    refund(bill, at, part=share)


ACTIONS = {
    "close_account": Action("accounts", _close),
    "reopen_account": Action("accounts", _reopen),
    "redact_account": Action("accounts", _redact),
    "new_card": Action("accounts", _card),
    "payments": Action("accounts", _payments),
    "redeem_coupon": Action("accounts", _coupon),
    "remove_coupon": Action("accounts", _no_coupon),
    "cancel": Action("subscriptions", _cancel),
    "reactivate": Action("subscriptions", _reactivate),
    "expire": Action("subscriptions", _expire),
    "pause": Action("subscriptions", _pause),
    "resume": Action("subscriptions", _resume),
    "change_quantity": Action("subscriptions", _quantity),
    "change_plan": Action("subscriptions", _plan),
    "drop_pending_change": Action("subscriptions", _drop),
    "pay_invoice": Action("invoices", _pay),
    "decline_payment": Action("invoices", _decline),
    "fail_invoice": Action("invoices", _fail),
    "refund_invoice": Action("invoices", _refund),
}
