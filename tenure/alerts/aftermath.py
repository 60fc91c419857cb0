"""What happened to accounts: revenue lost, payments late, payments failed, out of stored figures."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection


@dataclass(frozen=True, slots=True)
class Event:
    """Something that befell an account: ``churn`` (its MRR ended), ``late_payment`` (one more invoice
    is late than before) or ``failed_payment`` (one more try failed)."""

    account_id: int
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Follow:
    """How many firings were followed by one kind of event within the horizon, of those for which the
    horizon has passed, and the median days until it. ``missed`` are events that none came before."""

    kind: str
    followed: int
    judged: int
    lead_days: float | None
    missed: int

    @property
    def share(self) -> float | None:
        """The share of the judged that were followed."""
        return self.followed / self.judged if self.judged else None


KINDS = ("churn", "late_payment", "failed_payment")
_STEPS = """
    SELECT account_id, valid_from AS at, coalesce(mrr_sort, 0) AS mrr,
           past_due_count AS late, payment_failures_90d AS failures
    FROM metrics_factsversion
    UNION ALL
    SELECT account_id, updated_at, coalesce(mrr_sort, 0), past_due_count, payment_failures_90d
    FROM metrics_accountfacts
"""
_EVENTS = f"""
    WITH moved AS (
        SELECT account_id, at, mrr, late, failures,
               lag(mrr) OVER step AS mrr_before, lag(late) OVER step AS late_before,
               lag(failures) OVER step AS failures_before
        FROM ({_STEPS}) steps WINDOW step AS (PARTITION BY account_id ORDER BY at)
    )
    SELECT account_id, 'churn', at FROM moved WHERE mrr_before > 0 AND mrr = 0
        AND at >= %(start)s AND at <= %(end)s
    UNION ALL
    SELECT account_id, 'late_payment', at FROM moved WHERE late > late_before
        AND at >= %(start)s AND at <= %(end)s
    UNION ALL
    SELECT account_id, 'failed_payment', at FROM moved WHERE failures > failures_before
        AND at >= %(start)s AND at <= %(end)s
    ORDER BY 3, 1
"""


def events_between(start: datetime, end: datetime) -> list[Event]:
    """Every event of that time, the oldest first, of all accounts."""
    with connection.cursor() as db:
        db.execute(_EVENTS, {"start": start, "end": end})
        return [Event(*row) for row in db.fetchall()]


def follows(
    firings: Sequence[tuple[int, datetime]],
    events: Sequence[Event],
    now: datetime,
    end: datetime,
    horizon: timedelta,
) -> tuple[Follow, ...]:
    """What came after firings, each an account and an instant, for every kind of event. Missed can
    only be what befell before ``end``, up to which was asked."""
    by_account: dict[tuple[int, str], list[datetime]] = {}
    for event in events:
        by_account.setdefault((event.account_id, event.kind), []).append(event.at)
    fired: dict[int, list[datetime]] = {}
    for account, at in firings:
        fired.setdefault(account, []).append(at)

    def missed(kind: str) -> int:
        return sum(
            not any(at - horizon <= earlier < at for earlier in fired.get(account, ()))
            for (account, one), times in by_account.items()
            if one == kind
            for at in times
            if at <= end
        )

    return tuple(_follow(kind, firings, by_account, now, horizon, missed(kind)) for kind in KINDS)


def _follow(
    kind: str,
    firings: Sequence[tuple[int, datetime]],
    events: Mapping[tuple[int, str], Sequence[datetime]],
    now: datetime,
    horizon: timedelta,
    missed: int,
) -> Follow:
    leads, judged = [], 0
    for account, fired in firings:
        after = [at for at in events.get((account, kind), ()) if fired < at <= fired + horizon]
        if after:
            leads.append((min(after) - fired) / timedelta(days=1))
        judged += bool(after) or fired + horizon <= now
    lead = round(statistics.median(leads), 1) if leads else None
    return Follow(kind, len(leads), judged, lead, missed)
