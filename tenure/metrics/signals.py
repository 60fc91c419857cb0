"""What a health score is made of, read for many accounts at once: the figures it weighs, and the
MRR of ninety days before to compare with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection

TREND = timedelta(days=90)

Amounts = Mapping[str, Decimal]

_amounts = msgspec.json.Decoder(dict[str, Decimal])
_outlooks = msgspec.json.Decoder(dict[str, tuple[int, dict[str, Decimal]]])


@dataclass(frozen=True, slots=True)
class Signals:
    """One account's figures. ``mrr_before`` is None when nobody knew its MRR ninety days ago;
    ``before_changes_at`` is the instant at which that comparison looks at another amount."""

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
    mrr_before: Amounts | None = None
    before_changes_at: datetime | None = None


# The figures in force ninety days before are in the row itself when it has not changed since;
# otherwise in the version that was valid then. Which instant comes next decides when to look again.
_SIGNALS = """
    SELECT f.account_id, f.mrr::text, f.past_due::text, f.invoices_count, f.oldest_past_due_days,
           f.past_due_count, f.on_time_count_12m, f.on_time_considered_12m, f.payment_failures_90d,
           f.final_dunning, f.failed_lately, f.outlooks::text, f.subscription_status,
           f.subscriptions_count, f.ended_at, 'mrr_unknown' = ANY(f.flags), f.as_of,
           CASE WHEN f.updated_at <= %(then)s THEN f.mrr::text ELSE past.mrr::text END,
           CASE WHEN f.updated_at > %(then)s
                THEN coalesce(past.valid_to, first.valid_from, f.updated_at) END
    FROM metrics_accountfacts f
    LEFT JOIN LATERAL (
        SELECT v.mrr, v.valid_to FROM metrics_factsversion v
        WHERE v.account_id = f.account_id AND v.valid_from <= %(then)s AND v.valid_to > %(then)s
        ORDER BY v.valid_from DESC LIMIT 1
    ) past ON f.updated_at > %(then)s
    LEFT JOIN LATERAL (
        SELECT v.valid_from FROM metrics_factsversion v
        WHERE v.account_id = f.account_id AND v.valid_from > %(then)s
        ORDER BY v.valid_from LIMIT 1
    ) first ON f.updated_at > %(then)s AND past.valid_to IS NULL
    WHERE f.account_id = ANY(%(ids)s)
    ORDER BY f.account_id
"""


def signals_of(account_ids: Sequence[int], now: datetime) -> list[Signals]:
    """The signals of these accounts, by id; accounts that were not measured are absent."""
    with connection.cursor() as db:
        db.execute(_SIGNALS, {"ids": list(account_ids), "then": now - TREND})
        return [_signals(row) for row in db.fetchall()]


def _signals(row: Sequence[Any]) -> Signals:
    found = dict(zip(_COLUMNS, row, strict=True))
    before, changes_at = found["mrr_before"], found["before_changes_at"]
    found |= {name: _amounts.decode(found[name]) for name in ("mrr", "past_due")}
    found["outlooks"] = _outlooks.decode(found["outlooks"])
    found["mrr_before"] = None if before is None else _amounts.decode(before)
    found["before_changes_at"] = changes_at + TREND if changes_at else None
    return Signals(**found)


_COLUMNS = tuple(column.name for column in fields(Signals))
