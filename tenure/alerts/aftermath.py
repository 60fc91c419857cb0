"""What happened to accounts: revenue lost, payments late, payments failed, out of stored figures."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class Event:
    """Something that befell an account: ``churn`` (its MRR ended), ``late_payment`` (one more invoice
    is late than before) or ``failed_payment`` (one more try failed)."""

    account_id: int
    kind: str
    at: datetime


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
