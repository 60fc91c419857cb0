"""MRR of one subscription: what its current record would bill next, per month.

    price of the plan × quantity + fixed add-ons           for one billing interval
    ÷ (1 + tax rate)                                       when prices include tax and the rate is known
    − recurring discounts, never below zero
    ÷ months of the interval                               a day is 12/365 of a month

Usage, one-time charges, setup fees, tax and shipping never count. A trial, a future start, a
pause, a failure or an end count nothing now; what a trial or a pause would bring is kept apart.
Nothing is rounded here: the figures are exact fractions.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from tenure.metrics.amounts import ZERO
from tenure.metrics.discounts import Taken, covers, discounts
from tenure.metrics.inputs import DEFAULTS, AddOn, Interval, Settings, Subscription, Tier

ENDED = frozenset({"expired", "failed", "future"})
KNOWN = ENDED | {"active", "canceled", "paused"}
COUNTING = frozenset({"contributing", "free"})
LIVE = COUNTING | {"trial", "paused"}


@dataclass(frozen=True, slots=True)
class PricedAddOn:
    """What a fixed add-on adds to one billing interval."""

    code: str
    quantity: int
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Price:
    """How one billing interval's amount is made; ``monthly`` is what MRR would be if it counts."""

    base: Fraction
    add_ons: tuple[PricedAddOn, ...]
    gross: Fraction
    net: Fraction
    taken: tuple[Taken, ...]
    after: Fraction
    interval: Interval
    monthly: Fraction
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class SubscriptionMrr:
    """The result for one subscription. ``mrr`` is None when it cannot be computed, never 0 then."""

    status: str
    mrr: Fraction | None
    flags: frozenset[str]
    price: Price | None

    @property
    def arr(self) -> Fraction | None:
        """Twelve exact months; never twelve times a rounded month."""
        return None if self.mrr is None else self.mrr * 12

    @property
    def monthly(self) -> Fraction | None:
        """The amount per month whatever the status; None when it cannot be computed."""
        return self.price.monthly if self.price else None

    def apart(self, status: str) -> Fraction | None:
        """The amount kept apart while paused or in trial: None when unknown, 0 in another status."""
        return self.monthly if self.status == status else ZERO


def subscription_mrr(
    sub: Subscription, as_of: datetime, settings: Settings = DEFAULTS
) -> SubscriptionMrr:
    """MRR, status and flags of the subscription at an instant."""
    status = status_at(sub, as_of, settings)
    if status in ENDED and status != "future":
        return SubscriptionMrr(status, ZERO, frozenset(), None)
    if status == "unknown":
        return SubscriptionMrr(status, None, frozenset({"unknown_state"}), None)
    price = price_of(sub, as_of, settings)
    if status != "contributing":
        return SubscriptionMrr(status, ZERO, frozenset(), price)
    mrr = price.monthly if price else None
    flags = (price.flags if price else frozenset()) | _standing_flags(sub, as_of)
    return SubscriptionMrr("free" if mrr == 0 else status, mrr, flags, price)


def status_at(sub: Subscription, as_of: datetime, settings: Settings = DEFAULTS) -> str:
    """The first that holds: its final state, a passed end, paused, in trial; else contributing."""
    end = end_of(sub, settings)
    if sub.state in ENDED:
        return sub.state
    if end and end <= as_of:
        return "expired"
    if sub.state == "paused":
        return "paused"
    if (
        sub.trial_started_at
        and sub.trial_ends_at
        and sub.trial_started_at <= as_of < sub.trial_ends_at
    ):
        return "trial"
    return "contributing" if sub.state in KNOWN else "unknown"


def end_of(sub: Subscription, settings: Settings) -> datetime | None:
    """When the subscription stops counting: its end, or its cancellation where that is churn."""
    if settings.churn_recognition == "at_cancel" and sub.state == "canceled" and sub.canceled_at:
        return min(sub.canceled_at, sub.expires_at or sub.canceled_at)
    return sub.expires_at


def price_of(sub: Subscription, as_of: datetime, settings: Settings = DEFAULTS) -> Price | None:
    """How one interval's amount is made; None when the price or the interval is not known."""
    flags: set[str] = set()
    interval = sub.interval or _inferred_interval(sub)
    if interval is None or interval.length < 1 or sub.unit_amount is None or sub.quantity is None:
        return None
    if sub.interval is None:
        flags.add("interval_inferred")
    add_ons = _priced_add_ons(sub, as_of, flags)
    if add_ons is None or sub.redemptions is None:
        return None
    base = Fraction(sub.unit_amount) * sub.quantity
    gross = sum((add_on.amount for add_on in add_ons), base)
    net = _without_tax(sub, gross, flags)
    redemptions = [each for each in sub.redemptions if covers(each, sub.plan_code)]
    taken = discounts(redemptions, net, sub.currency, as_of, settings)
    after = net
    for one in taken:
        after -= one.amount
    if taken:
        flags.add("discounted")
    monthly = after / months(interval, settings)
    return Price(base, add_ons, gross, net, taken, after, interval, monthly, frozenset(flags))


def months(interval: Interval, settings: Settings) -> Fraction:
    """The interval in months."""
    if interval.unit == "months":
        return Fraction(interval.length)
    return interval.length / settings.days_per_month


def _inferred_interval(sub: Subscription) -> Interval | None:
    """The interval the current period suggests, for a subscription whose plan is not known."""
    if not sub.current_period_started_at or not sub.current_period_ends_at:
        return None
    days = round((sub.current_period_ends_at - sub.current_period_started_at) / timedelta(days=1))
    if 28 <= days <= 31:
        return Interval("months", 1)
    if 365 <= days <= 366:
        return Interval("months", 12)
    return Interval("days", days) if days > 0 else None


def _without_tax(sub: Subscription, gross: Fraction, flags: set[str]) -> Fraction:
    if not sub.tax_inclusive:
        return gross
    if sub.tax_rate is None:
        flags.add("tax_inclusive_gross")
        return gross
    return gross / (1 + Fraction(sub.tax_rate))


def _priced_add_ons(
    sub: Subscription, as_of: datetime, flags: set[str]
) -> tuple[PricedAddOn, ...] | None:
    """Fixed add-ons with their prices; None when one of them has no price to be found."""
    if sub.add_ons is None:
        if sub.add_ons_total is None:
            return None
        flags.add("addons_estimated")
        return (PricedAddOn("", 1, Fraction(sub.add_ons_total)),)
    priced = []
    for add_on in sub.add_ons:
        if add_on.expired_at and add_on.expired_at <= as_of:
            continue
        if is_usage(add_on):
            flags.add("usage_excluded")
            continue
        amount = add_on_price(add_on)
        if amount is None:
            return None
        code = (add_on.add_on.code if add_on.add_on else None) or ""
        priced.append(PricedAddOn(code, 1 if add_on.quantity is None else add_on.quantity, amount))
    return tuple(priced)


def is_usage(add_on: AddOn) -> bool:
    """Whether it is metered, so that it never counts as recurring."""
    kind = add_on.add_on
    return kind is not None and (kind.add_on_type == "usage" or kind.usage_type == "percentage")


def add_on_price(add_on: AddOn) -> Fraction | None:
    """Flat: unit × quantity. Tiered: each unit at its own tier. Volume: all units at the tier
    reached. Stairstep: the amount of the tier reached, once. None when a price is missing."""
    quantity = 1 if add_on.quantity is None else add_on.quantity
    if add_on.tier_type in (None, "flat") or not add_on.tiers:
        unit = _unit(add_on)
        return None if unit is None else unit * quantity
    if add_on.tier_type == "tiered":
        return _tiered(add_on.tiers, quantity)
    if quantity <= 0:
        return ZERO
    unit = _unit(_reached(add_on.tiers, quantity))
    if unit is None or add_on.tier_type == "stairstep":
        return unit
    return unit * quantity


def _unit(priced: AddOn | Tier) -> Fraction | None:
    exact = priced.unit_amount_decimal
    amount = priced.unit_amount if exact is None else exact
    return None if amount is None else Fraction(amount)


def _ordered(tiers: tuple[Tier, ...]) -> list[Tier]:
    return sorted(tiers, key=lambda t: (t.ending_quantity is None, t.ending_quantity or 0))


def _reached(tiers: tuple[Tier, ...], quantity: int) -> Tier:
    """The tier this quantity falls in; beyond the last end, the last tier."""
    ordered = _ordered(tiers)
    fits = (t for t in ordered if t.ending_quantity is None or quantity <= t.ending_quantity)
    return next(fits, ordered[-1])


def _tiered(tiers: tuple[Tier, ...], quantity: int) -> Fraction | None:
    amount, start, ordered = ZERO, 0, _ordered(tiers)
    for tier in ordered:
        last = tier is ordered[-1] or tier.ending_quantity is None
        end = quantity if last else min(quantity, tier.ending_quantity or 0)
        if end <= start:
            continue
        unit = _unit(tier)
        if unit is None:
            return None
        amount, start = amount + unit * (end - start), end
    return amount


def _standing_flags(sub: Subscription, as_of: datetime) -> set[str]:
    """What there is to know about a counting subscription beside its amount."""
    holds = {
        "cancelling": sub.state == "canceled",
        "pause_scheduled": sub.paused_at is not None and sub.paused_at > as_of,
        "pending_change": sub.pending_change is not None and sub.pending_change.deleted_at is None,
        "will_expire": sub.state != "canceled" and is_in_last_cycle(sub),
        "gift": bool(sub.started_with_gift),
    }
    return {flag for flag, true in holds.items() if true}


def is_in_last_cycle(sub: Subscription) -> bool:
    """Whether it does not renew and the period running now is the last of its term."""
    if sub.auto_renew is not False:
        return False
    if sub.current_term_ends_at and sub.current_period_ends_at:
        return sub.current_term_ends_at <= sub.current_period_ends_at
    return not sub.remaining_billing_cycles
