"""How recurring revenue moved between two days, all accounts together.

MRR on a day is what it was at that day's end, in the workspace's time zone. A range runs from the end
of ``start`` to the end of ``end``. Two ways to sum it up (METRICS section 5): *gross* adds each day's
movements, so fifty up and fifty down shows both; *net* compares the ends. Without ``conversion`` every
currency is told by itself; with it there is one total, with what exchange rates did as a line of its
own, or none when a rate is missing. Always, exactly:

    start + new + reactivation + expansion + contraction + churn + fx = end

The accounts behind a sum are in ``movers``, what became of those of a first day in ``retained``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tenure.metrics import series_sql
from tenure.metrics.conversion import Conversion
from tenure.metrics.exchanging import Held, held, rated
from tenure.metrics.movements import MOVING, Movement
from tenure.metrics.series_sql import Question, rows

NONE = Decimal(0)
Amounts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Moves:
    """How MRR went from ``start`` to ``end`` in one currency. ``times`` counts movements when they
    are gross, accounts when net; ``reasons`` splits each sum as far as a reason is known. When a
    rate is ``missing`` there are no amounts. ``rebuilt``: some of it is reconstructed or inferred."""

    currency: str
    start: Decimal | None
    end: Decimal | None
    fx: Decimal | None = NONE
    sums: Mapping[Movement, Decimal] = field(default_factory=dict)
    times: Mapping[Movement, int] = field(default_factory=dict)
    reasons: Mapping[Movement, Amounts] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    rebuilt: bool = False
    gross: bool = True


@dataclass(frozen=True, slots=True)
class Month:
    """A month, by its first day, with its movements by currency or in the one asked for."""

    first: date
    moves: tuple[Moves, ...]


def movements_between(
    start: date,
    end: date,
    *,
    currency: str | None = None,
    conversion: Conversion | None = None,
    site: int | None = None,
    gross: bool = True,
    pause_as_churn: bool = False,
) -> tuple[Moves, ...]:
    """The movements of all accounts from the end of ``start`` to the end of ``end``: one answer for
    each currency there is, or one in all with ``conversion``."""
    asked = Question(start, end, site, currency, gross=gross, pause_as_churn=pause_as_churn)
    return _months(asked, conversion)[0].moves


def months(
    first: date,
    last: date,
    *,
    currency: str | None = None,
    conversion: Conversion | None = None,
    site: int | None = None,
    gross: bool = True,
    pause_as_churn: bool = False,
    until: date | None = None,
) -> list[Month]:
    """The movements of each month from that of ``first`` to that of ``last``, the last one up to
    ``until`` when it is not over. Each month starts where the one before it ended."""
    begin = first.replace(day=1) - timedelta(days=1)
    end = _month_end(last)
    asked = Question(
        begin,
        min(end, until) if until else end,
        site,
        currency,
        gross=gross,
        monthly=True,
        pause_as_churn=pause_as_churn,
    )
    return _months(asked, conversion)


def codes() -> list[str]:
    """Every currency there ever was revenue in."""
    return [row[0] for row in rows(series_sql.CODES, {})]


def deltas_of(asked: Question) -> dict[str, list[tuple[date, Decimal]]]:
    """What the MRR of each currency moved by on each day; what came before on the first."""
    found: dict[str, list[tuple[date, Decimal]]] = {}
    for code, day, amount in rows(series_sql.daily(asked), asked.values):
        found.setdefault(code, []).append((day, amount))
    return found


def _months(asked: Question, conversion: Conversion | None) -> list[Month]:
    """The question's movements, a month or all in one."""
    cuts = _cuts(asked)
    told = _gross(asked, conversion) if asked.gross else _net(asked, conversion, cuts)
    if told.held.missing:
        target, lacking = told.held.asked.target or "", told.held.missing
        none = Moves(target, None, None, None, missing=lacking, gross=asked.gross)
        return [Month(first, (none,)) for first, _, _ in cuts]
    return [Month(first, _told(told, first, start, end)) for first, start, end in cuts]


@dataclass(slots=True)
class _Sums:
    sums: dict[Movement, Decimal] = field(default_factory=lambda: dict.fromkeys(MOVING, NONE))
    times: dict[Movement, int] = field(default_factory=lambda: dict.fromkeys(MOVING, 0))
    reasons: dict[Movement, dict[str, Decimal]] = field(default_factory=dict)
    rebuilt: bool = False

    def add(
        self, movement: Movement, reason: str | None, times: int, amount: Decimal, *, rebuilt: bool
    ) -> None:
        self.sums[movement] += amount
        self.times[movement] += times
        self.rebuilt = self.rebuilt or rebuilt
        if reason:
            known = self.reasons.setdefault(movement, {})
            known[reason] = known.get(reason, NONE) + amount


@dataclass(frozen=True, slots=True)
class _Told:
    """What there was, and the sums by month (None for all in one) and currency."""

    held: Held
    sums: Mapping[date | None, Mapping[str, _Sums]]


def _gross(asked: Question, conversion: Conversion | None) -> _Told:
    """One pass over the steps: those of accounts with one currency on one site are added up between
    the days on which a month begins or a rate changes, and exchanged there; the few others are put
    together account by account."""
    asked = rated(asked, conversion, codes() if conversion else ())
    firsts = {first for first, _, _ in _cuts(asked)} | {span.first for span in asked.rates}
    cuts = sorted({asked.start, *firsts})
    alone: list[tuple[Any, ...]] = []
    deltas: dict[str, dict[date, Decimal]] = {}
    values = asked.values | {"cuts": cuts}
    for code, place, movement, *told, amount in rows(series_sql.by_stretch(asked), values):
        day = cuts[max(0, place - 1)]
        days = deltas.setdefault(code, {})
        days[day] = days.get(day, NONE) + amount
        if movement:
            alone.append((code, day, movement, *told, amount))
    known = held(asked, {code: sorted(days.items()) for code, days in deltas.items()})
    if known.missing:
        return _Told(known, {})
    found: dict[date | None, dict[str, _Sums]] = {}
    for code, day, movement, reason, rebuilt, times, amount in alone:
        at = day.replace(day=1) if asked.monthly else None
        worth = amount * known.rate(code, day) if asked.target else amount
        one = found.setdefault(at, {}).setdefault(asked.target or code, _Sums())
        one.add(Movement(movement), reason, times, worth, rebuilt=rebuilt)
    _add(found, series_sql.sums(known.asked, shared=True), known.asked)
    return _Told(known, found)


def _net(
    asked: Question, conversion: Conversion | None, cuts: Iterable[tuple[date, date, date]]
) -> _Told:
    deltas = deltas_of(asked)
    known = held(rated(asked, conversion, deltas), deltas, [end for _, _, end in cuts])
    found: dict[date | None, dict[str, _Sums]] = {}
    if not known.missing:
        _add(found, series_sql.sums(known.asked), known.asked)
    return _Told(known, found)


def _add(found: dict[date | None, dict[str, _Sums]], statement: str, asked: Question) -> None:
    for at, code, movement, reason, rebuilt, times, amount in rows(statement, asked.values):
        one = found.setdefault(at, {}).setdefault(code, _Sums())
        one.add(Movement(movement), reason, times, amount, rebuilt=rebuilt)


def _told(told: _Told, first: date, start: date, end: date) -> tuple[Moves, ...]:
    known, asked = told.held, told.held.asked
    found = told.sums.get(first if asked.monthly else None, {})
    if asked.target:
        one = found.get(asked.target, _Sums())
        fx = known.by_rates(start, end)
        return (_one(asked, asked.target, known.at(start), known.at(end), fx, one),)
    return tuple(
        _one(asked, code, total(start), total(end), NONE, found.get(code, _Sums()))
        for code, total in sorted(known.totals.items())
    )


def _one(
    asked: Question, code: str, start: Decimal, end: Decimal, fx: Decimal, one: _Sums
) -> Moves:
    return Moves(
        code, start, end, fx, one.sums, one.times, one.reasons, (), one.rebuilt, asked.gross
    )


def _cuts(asked: Question) -> list[tuple[date, date, date]]:
    """Each month, or the range as one: its first day, and the days at whose ends it starts and ends."""
    if not asked.monthly:
        return [(asked.start + timedelta(days=1), asked.start, asked.end)]
    cuts, start = [], asked.start
    while start < asked.end:
        first = start + timedelta(days=1)
        end = min(_month_end(first), asked.end)
        cuts.append((first, start, end))
        start = end
    return cuts


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
