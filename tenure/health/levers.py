"""What could be done about a score: levers, each moved in whole steps from nothing to its most.

A step is the smallest that exists: a cent paid or earned, one subscription secured, one invoice paid
on time, one failed payment grown old. Moving a lever further never makes a score worse, because the
points of every measure go one way; that is what lets the smallest move be found exactly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from tenure.health.measures import past_due_months
from tenure.health.score import ON_TIME_NEEDS
from tenure.health.scorer import Values, millionths

ZERO = Fraction(0)
MOST_ON_TIME = 24
FULL = Fraction(100)


@dataclass(frozen=True, slots=True)
class Debt:
    """An invoice that is past due. ``balance`` is in the currency everything is compared in;
    ``final`` says that its last reminder was sent. ``key`` is whatever the caller knows it by."""

    key: object
    days: int
    balance: Fraction
    final: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """A live subscription with its weight among the others and the points of its outlook."""

    key: object
    weight: Fraction
    points: Fraction
    outlook: str


@dataclass(frozen=True, slots=True)
class Situation:
    """An account as far as somebody could change it; ``base`` are its raw values as they are.
    ``unit`` is the smallest amount of money. ``failures`` are the days on which each failed payment
    will have grown old, the first of them first; ``failed`` are invoices that failed lately; ``held``
    are last known values of what cannot be told now."""

    base: Values
    events: frozenset[str]
    unit: Fraction
    debts: Sequence[Debt] = ()
    mrr: Fraction = ZERO
    mrr_before: Fraction = ZERO
    on_time: int = 0
    considered: int = 0
    agreements: Sequence[Agreement] = ()
    failures: Sequence[date] = ()
    failed: Sequence[object] = ()
    touched: frozenset[str] = field(default_factory=frozenset)
    held: Values = field(default_factory=dict)

    @property
    def values(self) -> dict[str, int | None]:
        """The raw values, those that a lever touched computed anew."""
        made: dict[str, Callable[[], Fraction | int | None]] = {
            "oldest_past_due_days": lambda: max((one.days for one in self.debts), default=0),
            "past_due_months_of_mrr": lambda: past_due_months(self.owed, self.mrr),
            "on_time_rate_12m": lambda: Fraction(self.on_time, self.considered),
            "mrr_trend_90d": lambda: self.mrr / self.mrr_before - 1,
            "renewal_outlook": self._outlook,
            "payment_failures_90d": lambda: len(self.failures),
        }
        found = dict(self.base)
        for name in self.touched:
            value = made[name]()
            found[name] = None if value is None else millionths(value)
        return found

    @property
    def owed(self) -> Fraction:
        """Everything past due."""
        return sum((one.balance for one in self.debts), ZERO)

    def _outlook(self) -> Fraction:
        weight = sum((one.weight for one in self.agreements), ZERO)
        if not weight:
            return sum((one.points for one in self.agreements), ZERO) / len(self.agreements)
        return sum((one.weight * one.points for one in self.agreements), ZERO) / weight


@dataclass(frozen=True, slots=True)
class Lever:
    """Something to do: its name, how many steps there are, and what so many of them make."""

    name: str
    most: int
    apply: Callable[[Situation, int], Situation]


def levers(situation: Situation) -> list[Lever]:
    """What could be done here. Paying has two orders, because a last reminder can weigh more than
    age: the oldest first, or those with a last reminder first; one of the two is the cheapest way."""
    found = []
    if situation.debts:
        owed = int(situation.owed / situation.unit) + (situation.owed % situation.unit > 0)
        found.append(Lever("pay", owed, pay))
        if any(one.final for one in situation.debts):
            found.append(Lever("pay_reminded", owed, pay_reminded))
    if situation.failed:
        found.append(Lever("settle", 1, settle))
    risky = [one for one in situation.agreements if one.points < FULL]
    if risky and situation.base.get("renewal_outlook") is not None:
        found.append(Lever("secure", len(risky), secure))
    if situation.considered >= ON_TIME_NEEDS and situation.on_time < situation.considered:
        found.append(Lever("on_time", MOST_ON_TIME, pay_on_time))
    if situation.mrr > 0:
        found.append(
            Lever("grow", int(max(situation.mrr, situation.mrr_before) / situation.unit), grow)
        )
    if situation.failures:
        found.append(Lever("wait", len(situation.failures), wait))
    return found


def pay(situation: Situation, steps: int) -> Situation:
    """So much paid on what is past due, the oldest first."""
    return _paid(situation, steps, sorted(situation.debts, key=lambda one: -one.days))


def pay_reminded(situation: Situation, steps: int) -> Situation:
    """So much paid, first where the last reminder was sent and then the oldest."""
    return _paid(
        situation, steps, sorted(situation.debts, key=lambda one: (not one.final, -one.days))
    )


def _paid(situation: Situation, steps: int, order: Sequence[Debt]) -> Situation:
    money, left = steps * situation.unit, []
    for one in order:
        part = min(money, one.balance)
        money -= part
        if part < one.balance:
            left.append(replace(one, balance=one.balance - part))
    events = situation.events
    if not any(one.final for one in left):
        events -= {"final_dunning"}
    measures = {"oldest_past_due_days", "past_due_months_of_mrr"}
    return _touching(situation, measures, debts=tuple(left), events=events)


def settle(situation: Situation, steps: int) -> Situation:
    """The invoices that failed lately settled, all of them."""
    events = situation.events - {"failed_90"} if steps else situation.events
    return replace(situation, events=events, failed=() if steps else situation.failed)


def secure(situation: Situation, steps: int) -> Situation:
    """So many subscriptions made to renew by themselves, those that gain most first."""
    chosen = {id(one) for one in risky(situation)[:steps]}
    agreed = tuple(
        replace(one, points=FULL, outlook="auto_renew") if id(one) in chosen else one
        for one in situation.agreements
    )
    return _touching(situation, {"renewal_outlook"}, agreements=agreed)


def risky(situation: Situation) -> list[Agreement]:
    """Subscriptions that do not renew by themselves, those that gain most first."""
    weighed = any(one.weight for one in situation.agreements)
    found = [one for one in situation.agreements if one.points < FULL]
    return sorted(found, key=lambda one: -(FULL - one.points) * (one.weight if weighed else 1))


def pay_on_time(situation: Situation, steps: int) -> Situation:
    """So many invoices more, all paid on time."""
    on_time, considered = situation.on_time + steps, situation.considered + steps
    return _touching(situation, {"on_time_rate_12m"}, on_time=on_time, considered=considered)


def grow(situation: Situation, steps: int) -> Situation:
    """So much more MRR."""
    return _touching(
        situation,
        {"mrr_trend_90d", "past_due_months_of_mrr"},
        mrr=situation.mrr + steps * situation.unit,
    )


def wait(situation: Situation, steps: int) -> Situation:
    """So many failed payments grown older than ninety days, and no new one."""
    return _touching(situation, {"payment_failures_90d"}, failures=situation.failures[steps:])


def _touching(situation: Situation, measures: set[str], **changed: object) -> Situation:
    # What is missing stays missing: a lever moves figures, it does not make data known.
    known = {name for name in measures if situation.base.get(name) is not None}
    return replace(situation, touched=situation.touched | known, **changed)  # type: ignore[arg-type]
