"""How MRR of accounts moved, as it was known at the end of a past day.

Steps are made of the points that count now, and of most accounts nothing was learned later about the
days up to a past one: their steps are those that were known then. Of the others they are made anew, out
of the points that had been recorded. What was made out of the time before a site's first sync was
made out afterwards: of that time everything known now counts.
"""

from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import cache

from django.db import connection

from tenure.metrics import in_front, mrr_steps
from tenure.metrics.in_front import Rows
from tenure.metrics.past import MrrStep

# Accounts of which a point of a day up to then was recorded only afterwards.
_LEARNED_LATER = """
    SELECT DISTINCT s.account_id
    FROM metrics_mrrpoint p
    JOIN customers_subscription s ON s.id = p.subscription_id
    JOIN metrics_sitepast site ON site.site_id = s.site_id AND site.first_day <= %(day)s
    WHERE p.recorded_at >= %(instant)s AND p.kind = 'snapshot' AND p.day <= %(day)s
        AND s.account_id IS NOT NULL
"""


@cache
def _columns() -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(field.column), str(field.db_type(connection)))
        for field in MrrStep._meta.concrete_fields
        if not field.primary_key
    )


def as_known(day: date, instant: datetime | None) -> AbstractContextManager[None]:
    """Have the statements within read the steps that were known right before the instant, up to the
    day it ended; without one they read those known now."""
    return in_front.rows_of(_rows(day, instant) if instant else None)


def _rows(day: date, instant: datetime) -> Rows | None:
    values = {"day": day, "instant": instant}
    with connection.cursor() as db:
        db.execute(_LEARNED_LATER, values)
        accounts = sorted(account for (account,) in db.fetchall())
    if not accounts:
        return None
    names = ", ".join(name for name, _ in _columns())
    types = ", ".join(f"{name} {kind}" for name, kind in _columns())
    listed = ",".join(map(str, accounts))
    statement = (
        f"SELECT {names} FROM metrics_mrrstep WHERE account_id <> ALL ('{{{listed}}}'::bigint[])"  # noqa: S608
        f" UNION ALL SELECT {names} FROM jsonb_to_recordset({in_front.DOCUMENT}::jsonb)"
        f" AS known ({types})"
    )
    document = mrr_steps.document(accounts, day, instant)
    return Rows({"metrics_mrrstep": statement}, {"metrics_mrrstep": document})
