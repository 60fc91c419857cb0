"""The stage: score these accounts from their stored figures and keep what differs.

Cost follows the accounts asked for: a handful of statements a chunk of a thousand. An account whose
subscriptions ended thirty days ago keeps its last score for good, whatever else moves; one of a site
that was not read for seven days has none until it is; a person's word stands before both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from tenure.health import capping, overrides, placing, read, staleness
from tenure.health.applies import InForce, assigned
from tenure.health.evidence import UNTOLD, Convert, Evidence, evidence_of
from tenure.health.explanation import stored
from tenure.health.models import HealthScore, Override, State
from tenure.health.scorer import MISSING_DATA, Outcome, text_of
from tenure.health.versions import in_force
from tenure.health.write import drop, save, settle
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.rates import in_force as rates_in_force
from tenure.metrics.settings import current
from tenure.metrics.signals import Signals, signals_of

CHUNK = 1_000
FREEZES_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is the same for all accounts of a chunk."""

    now: datetime
    settings: Settings
    applies: Mapping[int, InForce]
    ruled: Mapping[int, frozenset[str]]
    overrides: Mapping[int, Override]
    before: Mapping[int, read.Before]
    data_as_of: Mapping[int, datetime | None]
    untrusted: frozenset[int]


def score(account_ids: Iterable[int], now: datetime, *, settings: Settings | None = None) -> int:
    """Bring the scores of these accounts up to date at ``now``; the answer counts rows written.

    By the workspace's settings unless said otherwise. Each chunk is a transaction of its own unless
    the caller is in one, and waits for whoever else measures or scores the same accounts.
    """
    ids, written, chosen = sorted(set(account_ids)), 0, settings or current()
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            written += _score(ids[start : start + CHUNK], now, chosen)
    return written


def begin_day(now: datetime) -> int:
    """Hold every account against the order of definitions, once a local day has begun or definitions
    changed; counts the accounts that are due because another one applies to them."""
    settings = current()
    if not placing.wanted(now, settings):
        return 0
    return placing.place(in_force(now, settings), now, settings)


def due(now: datetime, *, limit: int = CHUNK) -> list[int]:
    """Accounts whose score a date alone may have changed by now, the longest waiting first."""
    overdue = HealthScore.objects.filter(next_change_at__lte=now).order_by("next_change_at")
    return list(overdue.values_list("account_id", flat=True)[:limit])


def _score(account_ids: Sequence[int], now: datetime, settings: Settings) -> int:
    found = signals_of(account_ids, now, settings.zone)
    drop(set(account_ids) - {one.account_id for one in found})
    convert = conversion(now, settings)
    told = {one.account_id: evidence_of(one, convert) for one in found}
    around = circumstances(found, told, now, settings)
    rows = [row for one in found if (row := row_of(one, told[one.account_id], around))]
    stays = {one.account_id for one in found} - {row["account_id"] for row in rows}
    settle(stays)
    return save(rows)


def circumstances(
    found: Sequence[Signals], told: Mapping[int, Evidence], now: datetime, settings: Settings
) -> Circumstances:
    """What is the same for these accounts, read once."""
    ids = [one.account_id for one in found]
    needed = [
        one.account_id
        for one in found
        if is_over(one, now) or UNTOLD & set(told[one.account_id].missing.values())
    ]
    sites, good = staleness.sites_of(ids), staleness.good_at()
    old = staleness.untrusted()
    applies = assigned(ids, in_force(now, settings), now)
    return Circumstances(
        now,
        settings,
        applies,
        capping.holding(applies),
        overrides.in_force(ids, local_day(now, settings.zone)),
        read.before(needed) if needed else {},
        {pk: staleness.oldest(sites.get(pk, ()), good) for pk in ids},
        frozenset(pk for pk in ids if old.intersection(sites.get(pk, ()))),
    )


def conversion(now: datetime, settings: Settings) -> Convert:
    """Amounts of several currencies as one number, by the rates in force on the local day. A trend
    is converted at one day's rates on both ends: what a currency did is not what a customer did."""
    day = local_day(now, settings.zone)
    rates = rates_in_force(day, settings)
    return lambda amounts: rates.converted(amounts, settings.currency, day).amount


def is_over(signals: Signals, now: datetime) -> bool:
    """Whether the account's subscriptions ended so long ago that its score stays as it is."""
    return bool(signals.ended_at and signals.ended_at + FREEZES_AFTER <= now)


def row_of(signals: Signals, told: Evidence, around: Circumstances) -> dict[str, Any] | None:
    """The columns of the account's score; None where the one it has stays."""
    pk = signals.account_id
    override, before = around.overrides.get(pk), around.before.get(pk)
    over = is_over(signals, around.now)
    if over and not override and before and before.state == State.ENDED:
        return None
    applied = around.applies[pk]
    held = _held(told, before)
    ruled = around.ruled.get(pk, frozenset())
    outcome, caps = judged(applied, told, held, ruled)
    tenths, band = outcome.score, applied.scorer.band(outcome.score)
    if over:
        state = State.ENDED
    elif pk in around.untrusted:
        state, tenths, band = State.STALE, None, "unknown"
    else:
        state = State.COMPUTED
    computed, computed_band = decimal(tenths), band
    shown, shown_band = computed, band
    if override:
        state, shown, shown_band = overrides.word(override, applied.scorer.definition)
    return {
        "account_id": pk,
        "score": shown,
        "band": shown_band,
        "state": state,
        "computed_score": computed,
        "computed_band": computed_band,
        "uncapped": decimal(outcome.uncapped),
        "coverage": f"{outcome.coverage // 10_000}.{outcome.coverage % 10_000:04}",
        "measured": {name: text_of(value) for name, value in told.values.items()},
        "caps": [*caps],
        "missing": [*outcome.missing],
        "explanation": stored(outcome, told, signals, held, caps, ruled),
        "version_id": applied.version.pk,
        "override_id": override.pk if override else None,
        "computed_at": around.now,
        "updated_at": around.now,
        "data_as_of": around.data_as_of[pk],
        "next_change_at": _next_change(signals, override, around),
    }


def judged(
    applied: InForce, told: Evidence, held: Mapping[str, int], ruled: frozenset[str] = frozenset()
) -> tuple[Outcome, dict[str, int]]:
    """The outcome, and the caps that hold with the most they allow in tenths; ``ruled`` are the caps
    by rule that do."""
    outcome = applied.scorer(told.values, told.events | ruled, held, explained=True)
    most = {cap.name: int(cap.most * 10) for cap in applied.scorer.definition.caps}
    if MISSING_DATA in outcome.caps and outcome.score is not None:
        most[MISSING_DATA] = outcome.score
    return outcome, {name: most[name] for name in outcome.caps}


def _held(told: Evidence, before: "read.Before | None") -> dict[str, int]:
    """The last known values of measures that cannot be told now."""
    if before is None:
        return {}
    last = {**before.held, **{n: v for n, v in before.values.items() if v is not None}}
    return {
        name: last[name]
        for name, reason in told.missing.items()
        if reason in UNTOLD and name in last
    }


def _next_change(
    signals: Signals, override: Override | None, around: Circumstances
) -> datetime | None:
    instants = [
        signals.before_changes_at,
        signals.ended_at + FREEZES_AFTER if signals.ended_at else None,
        overrides.ends_at(override, around.settings.zone) if override else None,
    ]
    return min((at for at in instants if at and at > around.now), default=None)


def decimal(tenths: int | None) -> str | None:
    """Tenths as decimal text."""
    return None if tenths is None else f"{tenths // 10}.{tenths % 10}"
