"""How an account's subscriptions will go on, as a health score weighs it (METRICS section 10).

Each live subscription has one outlook: it renews by itself, it ends later, it ends within 90 days,
it is paused, or it is being cancelled. Its weight is its MRR; a paused one's what it would bill,
because a weight of nothing would leave the pause out of sight; a trial has none. Only when none is
live and none is yet to start does ``ended`` appear. A price nobody can tell is ``unknown``.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from tenure.metrics.amounts import ZERO, add
from tenure.metrics.inputs import Subscription
from tenure.metrics.mrr import COUNTING, LIVE, SubscriptionMrr

SOON = timedelta(days=90)
ENDED = ("expired", "failed")

Results = Sequence[tuple[Subscription, SubscriptionMrr]]
Outlooks = dict[str, tuple[int, dict[str, Fraction]]]


def outlooks(results: Results, as_of: datetime) -> Outlooks:
    """By outlook how many subscriptions have it, and their monthly amounts by currency."""
    found: Outlooks = {}
    for sub, result in results:
        if result.status in LIVE or result.mrr is None:
            _enter(found, outlook(sub, result, as_of), sub.currency, weight(result))
    ended = [sub for sub, result in results if result.status in ENDED]
    if ended and not found and len(ended) == len(results):
        found["ended"] = (len(ended), {})
    return found


def outlook(sub: Subscription, result: SubscriptionMrr, as_of: datetime) -> str:
    """The one word for a live subscription."""
    if result.mrr is None:
        return "unknown"
    if result.status == "paused":
        return "paused"
    if "cancelling" in result.flags:
        return "cancelling"
    if sub.auto_renew is not False:
        return "auto_renew"
    ends = sub.current_term_ends_at
    return "ends_soon" if ends and ends - as_of <= SOON else "ends_later"


def weight(result: SubscriptionMrr) -> Fraction:
    """What a subscription counts among the others, per month."""
    if result.status == "paused":
        return result.monthly or ZERO
    return (result.mrr or ZERO) if result.status in COUNTING else ZERO


def ended_at(results: Results) -> datetime | None:
    """When the last subscription ended; None while one is live, yet to start or cannot be told."""
    if not results or any(result.status not in ENDED for _, result in results):
        return None
    return max(_known(sub.expires_at or sub.canceled_at for sub, _ in results), default=None)


def _enter(found: Outlooks, word: str, currency: str, amount: Fraction) -> None:
    count, sums = found.get(word, (0, {}))
    add(sums, currency, amount)
    found[word] = (count + 1, sums)


def _known(instants: Iterable[datetime | None]) -> list[datetime]:
    return [at for at in instants if at]
