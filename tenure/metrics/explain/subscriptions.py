"""The figures that subscriptions make: which of them count, how each amount is made, and why others
do not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from tenure.core.money import Money
from tenure.customers.models import Subscription as Row
from tenure.metrics.amounts import displayed
from tenure.metrics.explain.notes import notes, why_not
from tenure.metrics.explain.parts import Found, Left, Part
from tenure.metrics.inputs import Settings
from tenure.metrics.ledger_sql import Books, books
from tenure.metrics.mrr import LIVE, price_of
from tenure.metrics.rollup import LEAVING, Measured, account_rollup, changed, committed, unknown
from tenure.metrics.steps import Step, steps
from tenure.metrics.stored import agreements, subscriptions_of


@dataclass(frozen=True, slots=True)
class Rule:
    """Which subscriptions make up a figure, how often a month of each counts, and what is said of
    those that count something but not here."""

    belongs: Callable[[Measured], bool]
    otherwise: str
    times: int = 1


DROPPED = "An invoice of it has been overdue for longer than the settings allow: it counts nothing."


def _counts(one: Measured) -> bool:
    return one.counts


RULES: Mapping[str, Rule | None] = {
    "mrr": Rule(_counts, ""),
    "arr": Rule(_counts, "", times=12),
    "paused_mrr": Rule(lambda one: one.result.status == "paused", "Not paused"),
    "trial_mrr": Rule(lambda one: one.result.status == "trial", "Not in trial"),
    "cancelling_mrr": Rule(
        lambda one: one.counts and bool(one.result.flags & LEAVING), "Goes on: it renews"
    ),
    "past_due_mrr": Rule(
        lambda one: one.counts and bool(one.past_due_days), "No overdue invoice bills it"
    ),
    "committed_mrr": None,
}


def of_account(
    account_id: int, figure: str, now: datetime, settings: Settings
) -> tuple[list[Found], list[Left]]:
    """What the account's subscriptions contribute to the figure, and those that do not."""
    found: list[Found] = []
    left: list[Left] = []
    for one in measured(account_id, now, settings):
        amount, counts, reason = _judged(one, figure, now, settings)
        part = part_of(one, figure, amount if counts else None, now, settings)
        if counts:
            found.append(Found(one.sub.currency, amount, part))
        else:
            left.append(Left(one.sub.currency, reason, part))
    return found, left


def measured(account_id: int, now: datetime, settings: Settings) -> Sequence[Measured]:
    """The account's subscriptions with their results, as its facts are made of them."""
    late = books([account_id], now, settings).get(account_id, Books()).past_due_days
    agreed = subscriptions_of([account_id]).get(account_id, ())
    return account_rollup(agreed, now, settings, past_due_days=late).measured


def _judged(
    one: Measured, figure: str, now: datetime, settings: Settings
) -> tuple[Fraction | None, bool, str]:
    """Its amount, whether it counts, and else why not. An amount of None is one nobody knows."""
    rule = RULES[figure]
    if rule is None:
        return _committed(one, now, settings)
    if not rule.belongs(one):
        return None, False, why_not(one, settings) if not _is_near(one, figure) else rule.otherwise  # fmt: skip
    amount = one.result.mrr if one.counts else one.result.monthly
    return (None if amount is None or unknown(one) else amount * rule.times), True, ""


def _is_near(one: Measured, figure: str) -> bool:
    """Whether it lives, so that what keeps it out is the figure's own rule."""
    return one.result.status in LIVE and figure not in ("mrr", "arr")


def _committed(
    one: Measured, now: datetime, settings: Settings
) -> tuple[Fraction | None, bool, str]:
    if one.result.status != "unknown" and unknown(one):
        return None, True, ""
    amount = None if unknown(one) else committed(one, now, settings)
    if amount is None:
        later = "Starts more than 90 days from now, or on a day that is not known"
        status = one.result.status
        return None, False, later if status == "future" else why_not(one, settings)
    return amount, True, ""


def part_of(
    one: Measured, figure: str, amount: Fraction | None, now: datetime, settings: Settings
) -> Part:
    """A subscription as a part of a figure, with how its amount is made."""
    sub, result, rule = one.sub, one.result, RULES[figure]
    dropped = (DROPPED,) if "dropped_past_due" in result.flags else ()
    price, times = result.price, rule.times if rule else 1
    if rule is None and "pending_change" in result.flags:
        sub = changed(sub)
        price = price_of(sub, now, settings) or price
    return Part(
        kind="subscription",
        label=sub.plan_name or sub.plan_code or sub.id,
        amount=None if amount is None else Money(displayed(amount, sub.currency), sub.currency),
        site_id=int(sub.site),
        upstream_id=sub.id,
        status=result.status,
        steps=steps(sub, price, times) if price else (),
        flags=tuple(sorted(result.flags)),
        notes=(*dropped, *(notes(sub, price, now, settings) if result.status in LIVE else ())),
    )


@dataclass(frozen=True, slots=True)
class Worth:
    """What one subscription is worth a month: ``amount`` is None when that is not known. Where it
    counts nothing, ``why_not`` says why and ``would`` what it would be worth."""

    amount: Money | None
    why_not: str
    would: Money | None
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    flags: tuple[str, ...]


def of_subscription(row: Row, now: datetime, settings: Settings) -> Worth:
    """The MRR of one stored subscription, with how it is made."""
    if row.account_id:
        every = measured(row.account_id, now, settings)
    else:
        alone = agreements([row.pk]).values()
        every = account_rollup(alone, now, settings).measured
    one = next(one for one in every if one.sub.key == (str(row.site_id), row.upstream_id))
    part = part_of(one, "mrr", None if unknown(one) else one.result.mrr, now, settings)
    monthly = one.result.monthly
    return Worth(
        part.amount,
        why_not(one, settings),
        None if monthly is None else Money(displayed(monthly, row.currency), row.currency),
        part.steps,
        part.notes,
        part.flags,
    )
