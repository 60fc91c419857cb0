"""A converted total: each currency's amount times the rate in force, and the day of that rate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from tenure.core.money import Money
from tenure.metrics.amounts import ZERO, displayed, stored
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.rates import in_force


@dataclass(frozen=True, slots=True)
class Leg:
    """One currency: its amount, the rate, and what it comes to. ``day`` is that of the rate, None for
    the workspace's own currency; ``derived`` says how a rate nobody entered was made. Without a rate
    there is no amount."""

    amount: Money
    rate: Fraction | None
    converted: Money | None
    day: date | None
    derived: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """The converted total and its legs, which add up to it; None where a rate is missing."""

    currency: str
    total: Money | None
    legs: tuple[Leg, ...]
    rounding: Money | None = None


def total(amounts: Iterable[Money], now: datetime, settings: Settings) -> Total | None:
    """How the converted total of exact amounts is made; None when there is nothing to convert."""
    held = [money for money in amounts if money]
    if not held or [money.currency for money in held] == [settings.currency]:
        return None
    day = local_day(now, settings.zone)
    rates = in_force(day, settings)
    legs, exact = [], ZERO
    for money in held:
        quote = rates.on(money.currency, settings.currency, day)
        if quote is None:
            legs.append(Leg(money, None, None, None))
            continue
        amount = Fraction(money.amount) * quote.rate
        exact += amount
        shown = Money(displayed(amount, settings.currency), settings.currency)
        derived = f"{quote.derived} through {quote.via}" if quote.via else quote.derived
        legs.append(Leg(money, quote.rate, shown, quote.day, derived))
    if any(leg.converted is None for leg in legs):
        return Total(settings.currency, None, tuple(legs))
    whole = Money(displayed(stored(exact), settings.currency), settings.currency)
    parts = sum((leg.converted.amount for leg in legs if leg.converted), whole.amount * 0)
    missed = whole.amount - parts
    rounding = Money(missed, settings.currency) if missed else None
    return Total(settings.currency, whole, tuple(legs), rounding)
