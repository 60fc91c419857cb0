"""What a rule would have done on stored history: when it would have fired, and what came after.

Each day is asked with what was known at its end, so no rule sees ahead. Attributes whose past is not
kept are asked as they are today, and named in the answer.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from tenure.alerts.aftermath import Event, events_between
from tenure.metrics.offers import FACTS
from tenure.rules.sql import Sql, bound
from tenure.segments.catalogue import catalogue, context
from tenure.segments.inside import inside
from tenure.segments.question import Question, question
from tenure.segments.unseen import unseen

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Firing:
    """The rule would have fired for an account on a day; ``at_stake`` is its MRR then, converted."""

    account_id: int
    day: date
    at: datetime
    at_stake: Decimal | None
    owner_id: int | None


@dataclass(frozen=True, slots=True)
class Follow:
    """How many firings were followed by one kind of event within the horizon, of those for which the
    horizon has passed, and the median days until it."""

    kind: str
    followed: int
    judged: int
    lead_days: float | None
    missed: int


@dataclass(frozen=True)
class Backtest:
    """``per_day`` has every day of the time. ``unseen`` names attributes asked as they are today,
    ``known_since`` is when figures begin: before, nothing can fire. Those before ``measured_since``
    were made out from records that arrived later."""

    rule: str
    since: date
    until: date
    horizon_days: int
    firings: tuple[Firing, ...]
    per_day: Mapping[date, int]
    follows: tuple[Follow, ...]
    unseen: tuple[str, ...]
    known_since: datetime | None
    measured_since: datetime | None
    currency: str = ""

    @property
    def accounts(self) -> int:
        """How many different accounts."""
        return len({one.account_id for one in self.firings})

    @property
    def at_stake(self) -> Decimal:
        """The MRR of the accounts, each counted once, at its first firing."""
        first: dict[int, Decimal] = {}
        for one in self.firings:
            first.setdefault(one.account_id, one.at_stake or Decimal(0))
        return sum(first.values(), Decimal(0))

    @property
    def per_owner(self) -> dict[int | None, int]:
        """Firings by the member who owns the account today."""
        found: dict[int | None, int] = {}
        for one in self.firings:
            found[one.owner_id] = found.get(one.owner_id, 0) + 1
        return found


@dataclass(slots=True)
class _Holding:
    """Since which day the condition has held for an account, and when it last fired."""

    since: date
    fired: bool = False


@dataclass(slots=True)
class _State:
    holding: dict[int, _Holding] = field(default_factory=dict)
    last_fired: dict[int, date] = field(default_factory=dict)


def backtest(
    rule: str,
    since: date,
    *,
    now: datetime,
    for_days: int = 0,
    cooldown_days: int = 7,
    scope: Sequence[int] = (),
    horizon_days: int = 30,
) -> Backtest:
    """The firings of a rule from a local day until now. Raises RuleRefused.

    ``scope`` are segments as they are today. An account for which the rule held already on the first
    day does not fire on it: nobody knows since when.
    """
    known, today = catalogue(), context(now)
    until = today.today
    first = max(since, until - timedelta(days=LONGEST_DAYS))
    zone = ZoneInfo(today.zone)
    state, firings = _State(), []
    for day in _days(first - timedelta(days=1), until):
        at = min(now, datetime.combine(day + timedelta(days=1), time(), zone))
        asked = question(rule, at, known=known, when=context(at, past=True))
        held = _holding_at(asked, at, scope)
        fired = _step(state, held, day, for_days, cooldown_days, begin=day < first)
        firings += [Firing(one, day, at, *held[one]) for one in fired]
    asked = question(rule, now, known=known, when=today)
    per_day = dict.fromkeys(_days(first, until), 0)
    for one in firings:
        per_day[one.day] += 1
    start = datetime.combine(first, time(), zone)
    follows = _follows(firings, events_between(start, now), now, timedelta(days=horizon_days))
    return Backtest(
        asked.text,
        first,
        until,
        horizon_days,
        tuple(firings),
        per_day,
        follows,
        tuple(unseen(asked)),
        *_known_since(),
        today.currency,
    )


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def _holding_at(
    asked: Question, at: datetime, scope: Sequence[int]
) -> dict[int, tuple[Decimal | None, int | None]]:
    """Accounts for which the rule held at an instant, with their MRR then and their owner."""
    history = asked.catalogue.histories[FACTS]
    instant = bound(at, "timestamptz")
    within = " AND " + inside(scope) if scope else Sql("")
    statement = (
        "SELECT a.id, f.mrr_converted, a.owner_id FROM customers_account a JOIN "
        + history.rows
        + " f ON f.account_id = a.id AND f.valid_from <= "
        + instant
        + " AND f.valid_to > "
        + instant
        + " WHERE a.created_at <= "
        + instant
        + " AND (a.removed_at IS NULL OR a.removed_at > "
        + instant
        + ")"
        + within
        + " AND ("
        + asked.sql
        + ")"
    )
    with connection.cursor() as db:
        db.execute(statement.text, statement.values)
        return {row[0]: (row[1], row[2]) for row in db.fetchall()}


def _step(
    state: _State,
    held: Mapping[int, object],
    day: date,
    for_days: int,
    cooldown_days: int,
    *,
    begin: bool,
) -> list[int]:
    """Move to the end of a day; the accounts that fire on it."""
    for gone in state.holding.keys() - held.keys():
        del state.holding[gone]
    fired = []
    for one in sorted(held):
        holding = state.holding.setdefault(one, _Holding(day, fired=begin))
        last = state.last_fired.get(one)
        cool = last is None or (day - last).days > cooldown_days
        if not holding.fired and cool and (day - holding.since).days >= for_days:
            holding.fired = True
            state.last_fired[one] = day
            fired.append(one)
    return fired


def _follows(
    firings: Sequence[Firing], events: Sequence[Event], now: datetime, horizon: timedelta
) -> tuple[Follow, ...]:
    by_account: dict[tuple[int, str], list[datetime]] = {}
    for event in events:
        by_account.setdefault((event.account_id, event.kind), []).append(event.at)
    fired: dict[int, list[datetime]] = {}
    for one in firings:
        fired.setdefault(one.account_id, []).append(one.at)
    return tuple(
        _follow(kind, firings, by_account, fired, now, horizon)
        for kind in ("churn", "late_payment", "failed_payment")
    )


def _follow(
    kind: str,
    firings: Sequence[Firing],
    events: Mapping[tuple[int, str], Sequence[datetime]],
    fired: Mapping[int, Sequence[datetime]],
    now: datetime,
    horizon: timedelta,
) -> Follow:
    leads, judged = [], 0
    for one in firings:
        after = [
            at for at in events.get((one.account_id, kind), ()) if one.at < at <= one.at + horizon
        ]
        if after:
            leads.append((min(after) - one.at) / timedelta(days=1))
        judged += bool(after) or one.at + horizon <= now
    missed = sum(
        not any(at - horizon <= earlier < at for earlier in fired.get(account, ()))
        for (account, one), times in events.items()
        if one == kind
        for at in times
    )
    lead = round(statistics.median(leads), 1) if leads else None
    return Follow(kind, len(leads), judged, lead, missed)


def _known_since() -> tuple[datetime | None, datetime | None]:
    """Since when there are figures, and since when they were measured as they were."""
    with connection.cursor() as db:
        db.execute(
            "SELECT least(v.begun, f.begun), least(v.measured, f.begun)"
            " FROM (SELECT min(valid_from) AS begun,"
            " min(valid_from) FILTER (WHERE kind = 'snapshot') AS measured"
            " FROM metrics_factsversion) v,"
            " (SELECT min(updated_at) AS begun FROM metrics_accountfacts) f"
        )
        begun, measured = db.fetchone()
        return begun, measured
