"""Coupons of an account, shared out among its subscriptions before any of them is priced.

A share is taken off every subscription whose plan the coupon is for. A fixed amount is given to an
invoice once: of the subscriptions that are billed together (the same next bill day, interval and
currency) the one with most left takes it first, and the next what remains.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from msgspec import structs

from tenure.metrics.amounts import ZERO
from tenure.metrics.days import maybe_day
from tenure.metrics.discounts import amount_of, counts, covers, discounts, is_fixed
from tenure.metrics.inputs import OfAccount, Redemption, Settings, Subscription
from tenure.metrics.mrr import ENDED, price_of, status_at

Coupons = tuple[Redemption, ...]
BILLED = frozenset({"contributing", "trial"})


def shared_out(
    subscriptions: Iterable[Subscription], as_of: datetime, settings: Settings
) -> list[Subscription]:
    """The same subscriptions in their order, each with what falls to it of its account's coupons
    among its own. They are all of an account: a fixed amount is shared out between them."""
    found = list(subscriptions)
    bills: dict[Any, list[int]] = {}
    for place, sub in enumerate(found):
        if sub.account_redemptions != () and sub.state not in ENDED - {"future"}:
            bills.setdefault(_bill_of(sub, as_of, settings), []).append(place)
    for places in bills.values():
        shares = _shares([found[place] for place in places], as_of, settings)
        for place, share in zip(places, shares, strict=True):
            found[place] = structs.replace(found[place], redemptions=share)
    return found


def alone(sub: Subscription, as_of: datetime, settings: Settings) -> Subscription:
    """One subscription with its account's coupons, as if nothing else were billed with it."""
    return shared_out([sub], as_of, settings)[0]


def _bill_of(sub: Subscription, as_of: datetime, settings: Settings) -> Any:
    """What is equal for subscriptions that will be on one invoice. What is not billed next, or on a
    day that is not known, is looked at by itself."""
    day = maybe_day(sub.current_period_ends_at, settings.zone)
    if day is None or status_at(sub, as_of, settings) not in BILLED:
        return sub.key
    return sub.site, sub.payer, sub.currency, sub.interval, day


def _shares(
    billed: Sequence[Subscription], as_of: datetime, settings: Settings
) -> list[Coupons | None]:
    """The coupons of each subscription of one invoice, its own first; None where they cannot be read."""
    theirs: list[Coupons | None] = [_with_percentages(sub) for sub in billed]
    left = [_left(sub, own, as_of, settings) for sub, own in zip(billed, theirs, strict=True)]
    for coupon in _fixed(billed):
        purse = amount_of(coupon, ZERO, billed[0].currency)
        purse = purse if counts(coupon, as_of, settings) else ZERO
        largest = sorted(range(len(billed)), key=lambda place: (-left[place], billed[place].key))
        for place in largest:
            own = theirs[place]
            if own is None or not covers(coupon, billed[place].plan_code):
                continue
            part = min(max(left[place], ZERO), purse)
            theirs[place] = (*own, _part(coupon, part))
            left[place], purse = left[place] - part, purse - part
    return theirs


def _with_percentages(sub: Subscription) -> Coupons | None:
    """Its own coupons and the account's that take a share."""
    if sub.redemptions is None or sub.account_redemptions is None:
        return None
    own = (one for one in sub.redemptions if not isinstance(one, OfAccount))
    theirs = (one for one in sub.account_redemptions if _holds(one) and not is_fixed(one))
    return (*own, *(_part(one) for one in theirs if covers(one, sub.plan_code)))


def _fixed(billed: Sequence[Subscription]) -> list[Redemption]:
    """The account's coupons of an amount: all of an invoice have the same account."""
    theirs = next((sub.account_redemptions for sub in billed if sub.account_redemptions), ())
    return [one for one in theirs if _holds(one) and is_fixed(one)]


def _holds(coupon: Redemption) -> bool:
    # What has ended is kept to know since when; it is nothing to be told of each subscription.
    return coupon.state == "active"


def _left(
    sub: Subscription, coupons: Coupons | None, as_of: datetime, settings: Settings
) -> Fraction:
    """What there is for the account's amounts to be taken off: after everything that comes before."""
    bare = price_of(structs.replace(sub, redemptions=()), as_of, settings)
    if bare is None:
        return ZERO
    before = [one for one in coupons or () if is_fixed(one) or not settings.fixed_discounts_first]
    taken = discounts(before, bare.net, sub.currency, as_of, settings)
    return bare.net - sum((one.amount for one in taken), ZERO)


def _part(coupon: Redemption, part: Fraction | None = None) -> OfAccount:
    return OfAccount(**structs.asdict(coupon), part=part)
