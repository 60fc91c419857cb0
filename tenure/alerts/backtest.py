"""What a rule would have done on stored history: when it would have fired, and what came after.

Each day is asked with what was known at its end, so no rule sees ahead. Attributes whose past is not
kept are asked as they are today, and named in the answer. A back-test may take only so long as a
whole: the days it came to, the earliest first, are the answer then, and it says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from time import monotonic
from zoneinfo import ZoneInfo

from django.db import connection

from tenure.alerts.aftermath import Follow, events_between, follows
from tenure.alerts.held_then import holding_at, untold
from tenure.metrics.asking import past_contexts
from tenure.metrics.days import local_day, midnight
from tenure.segments.question import Question, TooCostly, patient, question
from tenure.segments.unseen import unseen

LONGEST_DAYS = 366
PATIENCE, LEAST_SECONDS = 20.0, 5.0


@dataclass(frozen=True, slots=True)
class Firing:
    """The rule would have fired for an account on a day; ``at_stake`` is its MRR then, converted."""

    account_id: int
    day: date
    at: datetime
    at_stake: Decimal | None
    owner_id: int | None


@dataclass(frozen=True)
class Backtest:
    """``per_day`` has every day that was asked, ``until`` is the last of them; ``cut_short`` says that
    time ran out before today was reached. ``unseen`` names attributes asked as they are today,
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
    cut_short: bool = False

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


@dataclass(frozen=True, slots=True)
class _Delays:
    for_days: int
    cooldown_days: int


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
    seconds: float = PATIENCE,
) -> Backtest:
    """The firings of a rule from a local day until now, or until the day that was come to in so many
    seconds. Raises RuleRefused, and TooCostly when not even two days could be asked.

    ``scope`` are segments as they are today. An account for which the rule held already on the first
    day does not fire on it: nobody knows since when. Nor does one on the days on which figures and
    measuring begin, where nothing told before whether it held: it became known then, not true.
    """
    context_at = past_contexts()
    asked = question(rule, now, when=context_at(now))
    today, zone = asked.context.today, ZoneInfo(asked.context.zone)
    first = max(since, today - timedelta(days=LONGEST_DAYS))
    deadline, delays = monotonic() + seconds, _Delays(for_days, cooldown_days)
    firings, until, state = [], first - timedelta(days=1), _State()
    known = _known_since()
    known_days = {
        local_day(one, zone) + timedelta(days=later) for one in known if one for later in (0, 1)
    }
    for day in _days(first - timedelta(days=1), today):
        at = min(now, midnight(day + timedelta(days=1), zone))
        held = _held_in_time(replace(asked, context=context_at(at)), at, scope, deadline)
        if held is None and day <= first:
            raise TooCostly(
                f"Not even two days could be asked within {seconds:g} seconds.",
                next_step="Narrow the rule, or limit it to a segment.",
            )
        if held is None:
            break  # time is up: what was come to is the answer
        if day >= first and day in known_days:
            eve = replace(asked, context=context_at(midnight(day, zone)))
            new = untold(eve, held.keys() - state.holding.keys())
            state.holding |= {account: _Holding(day, fired=True) for account in new}
        fired = _step(state, held, day, delays, begin=day < first)
        firings += [Firing(one, day, at, *held[one]) for one in fired]
        until = day
    per_day = dict.fromkeys(_days(first, until), 0)
    for one in firings:
        per_day[one.day] += 1
    with patient(max(LEAST_SECONDS, deadline - monotonic())):
        events = events_between(midnight(first, zone), now)
    end = min(now, midnight(until + timedelta(days=1), zone))
    horizon = timedelta(days=horizon_days)
    return Backtest(
        asked.text,
        first,
        until,
        horizon_days,
        tuple(firings),
        per_day,
        follows([(one.account_id, one.at) for one in firings], events, now, end, horizon),
        tuple(unseen(asked)),
        *known,
        asked.context.currency,
        cut_short=until < today,
    )


def _held_in_time(
    asked: Question, at: datetime, scope: Sequence[int], deadline: float
) -> dict[int, tuple[Decimal | None, int | None]] | None:
    """For whom it held, or None when the deadline passed before that was known."""
    left = deadline - monotonic()
    if left <= 0:
        return None
    try:
        with patient(max(left, 0.1)):
            return holding_at(asked, at, scope)
    except TooCostly:
        return None


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def _step(
    state: _State,
    held: Mapping[int, object],
    day: date,
    delays: _Delays,
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
        cool = last is None or (day - last).days > delays.cooldown_days
        if not holding.fired and cool and (day - holding.since).days >= delays.for_days:
            holding.fired = True
            state.last_fired[one] = day
            fired.append(one)
    return fired


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
