"""One currency for amounts of many days: which rate each currency had on each day of a range."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tenure.metrics.inputs import Settings
from tenure.metrics.rates import table

PLACES = 18


@dataclass(frozen=True, slots=True)
class Conversion:
    """Into ``currency``; ``rate`` answers what one unit of a currency was on a day, None when there
    is no rate."""

    currency: str
    rate: Callable[[str, date], Fraction | None]


def to_workspace_currency(settings: Settings) -> Conversion:
    """Into the workspace's currency, by the rates people entered."""
    rates = table(settings)

    def rate(source: str, day: date) -> Fraction | None:
        quote = rates.on(source, settings.currency, day)
        return quote.rate if quote else None

    return Conversion(settings.currency, rate)


@dataclass(frozen=True, slots=True)
class Span:
    """A rate that held from ``first`` to ``last``, both included; None is a missing one."""

    currency: str
    first: date
    last: date
    rate: Decimal | None


def spans(conversion: Conversion, currencies: Iterable[str], first: date, last: date) -> list[Span]:
    """The rates of these currencies on the days of a range, as spans of days with one rate. Derived
    rates are cut at eighteen decimals, so that the database adds them exactly."""
    found: list[Span] = []
    for currency in sorted(set(currencies)):
        day, begun, held = first, first, _decimal(conversion.rate(currency, first))
        while day < last:
            day += timedelta(days=1)
            rate = _decimal(conversion.rate(currency, day))
            if rate != held:
                found.append(Span(currency, begun, day - timedelta(days=1), held))
                begun, held = day, rate
        found.append(Span(currency, begun, last, held))
    return found


def missing(found: Sequence[Span]) -> tuple[str, ...]:
    """The currencies without a rate on some day."""
    return tuple(sorted({span.currency for span in found if span.rate is None}))


def exchanged(
    found: Sequence[Span], totals: Mapping[str, Callable[[date], Decimal]]
) -> list[tuple[date, Decimal]]:
    """What rates alone did, on each day one changed: the new rate less the old one, times what
    there was on the eve. Only for ranges in which no rate is missing."""
    moved: list[tuple[date, Decimal]] = []
    for before, after in itertools.pairwise(found):
        if before.currency != after.currency or before.rate is None or after.rate is None:
            continue
        total = totals.get(after.currency)
        if total:
            amount = (after.rate - before.rate) * total(after.first - timedelta(days=1))
            moved.append((after.first, amount))
    return moved


def _decimal(rate: Fraction | None) -> Decimal | None:
    if rate is None:
        return None
    top, bottom = rate.as_integer_ratio()
    scale = 10**PLACES
    return Decimal((top * scale * 2 + bottom) // (2 * bottom)).scaleb(-PLACES)
