"""An account's figures from its subscriptions. All money is one sum a currency, never converted.

MRR and ARR add up contributing and free subscriptions; a currency appears only when one of those
is in it. Paused, trial and cancelling amounts are kept apart. Committed MRR is MRR without what is
cancelling, with what starts within 90 days and with the changes agreed for the next renewal.
A subscription whose MRR cannot be computed is named in ``unknown``; it is never counted as zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from msgspec import structs

from tenure.metrics.account_coupons import shared_out
from tenure.metrics.amounts import ZERO, add
from tenure.metrics.days import local_day
from tenure.metrics.discounts import ends_at
from tenure.metrics.inputs import DEFAULTS, Settings, Subscription
from tenure.metrics.mrr import COUNTING, LIVE, SubscriptionMrr, price_of, subscription_mrr
from tenure.metrics.outlook import SOON, Outlooks, ended_at, outlooks

STATUSES = ("active", "cancelling", "paused", "trial", "future", "expired", "failed", "none")
STARTS_WITHIN = timedelta(days=90)
LEAVING = frozenset({"cancelling", "will_expire"})

Key = tuple[str, str]
Sums = dict[str, Fraction]


@dataclass(slots=True)
class Rollup:
    """The account's side of section 3; dates are calendar days of the workspace."""

    mrr: Sums = field(default_factory=dict)
    paused_mrr: Sums = field(default_factory=dict)
    trial_mrr: Sums = field(default_factory=dict)
    cancelling_mrr: Sums = field(default_factory=dict)
    committed_mrr: Sums = field(default_factory=dict)
    past_due_mrr: Sums = field(default_factory=dict)
    unknown: list[Key] = field(default_factory=list)
    subscription_status: str = "none"
    plan_names: list[str] = field(default_factory=list)
    plan_codes: list[str] = field(default_factory=list)
    total_quantity: int | None = None
    quantity_by_plan: dict[str, int] = field(default_factory=dict)
    addon_quantity: dict[str, int] = field(default_factory=dict)
    next_renewal_date: date | None = None
    next_bill_date: date | None = None
    term_end_date: date | None = None
    customer_since: date | None = None
    active_subscriptions: int = 0
    subscriptions_count: int = 0
    flags: set[str] = field(default_factory=set)
    outlooks: Outlooks = field(default_factory=dict)
    ended_at: datetime | None = None
    next_change_at: datetime | None = None
    measured: Sequence["Measured"] = field(default=(), compare=False)

    @property
    def arr(self) -> Sums:
        """Twelve months of each exact sum."""
        return {currency: amount * 12 for currency, amount in self.mrr.items()}


@dataclass(frozen=True, slots=True)
class Measured:
    """A subscription with its result; ``past_due_days`` is how late its latest-paying invoice is."""

    sub: Subscription
    result: SubscriptionMrr
    past_due_days: int = 0

    @property
    def counts(self) -> bool:
        return self.result.status in COUNTING


def account_rollup(
    subscriptions: Iterable[Subscription],
    as_of: datetime,
    settings: Settings = DEFAULTS,
    *,
    past_due_days: Mapping[Key, int] | None = None,
) -> Rollup:
    """Everything the account's subscriptions say at an instant. ``past_due_days`` holds, by
    subscription, the days of the oldest past-due invoice that bills it."""
    late = past_due_days or {}
    priced = shared_out(subscriptions, as_of, settings)
    measured = [_measured(sub, as_of, settings, late.get(sub.key, 0)) for sub in priced]
    rollup = Rollup(subscriptions_count=len(measured), measured=measured)
    for one in measured:
        _add_money(rollup, one, as_of, settings)
    _describe(rollup, measured, as_of, settings.zone)
    results = [(one.sub, one.result) for one in measured]
    rollup.outlooks, rollup.ended_at = outlooks(results, as_of), ended_at(results)
    rollup.next_change_at = min(
        (at for one in measured for at in moments(one.sub) if at > as_of), default=None
    )
    return rollup


def _measured(sub: Subscription, as_of: datetime, settings: Settings, late: int) -> Measured:
    result = subscription_mrr(sub, as_of, settings)
    limit = settings.drop_after_days
    if limit is not None and late > limit and result.status == "contributing":
        dropped = result.flags | {"dropped_past_due"}
        result = SubscriptionMrr(result.status, ZERO, dropped, result.price)
    return Measured(sub, result, late)


def _add_money(rollup: Rollup, one: Measured, as_of: datetime, settings: Settings) -> None:
    """Add one subscription to every sum it belongs to."""
    currency, result = one.sub.currency, one.result
    if result.mrr is None or unknown(one):
        rollup.unknown.append(one.sub.key)
        rollup.flags |= result.flags | {"mrr_unknown"}
        return
    for status, sums in (("paused", rollup.paused_mrr), ("trial", rollup.trial_mrr)):
        if result.status == status:
            add(sums, currency, result.monthly or ZERO)
    if one.counts:
        rollup.flags |= result.flags
        add(rollup.mrr, currency, result.mrr)
        if result.flags & LEAVING:
            add(rollup.cancelling_mrr, currency, result.mrr)
        if one.past_due_days:
            add(rollup.past_due_mrr, currency, result.mrr)
    sure = committed(one, as_of, settings)
    if sure is not None:
        add(rollup.committed_mrr, currency, sure)


def unknown(one: Measured) -> bool:
    """Whether nobody can say what it is worth: a price, an interval or its state is not known."""
    result = one.result
    return result.mrr is None or (result.status in LIVE and result.price is None)


def committed(one: Measured, as_of: datetime, settings: Settings) -> Fraction | None:
    """What the subscription is sure to bring per month, as far as agreed; None when nothing."""
    sub, result = one.sub, one.result
    if result.status == "future":
        start = starts_at(sub)
        return result.monthly if start and start <= as_of + STARTS_WITHIN else None
    if not one.counts:
        return None
    if result.flags & LEAVING:
        return ZERO
    if "pending_change" in result.flags and "dropped_past_due" not in result.flags:
        after = price_of(changed(sub), as_of, settings)
        return after.monthly if after else result.mrr
    return result.mrr


def starts_at(sub: Subscription) -> datetime | None:
    """When a future subscription begins."""
    return sub.activated_at or sub.current_period_started_at


def changed(sub: Subscription) -> Subscription:
    """The subscription as its pending change will make it."""
    change = sub.pending_change
    if change is None:
        return sub
    other_plan = change.plan is not None and change.plan.code not in (None, sub.plan_code)
    new = {
        "unit_amount": change.unit_amount,
        "quantity": change.quantity,
        "add_ons": change.add_ons,
        "interval": sub.pending_interval if other_plan else None,
        "plan_code": change.plan.code if change.plan else None,  # a coupon may not be for that one
    }
    return structs.replace(sub, **{name: value for name, value in new.items() if value is not None})


def _describe(
    rollup: Rollup, measured: Sequence[Measured], as_of: datetime, zone: ZoneInfo
) -> None:
    counting = [one for one in measured if one.counts]
    live = [one for one in measured if one.result.status in LIVE]
    rollup.active_subscriptions = len(counting)
    rollup.subscription_status = account_status(standing(one) for one in measured)
    rollup.plan_names = sorted({one.sub.plan_name for one in live if one.sub.plan_name})
    rollup.plan_codes = sorted({one.sub.plan_code for one in live if one.sub.plan_code})
    _count(rollup, counting)
    if measured:
        rollup.total_quantity = sum(one.sub.quantity or 0 for one in counting)
    rollup.next_renewal_date = _first_day(_renewals(counting), as_of, zone)
    billed = [one for one in live if one.result.status != "paused"]
    rollup.next_bill_date = _first_day(_bills(billed), as_of, zone)
    rollup.term_end_date = _first_day((one.sub.current_term_ends_at for one in live), None, zone)
    rollup.customer_since = _first_day((one.sub.activated_at for one in measured), None, zone)


def account_status(words: Iterable[str]) -> str:
    """The first of STATUSES that any subscription has."""
    return min(words, key=STATUSES.index, default="none")


def standing(one: Measured) -> str:
    """The subscription's own status, in the words of STATUSES."""
    if one.counts:
        return "cancelling" if "cancelling" in one.result.flags else "active"
    return one.result.status if one.result.status in STATUSES else "none"


def _count(rollup: Rollup, counting: Iterable[Measured]) -> None:
    by_plan, by_add_on = rollup.quantity_by_plan, rollup.addon_quantity
    for one in counting:
        code = one.sub.plan_code or ""
        by_plan[code] = by_plan.get(code, 0) + (one.sub.quantity or 0)
        for add_on in one.result.price.add_ons if one.result.price else ():
            by_add_on[add_on.code] = by_add_on.get(add_on.code, 0) + add_on.quantity


def _renewals(counting: Iterable[Measured]) -> Iterable[datetime | None]:
    """Term ends of what will renew."""
    return (
        one.sub.current_term_ends_at
        for one in counting
        if one.sub.auto_renew is not False and "cancelling" not in one.result.flags
    )


def _bills(billed: Iterable[Measured]) -> Iterable[datetime | None]:
    """Period ends that bring another bill: not the one a subscription ends with."""
    for one in billed:
        sub = one.sub
        end, last = sub.current_period_ends_at, sub.expires_at
        yield None if end and last and last <= end else end


def _first_day(
    instants: Iterable[datetime | None], after: datetime | None, zone: ZoneInfo
) -> date | None:
    known = [at for at in instants if at and (after is None or at > after)]
    return local_day(min(known), zone) if known else None


def moments(sub: Subscription) -> Iterable[datetime]:
    """Every instant at which a date alone may change what this subscription counts."""
    if sub.state in ("expired", "failed"):
        return []
    start = starts_at(sub) if sub.state == "future" else None
    instants = [
        sub.trial_started_at,
        sub.trial_ends_at,
        sub.current_period_ends_at,
        sub.current_term_ends_at,
        sub.current_term_ends_at - SOON if sub.current_term_ends_at else None,
        sub.expires_at,
        sub.paused_at,
        start - STARTS_WITHIN if start else None,
        *(ends_at(redemption) for redemption in sub.redemptions or ()),
        *(add_on.expired_at for add_on in sub.add_ons or ()),
    ]
    return [at for at in instants if at]
