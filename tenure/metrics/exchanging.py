"""What each currency held on the days of a range, and what that comes to in one currency.

A rate is needed only on a day on which there was something to convert: customers who pay in a currency
since March ask for no rate of February.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tenure.metrics.conversion import Conversion, Span, exchanged, spans
from tenure.metrics.series_sql import Question

NONE = Decimal(0)
Deltas = Mapping[str, Sequence[tuple[date, Decimal]]]


@dataclass(frozen=True, slots=True)
class Held:
    """What each currency held at the end of each day, with ``asked`` now knowing the rates it needs;
    ``missing`` are the currencies of which one is not known."""

    asked: Question
    totals: Mapping[str, Callable[[date], Decimal]]
    missing: tuple[str, ...] = ()

    def at(self, day: date, rates_of: date | None = None) -> Decimal:
        """What there was at the end of a day in the currency asked for, at that day's rates or those of
        another."""
        return sum(
            (
                self.totals[span.currency](day) * span.rate
                for span in self._on(rates_of or day)
                if span.rate is not None
            ),
            NONE,
        )

    def by_rates(self, start: date, end: date) -> Decimal:
        """What rates alone did: day by day when movements are gross, between the ends when net."""
        if self.asked.gross:
            moved = exchanged(self.asked.rates, self.totals)
            return sum((amount for day, amount in moved if start < day <= end), NONE)
        return self.at(start, end) - self.at(start)

    def rate(self, currency: str, day: date) -> Decimal:
        """What one unit of the currency was on a day; none of those asked for is missing."""
        known = (span.rate for span in self._on(day) if span.currency == currency)
        return next(known) or NONE

    def _on(self, day: date) -> Iterable[Span]:
        return (span for span in self.asked.rates if span.first <= day <= span.last)


def rated(asked: Question, conversion: Conversion | None, currencies: Iterable[str]) -> Question:
    """The question with the rates of these currencies on its days."""
    if conversion is None:
        return asked
    found = spans(conversion, currencies, asked.start, asked.end)
    return replace(asked, target=conversion.currency, rates=found)


def held(asked: Question, deltas: Deltas, ends: Iterable[date] = ()) -> Held:
    """What there was, given what it moved by on each day. ``ends`` are the days whose rates count when
    only the ends are compared."""
    totals = {code: _total(moves) for code, moves in deltas.items()}
    rates = [span for span in asked.rates if span.currency in totals]
    days = None if asked.gross else sorted({asked.start, asked.end, *ends})
    lacking = {s.currency for s in rates if s.rate is None and _needed(s, deltas, totals, days)}
    return Held(replace(asked, rates=rates), totals, tuple(sorted(lacking)))


def _needed(
    span: Span,
    deltas: Deltas,
    totals: Mapping[str, Callable[[date], Decimal]],
    days: Collection[date] | None,
) -> bool:
    """Whether something had to be converted on a day of the span."""
    total = totals[span.currency]
    moved = any(span.first <= day <= span.last for day, _ in deltas[span.currency])
    if days is None:
        return moved or bool(total(span.first))
    within = [day for day in days if span.first <= day <= span.last]
    return bool(within) and (moved or any(map(total, within)) or bool(total(min(days))))


def _total(moves: Sequence[tuple[date, Decimal]]) -> Callable[[date], Decimal]:
    days, sums = [], [NONE]
    for day, amount in moves:
        days.append(day)
        sums.append(sums[-1] + amount)
    return lambda day: sums[bisect_right(days, day)]
