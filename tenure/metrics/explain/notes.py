"""What of a subscription itself does not count towards its monthly amount, each with the reason."""

from collections.abc import Iterator
from datetime import date, datetime

from tenure.metrics.days import maybe_day
from tenure.metrics.discounts import code_of, counts, covers, currencies_of
from tenure.metrics.inputs import AddOn, OfAccount, Redemption, Settings, Subscription
from tenure.metrics.mrr import Price, is_usage
from tenure.metrics.rollup import Measured


def notes(
    sub: Subscription, price: Price | None, now: datetime, settings: Settings
) -> tuple[str, ...]:
    """One sentence for each add-on and coupon that was left out, and for each guess that was made."""
    return (
        *_add_ons(sub, now),
        *_coupons(sub, price, now, settings),
        *_guesses(sub, price),
    )


def _add_ons(sub: Subscription, now: datetime) -> Iterator[str]:
    for one in sub.add_ons or ():
        if one.expired_at and one.expired_at <= now:
            yield f"Add-on {_code(one)} has expired."
        elif is_usage(one):
            yield f"Add-on {_code(one)} is metered: usage never counts as recurring."


def _code(one: AddOn) -> str:
    return (
        f"“{one.add_on.code or one.add_on.name or 'unnamed'}”" if one.add_on else "without a name"
    )


def _coupons(
    sub: Subscription, price: Price | None, now: datetime, settings: Settings
) -> Iterator[str]:
    taken = {one.code for one in price.taken} if price else set()
    for one in sub.redemptions or ():
        code = code_of(one)
        if code in taken or not code:
            continue
        yield f"Coupon {code}: {_why(one, sub, now, settings)}."


def _why(one: Redemption, sub: Subscription, now: datetime, settings: Settings) -> str:
    if one.state != "active":
        return "no longer active"
    if not counts(one, now, settings):
        return "for a single invoice, used up, or of a kind the settings leave out"
    if not covers(one, sub.plan_code):
        return "not for the plan of the pending change"
    if isinstance(one, OfAccount) and one.part == 0 and sub.currency in currencies_of(one):
        return "all of it is taken off a larger subscription of the same bill"
    return "takes nothing off in this currency or from what is left"


def _guesses(sub: Subscription, price: Price | None) -> Iterator[str]:
    if price is None:
        return
    if "interval_inferred" in price.flags:
        yield "Its plan is not known; the interval is read from its current period."
    if "addons_estimated" in price.flags:
        yield "Its add-ons were not sent one by one; their total is used."
    if "tax_inclusive_gross" in price.flags:
        yield "Its price includes tax at a rate that is not known, so nothing is taken off."
    if sub.pending_change is not None and sub.pending_change.deleted_at is None:
        yield "A change is pending; it counts from the day it happens."


def why_not(one: Measured, settings: Settings) -> str:
    """Why a subscription counts nothing now; empty when it does count."""
    sub, zone = one.sub, settings.zone
    match one.result.status:
        case "trial":
            return f"In trial{_until(maybe_day(sub.trial_ends_at, zone))}"
        case "paused":
            return "Paused: nothing is billed"
        case "future":
            return "Has not started yet"
        case "expired":
            return "Has ended"
        case "failed":
            return "Failed before it began"
        case "unknown":
            return f"In a state that is not known: “{sub.state}”"
    return ""


def _until(day: date | None) -> str:
    return f" until {day.day} {day:%b %Y}" if day else ""
