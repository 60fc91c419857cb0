"""Recurring revenue of accounts over time: on a day, and step by step.

An account's MRR on a day is what it was at that day's end, in the workspace's time zone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tenure.metrics.series_sql import rows

NONE = Decimal(0)
Amounts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """An account's MRR by currency from ``day`` on, and how it is known; ``paused`` is what a
    subscription that rests there says of itself."""

    day: date
    mrr: Amounts
    kind: str
    paused: bool = False


def mrr_at(
    account_ids: Iterable[int] | None, day: date, *, site: int | None = None
) -> dict[int, dict[str, Decimal]]:
    """MRR by currency at the end of a day, of these accounts or of all; without those that had
    none."""
    ids = None if account_ids is None else list(account_ids)
    found: dict[int, dict[str, Decimal]] = {}
    values = {"ids": ids, "day": day, "site": site}
    for account, code, amount in rows(_AT, values):
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
    for day, found in _by_day(rows(_POINTS, values)):
        for _, subscription, *point in found:
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


def _by_day(found: Sequence[Any]) -> Iterable[tuple[date, list[Any]]]:
    groups: dict[date, list[Any]] = {}
    for row in found:
        groups.setdefault(row[0], []).append(row)
    return groups.items()
