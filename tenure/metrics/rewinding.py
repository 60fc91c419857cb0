"""What subscriptions and invoices were at an instant before anybody watched, as far as their own dates
tell. Pure. What no date tells (a price, a quantity, a reminder) is left as it is, or left out.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import structs

from tenure.metrics.inputs import Interval, Invoice, Payment, Redemption, Subscription
from tenure.metrics.invoices import is_bill
from tenure.metrics.mrr_history import moved

NOTHING = Decimal(0)
MOST_STEPS = 1_000
TAKEN = frozenset({"purchase", "capture"})


def invoices_at(
    invoices: Iterable[tuple[Invoice, Sequence[Payment]]], at: datetime
) -> list[Invoice]:
    """Those that were there, each as it stood with what had been paid of it."""
    return [
        invoice_at(one, payments, at)
        for one, payments in invoices
        if one.created_at is not None and one.created_at <= at
    ]


def invoice_at(one: Invoice, payments: Iterable[Payment], at: datetime) -> Invoice:
    """An invoice that was there already. While it was not closed, what was owed is its total without
    what had been taken; whether it was late follows from its due day."""
    if one.closed_at is not None and one.closed_at <= at:
        return one
    if not is_bill(one):
        return structs.replace(one, state="open", balance=one.total, closed_at=None)
    before = [each for each in payments if each.status == "success" and _when(each) <= at]
    taken = _sum(each for each in before if each.type in TAKEN)
    credited = _sum(each for each in before if each.type == "credit")
    owed = None if one.total is None else max(NOTHING, one.total - taken - credited)
    return structs.replace(
        one,
        state="pending",
        paid=taken,
        balance=owed,
        closed_at=None,
        dunning_events_sent=None,
        final_dunning_event=None,
    )


def _sum(payments: Iterable[Payment]) -> Decimal:
    return sum((one.amount or NOTHING for one in payments), NOTHING)


def payments_at(payments: Iterable[Payment], at: datetime) -> list[Payment]:
    """The tries to move money that had been made."""
    return [one for one in payments if one.type != "credit" and _when(one) <= at]


def subscriptions_at(subscriptions: Iterable[Subscription], at: datetime) -> list[Subscription]:
    """Those that had begun, each in the state its dates tell."""
    return [subscription_at(one, at) for one in subscriptions if _begun(one, at)]


def subscription_at(one: Subscription, at: datetime) -> Subscription:
    """A subscription that had begun: what had not happened yet is taken away, and its period and
    term are those in which the instant lies."""
    if one.expires_at is not None and one.expires_at <= at:
        return one
    cancelled = one.canceled_at is not None and one.canceled_at <= at
    paused = one.state == "paused" and one.paused_at is not None and one.paused_at <= at
    state = "canceled" if cancelled else "paused" if paused else "active"
    return structs.replace(
        one,
        state=state,
        canceled_at=one.canceled_at if cancelled else None,
        expires_at=one.expires_at if cancelled else None,
        paused_at=one.paused_at if paused else None,
        pending_change=None,
        account_redemptions=_redeemed(one.account_redemptions, at),
        current_period_ends_at=step_back(one.current_period_ends_at, one.interval, at),
        current_term_ends_at=step_back(one.current_term_ends_at, one.interval, at),
    )


def _redeemed(
    coupons: tuple[Redemption, ...] | None, at: datetime
) -> tuple[Redemption, ...] | None:
    """The account's coupons that had been redeemed."""
    if coupons is None:
        return None
    return tuple(one for one in coupons if one.created_at is None or one.created_at <= at)


def step_back(end: datetime | None, interval: Interval | None, at: datetime) -> datetime | None:
    """The first end of a period after an instant, counted back from a later one; the end itself where
    the interval is not known."""
    if end is None or interval is None or interval.length < 1:
        return end
    found = end
    for times in range(1, MOST_STEPS):
        day = moved(end.date(), interval, -times)
        earlier = end.replace(year=day.year, month=day.month, day=day.day)
        if earlier <= at:
            break
        found = earlier
    return found


def _begun(one: Subscription, at: datetime) -> bool:
    began = [moment for moment in (one.trial_started_at, one.activated_at) if moment]
    return bool(began) and min(began) <= at


def _when(payment: Payment) -> datetime:
    found = payment.collected_at or payment.created_at
    assert found is not None  # noqa: S101  # every transaction has a day it was made
    return found
