"""How recurring revenue moved between two days, account by account (METRICS section 5).

An account is new, reactivated, expanded, contracted, churned or unchanged, all its subscriptions and
sites taken together: losing one of two is a contraction. Losses are negative. What exchange rates
alone moved is a line of its own, so that start + movements + fx = end, exactly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from tenure.metrics.amounts import ZERO


class Movement(StrEnum):
    """What became of an account's MRR."""

    NEW = "new"
    REACTIVATION = "reactivation"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"
    UNCHANGED = "unchanged"


MOVING: tuple[Movement, ...] = tuple(kind for kind in Movement if kind != Movement.UNCHANGED)


@dataclass(frozen=True, slots=True)
class Position:
    """One account's MRR on the two days, by currency, with the rates into the total's currency.

    ``paid_before`` says that it had MRR before the first day. ``start_paused`` and ``end_paused``
    say that a paused subscription was there.
    """

    account: str
    start: Mapping[str, Fraction]
    end: Mapping[str, Fraction]
    start_rates: Mapping[str, Fraction] = field(default_factory=dict)
    end_rates: Mapping[str, Fraction] = field(default_factory=dict)
    paid_before: bool = False
    start_paused: bool = False
    end_paused: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """One account's movement, at the second day's rates; ``fx`` is what rates alone did."""

    account: str
    movement: Movement
    amount: Fraction
    fx: Fraction
    start: Fraction
    end: Fraction
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Movements:
    """All accounts' movements with their sums by kind. Accounts of which a rate is missing are in
    ``unknown`` and in no sum."""

    accounts: tuple[Moved, ...]
    start: Fraction
    end: Fraction
    fx: Fraction
    sums: Mapping[Movement, Fraction]
    unknown: tuple[str, ...] = ()


def movements(positions: Iterable[Position], *, pause_as_churn: bool = False) -> Movements:
    """The movements of these accounts between the two days."""
    moved: list[Moved] = []
    unknown: list[str] = []
    for position in positions:
        one = movement_of(position, pause_as_churn=pause_as_churn)
        if one is None:
            unknown.append(position.account)
        else:
            moved.append(one)
    sums: dict[Movement, Fraction] = {
        kind: sum((m.amount for m in moved if m.movement == kind), ZERO) for kind in MOVING
    }
    return Movements(
        accounts=tuple(moved),
        start=sum((m.start for m in moved), ZERO),
        end=sum((m.end for m in moved), ZERO),
        fx=sum((m.fx for m in moved), ZERO),
        sums=sums,
        unknown=tuple(unknown),
    )


def movement_of(position: Position, *, pause_as_churn: bool = False) -> Moved | None:
    """One account's movement, classified at the second day's rates; None when a rate is missing."""
    start = total(position.start, position.start_rates)
    before = total(position.start, position.end_rates)
    after = total(position.end, position.end_rates)
    if start is None or before is None or after is None:
        return None
    movement, reason = _classified(position, before, after, pause_as_churn=pause_as_churn)
    return Moved(position.account, movement, after - before, before - start, start, after, reason)


def total(amounts: Mapping[str, Fraction], rates: Mapping[str, Fraction]) -> Fraction | None:
    """The amounts in the total's currency; None when a rate of an amount is missing."""
    found = ZERO
    for currency, amount in amounts.items():
        rate = rates.get(currency)
        if rate is None:
            if amount:
                return None
            continue
        found += amount * rate
    return found


def _classified(
    position: Position, before: Fraction, after: Fraction, *, pause_as_churn: bool
) -> tuple[Movement, str | None]:
    if before == after:
        return Movement.UNCHANGED, None
    if before <= 0:
        return _won(position, pause_as_churn=pause_as_churn)
    if after <= 0:
        if position.end_paused and not pause_as_churn:
            return Movement.CONTRACTION, "pause"
        return Movement.CHURN, "pause" if position.end_paused else None
    return (Movement.EXPANSION if after > before else Movement.CONTRACTION), None


def _won(position: Position, *, pause_as_churn: bool) -> tuple[Movement, str | None]:
    if position.start_paused:
        # A pause was never a loss of the customer, so its end is no win of one.
        return (Movement.REACTIVATION if pause_as_churn else Movement.EXPANSION), "resume"
    return (Movement.REACTIVATION if position.paid_before else Movement.NEW), None
