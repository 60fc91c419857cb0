"""What a health score is made of, read for many accounts at once: the figures it weighs, and the
MRR of ninety days before to compare with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from tenure.metrics.days import local_day, midnight

TREND = timedelta(days=90)

Amounts = Mapping[str, Decimal]

_amounts = msgspec.json.Decoder(dict[str, Decimal])
_outlooks = msgspec.json.Decoder(dict[str, tuple[int, dict[str, Decimal]]])


@dataclass(frozen=True, slots=True)
class Signals:
    """One account's figures. ``mrr_before`` is its MRR at the end of the day ninety days ago, nothing
    where there was none as far as is known; ``before_changes_at`` is the instant at which the
    comparison looks at another amount."""

    account_id: int
    mrr: Amounts
    past_due: Amounts
    invoices_count: int
    oldest_past_due_days: int | None
    past_due_count: int
    on_time: int
    considered: int
    payment_failures_90d: int
    final_dunning: bool
    failed_lately: bool
    outlooks: Mapping[str, tuple[int, Amounts]]
    subscription_status: str
    subscriptions_count: int
    ended_at: datetime | None
    mrr_unknown: bool
    as_of: datetime
    mrr_before: Amounts
    before_changes_at: datetime | None


# What the account's MRR was at the end of the day ninety days before, from the steps of its history,
# and the first later day on which it moved: ninety days after that one the comparison is another.
_SIGNALS = """
    WITH asked AS (
        SELECT unnest(%(ids)s::bigint[]) AS account_id
    ), last AS (
        SELECT DISTINCT ON (s.account_id, s.site_id, s.currency) s.account_id, s.currency, s.mrr
        FROM metrics_mrrstep s JOIN asked USING (account_id) WHERE s.day <= %(then)s
        ORDER BY s.account_id, s.site_id, s.currency, s.day DESC
    ), summed AS (
        SELECT account_id, currency, sum(mrr) AS mrr FROM last GROUP BY 1, 2 HAVING sum(mrr) <> 0
    ), before AS (
        SELECT account_id, jsonb_object_agg(currency, mrr::text)::text AS mrr FROM summed GROUP BY 1
    ), following AS (
        SELECT s.account_id, min(s.day) AS day FROM metrics_mrrstep s JOIN asked USING (account_id)
        WHERE s.day > %(then)s GROUP BY 1
    )
    SELECT f.account_id, f.mrr::text, f.past_due::text, f.invoices_count, f.oldest_past_due_days,
           f.past_due_count, f.on_time_count_12m, f.on_time_considered_12m, f.payment_failures_90d,
           f.final_dunning, f.failed_lately, f.outlooks::text, f.subscription_status,
           f.subscriptions_count, f.ended_at, 'mrr_unknown' = ANY(f.flags), f.as_of,
           before.mrr, following.day
    FROM metrics_accountfacts f
    LEFT JOIN before USING (account_id)
    LEFT JOIN following USING (account_id)
    WHERE f.account_id = ANY(%(ids)s)
    ORDER BY f.account_id
"""


def signals_of(account_ids: Sequence[int], now: datetime, zone: ZoneInfo) -> list[Signals]:
    """The signals of these accounts, by id; accounts that were not measured are absent."""
    then = local_day(now, zone) - TREND
    with connection.cursor() as db:
        db.execute(_SIGNALS, {"ids": list(account_ids), "then": then})
        return [_signals(row, zone) for row in db.fetchall()]


def _signals(row: Sequence[Any], zone: ZoneInfo) -> Signals:
    found = dict(zip(_COLUMNS, row, strict=True))
    before, moved = found["mrr_before"], found["before_changes_at"]
    found |= {name: _amounts.decode(found[name]) for name in ("mrr", "past_due")}
    found["outlooks"] = _outlooks.decode(found["outlooks"])
    found["mrr_before"] = _amounts.decode(before) if before else {}
    found["before_changes_at"] = midnight(moved + TREND, zone) if moved else None
    return Signals(**found)


_COLUMNS = tuple(column.name for column in fields(Signals))
