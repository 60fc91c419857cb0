"""Recurring revenue over time: of one account, of all, and how it moved between two days.

An account's MRR on a day is what it was at that day's end, in the workspace's time zone. A range
runs from the end of ``start`` to the end of ``end``. Two ways to sum it up (METRICS section 5):
*gross* adds each day's movements, so fifty up and fifty down shows both; *net* compares the ends.
Without ``conversion`` every currency is told by itself; with it there is one total, with what
exchange rates did as a line of its own, or none when a rate is missing. Always, exactly:

    start + new + reactivation + expansion + contraction + churn + fx = end
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from tenure.metrics import series_sql
from tenure.metrics.conversion import Conversion, exchanged, missing, spans
from tenure.metrics.movements import MOVING, Movement
from tenure.metrics.series_sql import Question

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
class AccountMove:
    """An account behind a movement: from what to what, why, and on which day it moved last.
    ``times`` is how often within the range."""

    account_id: int
    identifier: str
    name: str
    currency: str
    movement: Movement
    amount: Decimal
    times: int
    day: date
    start: Decimal
    end: Decimal
    reasons: tuple[str, ...]
    rebuilt: bool


@dataclass(frozen=True, slots=True)
class MovesPage:
    """Accounts with the largest amounts first; ``next`` continues, None at the end."""

    rows: tuple[AccountMove, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of the first day's MRR, and of its accounts, was there on the second (METRICS 7), as
    shares; None for an empty cohort or where a rate is missing."""

    currency: str
    accounts: int
    start: Decimal | None
    nrr: Decimal | None = None
    grr: Decimal | None = None
    logo_churn: Decimal | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """An account's MRR by currency from ``day`` on, and how it is known; ``paused`` is what a
    subscription that rests there says of itself."""

    day: date
    mrr: Amounts
    kind: str
    paused: bool = False


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
    told = _months(asked, conversion)
    return told[0].moves


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


def account_movements(
    start: date,
    end: date,
    *,
    movement: Movement | None = None,
    reason: str | None = None,
    currency: str | None = None,
    conversion: Conversion | None = None,
    site: int | None = None,
    gross: bool = True,
    pause_as_churn: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> MovesPage:
    """The accounts behind ``movements_between``, of one movement or all: their amounts add up to its
    sums. Empty where a rate is missing."""
    asked = Question(start, end, site, currency, gross=gross, pause_as_churn=pause_as_churn)
    asked, _, lacking = _exchanged(asked, conversion)
    if lacking:
        return MovesPage((), None)
    size, account, kind = _place(cursor)
    values = asked.values | {
        "movement": movement.value if movement else None,
        "reason": reason,
        "from_size": size,
        "from_account": account,
        "from_movement": kind,
        "limit": limit + 1,
    }
    found = [_account_move(*row) for row in _rows(series_sql.listed(asked), values)]
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    after = f"{abs(last.amount)}:{last.account_id}:{last.movement}" if last else None
    return MovesPage(tuple(shown), after)


def _account_move(
    account_id: int,
    identifier: str,
    name: str,
    currency: str,
    movement: str,
    *told: Any,
) -> AccountMove:
    amount, times, day, start, end, reasons, rebuilt = told
    return AccountMove(
        account_id=account_id,
        identifier=identifier,
        name=name,
        currency=currency,
        movement=Movement(movement),
        amount=amount,
        times=times,
        day=day,
        start=start,
        end=end,
        reasons=tuple(reasons),
        rebuilt=rebuilt,
    )


def retention_between(
    start: date,
    end: date,
    *,
    currency: str | None = None,
    conversion: Conversion | None = None,
    site: int | None = None,
    pause_as_churn: bool = False,
) -> tuple[Kept, ...]:
    """What became of the accounts that had MRR at the end of ``start``, at constant exchange rates:
    those of ``end``."""
    asked = Question(start, end, site, currency, gross=False, pause_as_churn=pause_as_churn)
    asked, totals, lacking = _exchanged(asked, conversion)
    if lacking:
        return (Kept(asked.target or "", 0, None, missing=lacking),)
    count = dict(_rows(series_sql.cohort(asked), asked.values))
    lost = {row[0]: row[1:] for row in _rows(series_sql.lost(asked), asked.values)}
    if asked.target:
        start_sums = {asked.target: _in_target(asked, totals, start, at=end)}
    else:
        start_sums = {code: total(start) for code, total in totals.items()}
    return tuple(
        _kept(code, int(count.get(code, 0)), amount, lost.get(code, (NONE, NONE, 0)))
        for code, amount in sorted(start_sums.items())
    )


def mrr_at(
    account_ids: Iterable[int] | None, day: date, *, site: int | None = None
) -> dict[int, dict[str, Decimal]]:
    """MRR by currency at the end of a day, of these accounts or of all; without those that had
    none."""
    ids = None if account_ids is None else list(account_ids)
    found: dict[int, dict[str, Decimal]] = {}
    values = {"ids": ids, "day": day, "site": site}
    for account, code, amount in _rows(_AT, values):
        found.setdefault(account, {})[code] = amount
    return found


_AT = """
    SELECT account_id, currency, sum(mrr) FROM (
        SELECT DISTINCT ON (account_id, site_id, currency) account_id, currency, mrr
        FROM metrics_mrrstep
        WHERE day <= %(day)s AND (%(ids)s::bigint[] IS NULL OR account_id = ANY(%(ids)s))
            AND (%(site)s::bigint IS NULL OR site_id = %(site)s)
        ORDER BY account_id, site_id, currency, day DESC
    ) last GROUP BY account_id, currency HAVING sum(mrr) <> 0
"""


def account_series(
    account_id: int, start: date, end: date, *, known_at: datetime | None = None
) -> list[SeriesPoint]:
    """An account's MRR from ``start`` to ``end``: the point in force at first, then one for each day
    on which it moved. With ``known_at`` as it was known at that instant."""
    held: dict[int, tuple[str, Decimal | None, str, str]] = {}
    points: list[SeriesPoint] = []
    values = {"account": account_id, "end": end, "known": known_at}
    for day, rows in _by_day(_rows(_POINTS, values)):
        for _, subscription, *point in rows:
            code, amount, status, kind = point
            known = held.get(subscription)
            if amount is None and known:
                code, amount = known[0], known[1]
            held[subscription] = code, amount, status, kind
        point_now = _series_point(max(day, start), held)
        if points and points[-1].day == point_now.day:
            points.pop()
        if not points or replace(point_now, day=points[-1].day) != points[-1]:
            points.append(point_now)
    return points


_POINTS = """
    SELECT DISTINCT ON (p.day, p.subscription_id)
           p.day, p.subscription_id, p.currency, p.mrr, p.status, p.kind
    FROM customers_subscription s JOIN metrics_mrrpoint p ON p.subscription_id = s.id
    WHERE s.account_id = %(account)s AND p.day <= %(end)s
        AND (%(known)s::timestamptz IS NULL OR p.recorded_at <= %(known)s)
    ORDER BY p.day, p.subscription_id, p.recorded_at DESC, p.id DESC
"""
_KINDS = ("snapshot", "reconstructed", "inferred")


def _series_point(
    day: date, held: Mapping[int, tuple[str, Decimal | None, str, str]]
) -> SeriesPoint:
    sums: dict[str, Decimal] = {}
    kind, paused = 0, False
    for code, amount, status, how in held.values():
        if amount:
            sums[code] = sums.get(code, NONE) + amount
            kind = max(kind, _KINDS.index(how))
        paused = paused or status == "paused"
    if not sums:
        kind = max((_KINDS.index(how) for *_, how in held.values()), default=0)
    return SeriesPoint(day, dict(sorted(sums.items())), _KINDS[kind], paused)


def _by_day(rows: Sequence[Any]) -> Iterable[tuple[date, list[Any]]]:
    groups: dict[date, list[Any]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    return groups.items()


def _months(asked: Question, conversion: Conversion | None) -> list[Month]:
    """The question's movements, a month or all in one."""
    asked, totals, lacking = _exchanged(asked, conversion)
    cuts = _cuts(asked)
    if lacking:
        none = Moves(asked.target or "", None, None, None, missing=lacking, gross=asked.gross)
        return [Month(first, (none,)) for first, _, _ in cuts]
    found: dict[date | None, dict[str, _Sums]] = {}
    for at, code, movement, reason, whole, times, amount, rebuilt in _rows(
        series_sql.sums(asked), asked.values
    ):
        one = found.setdefault(at, {}).setdefault(code, _Sums())
        one.add(Movement(movement), reason, amount, times, whole=whole, rebuilt=rebuilt)
    return [
        Month(first, _told(asked, totals, start, end, found.get(first if asked.monthly else None)))
        for first, start, end in cuts
    ]


@dataclass(slots=True)
class _Sums:
    sums: dict[Movement, Decimal] = field(default_factory=lambda: dict.fromkeys(MOVING, NONE))
    times: dict[Movement, int] = field(default_factory=lambda: dict.fromkeys(MOVING, 0))
    reasons: dict[Movement, dict[str, Decimal]] = field(default_factory=dict)
    rebuilt: bool = False

    def add(
        self,
        movement: Movement,
        reason: str | None,
        amount: Decimal,
        times: int,
        *,
        whole: bool,
        rebuilt: bool,
    ) -> None:
        if whole:
            self.sums[movement], self.times[movement] = amount, times
            self.rebuilt = self.rebuilt or rebuilt
        elif reason:
            self.reasons.setdefault(movement, {})[reason] = amount


Total = Callable[[date], Decimal]


def _told(
    asked: Question,
    totals: Mapping[str, Total],
    start: date,
    end: date,
    found: Mapping[str, _Sums] | None,
) -> tuple[Moves, ...]:
    found = found or {}
    if asked.target:
        one = found.get(asked.target, _Sums())
        before, after = (_in_target(asked, totals, day, at=day) for day in (start, end))
        fx = _fx(asked, totals, start, end)
        return (_one(asked.target, before, after, fx, one, asked),)
    return tuple(
        _one(code, total(start), total(end), NONE, found.get(code, _Sums()), asked)
        for code, total in sorted(totals.items())
    )


def _one(
    code: str, start: Decimal, end: Decimal, fx: Decimal, one: _Sums, asked: Question
) -> Moves:
    return Moves(
        code, start, end, fx, one.sums, one.times, one.reasons, (), one.rebuilt, asked.gross
    )


def _exchanged(
    asked: Question, conversion: Conversion | None
) -> tuple[Question, Mapping[str, Total], tuple[str, ...]]:
    """The question with the rates it needs, what each currency held, and which rates are missing."""
    moves: dict[str, list[tuple[date, Decimal]]] = {}
    for code, day, amount in _rows(series_sql.daily(asked), asked.values):
        moves.setdefault(code, []).append((day, amount))
    totals = {code: _total(rows) for code, rows in moves.items()}
    if conversion is None:
        return asked, totals, ()
    found = spans(conversion, totals, asked.start, asked.end)
    asked = replace(asked, target=conversion.currency, rates=found)
    return asked, totals, missing(found)


def _total(moves: Sequence[tuple[date, Decimal]]) -> Total:
    days, sums = [], [NONE]
    for day, amount in moves:
        days.append(day)
        sums.append(sums[-1] + amount)
    return lambda day: sums[bisect_right(days, day)]


def _in_target(asked: Question, totals: Mapping[str, Total], day: date, *, at: date) -> Decimal:
    """What there was at the end of a day, at the rates of another."""
    return sum((totals[code](day) * rate for code, rate in _rates_on(asked, at)), NONE)


def _fx(asked: Question, totals: Mapping[str, Total], start: date, end: date) -> Decimal:
    """What rates alone did: day by day when movements are gross, between the ends when net."""
    if asked.gross:
        moved = exchanged(asked.rates, totals)
        return sum((amount for day, amount in moved if start < day <= end), NONE)
    return _in_target(asked, totals, start, at=end) - _in_target(asked, totals, start, at=start)


def _rates_on(asked: Question, day: date) -> Iterable[tuple[str, Decimal]]:
    return (
        (span.currency, span.rate)
        for span in asked.rates
        if span.first <= day <= span.last and span.rate is not None
    )


def _kept(code: str, accounts: int, start: Decimal, lost: tuple[Any, ...]) -> Kept:
    moved, fell, gone = lost
    if not start:
        return Kept(code, accounts, start)
    return Kept(
        code,
        accounts,
        start,
        nrr=(start + moved) / start,
        grr=(start + fell) / start,
        logo_churn=Decimal(int(gone)) / accounts if accounts else None,
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


def _place(cursor: str | None) -> tuple[str | None, int | None, str | None]:
    if cursor is None:
        return None, None, None
    size, account, kind = cursor.split(":")
    return str(Decimal(size)), int(account), Movement(kind).value


def _rows(statement: str, values: Mapping[str, Any]) -> list[Any]:
    with connection.cursor() as db:
        db.execute(statement, values)
        return list(db.fetchall())
