"""Writing down what each subscription's MRR became, and on which day: the history from the first
measurement on.

A point is added where the amount, the status or what makes the amount differs from the last one.
Its day is the local day on which the subscription last can have changed: when its record did or a
date in it was reached, which may be days before we saw it. Only when neither lies after the last
point (a setting or a plan changed) it is today. Before a site's first measurement no snapshot is
dated; those days are reconstructed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec
from django.db import connection

from tenure.metrics.amounts import ZERO, stored
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.mrr import months
from tenure.metrics.past import SitePast
from tenure.metrics.rollup import Measured, Rollup, moments

DROPPED = "dropped_past_due"
_KEPT = "account_id, currency, mrr, status, quantity, plan_code, add_ons, discount"

# What is removed upstream is not measured any more; its last amount ends with it.
_RECORD = f"""
    WITH given AS (
        SELECT s.id AS subscription_id, g.*
        FROM jsonb_to_recordset(%(rows)s::jsonb) AS g (
            site_id bigint, upstream_id text, account_id bigint, currency text, mrr numeric(26, 6),
            status text, quantity int, plan_code text, add_ons numeric(26, 6),
            discount numeric(26, 6), moved_on date, moved_at timestamptz)
        JOIN customers_subscription s
            ON s.site_id = g.site_id AND s.upstream_id = g.upstream_id
        UNION ALL
        SELECT s.id, s.site_id, s.upstream_id, s.account_id, s.currency, 0, 'removed', s.quantity,
               s.plan_code, 0, 0, (s.removed_at AT TIME ZONE %(zone)s)::date, s.removed_at
        FROM customers_subscription s
        WHERE s.account_id = ANY(%(ids)s) AND s.removed_at IS NOT NULL
            AND EXISTS (SELECT 1 FROM metrics_mrrpoint p WHERE p.subscription_id = s.id)
    ), fresh AS (
        SELECT given.*, last.id AS last_id, last.day AS last_day, last.recorded_at AS last_seen,
               last.account_id AS last_account
        FROM given LEFT JOIN LATERAL (
            SELECT p.* FROM metrics_mrrpoint p WHERE p.subscription_id = given.subscription_id
            ORDER BY p.day DESC, p.recorded_at DESC, p.id DESC LIMIT 1
        ) last ON true
        WHERE last.id IS NULL
            OR ({", ".join(f"given.{name}" for name in _KEPT.split(", "))})
            IS DISTINCT FROM ({", ".join(f"last.{name}" for name in _KEPT.split(", "))})
    ), written AS (
        INSERT INTO metrics_mrrpoint (subscription_id, day, kind, recorded_at, {_KEPT})
        SELECT subscription_id,
               CASE WHEN last_id IS NULL THEN greatest(moved_on, past.first_day)
                    WHEN moved_at <= last_seen THEN %(today)s
                    ELSE greatest(moved_on, last_day) END,
               'snapshot', %(now)s, {_KEPT}
        FROM fresh JOIN metrics_sitepast past USING (site_id)
    ), unexplored AS (
        INSERT INTO metrics_unexplored (subscription_id)
        SELECT subscription_id FROM fresh JOIN metrics_sitepast past USING (site_id)
        WHERE last_id IS NULL AND (past.done_at IS NOT NULL OR subscription_id <= past.cursor)
        ON CONFLICT DO NOTHING
    )
    SELECT account_id, last_account FROM fresh
"""  # noqa: S608

# Accounts with points of subscriptions that belong to another one by now, or to none.
_LEFT = """
    SELECT DISTINCT p.account_id
    FROM metrics_mrrpoint p JOIN customers_subscription s ON s.id = p.subscription_id
    WHERE p.account_id = ANY(%s) AND s.account_id IS DISTINCT FROM p.account_id
"""


def record(measured: Mapping[int, Rollup], now: datetime, settings: Settings) -> set[int]:
    """Add the points that these accounts' results differ by from the last ones; the accounts whose
    steps are to be made anew, others among them when a subscription moved here from there."""
    ids = list(measured)
    rows = [
        _row(account_id, one, now, settings)
        for account_id, rollup in measured.items()
        for one in rollup.measured
    ]
    _begin({int(row["site_id"]) for row in rows}, now, settings)
    with connection.cursor() as db:
        values: dict[str, Any] = {
            "rows": msgspec.json.encode(rows).decode(),
            "ids": ids,
            "now": now,
            "today": local_day(now, settings.zone),
            "zone": settings.zone.key,
        }
        db.execute(_RECORD, values)
        moved = {account for pair in db.fetchall() for account in pair if account is not None}
        db.execute(_LEFT, [ids])
        return moved | {row[0] for row in db.fetchall()}


def _begin(sites: Iterable[int], now: datetime, settings: Settings) -> None:
    """Note the first day of sites measured for the first time, and keep the passes over their past
    from ending meanwhile: a subscription found now is then either ahead of the pass or noted."""
    wanted, day = sorted(sites), local_day(now, settings.zone)
    with connection.cursor() as db:
        db.execute(
            "SELECT site_id FROM metrics_sitepast WHERE site_id = ANY(%s) ORDER BY 1 FOR SHARE",
            [wanted],
        )
        known = {row[0] for row in db.fetchall()}
    if known >= set(wanted):
        return
    SitePast.objects.bulk_create(
        (SitePast(site_id=site, first_day=day) for site in wanted if site not in known),
        ignore_conflicts=True,
    )


def _row(account_id: int, one: Measured, now: datetime, settings: Settings) -> dict[str, Any]:
    sub, result = one.sub, one.result
    moved_at = last_moved(one, now)
    price = result.price
    length = months(price.interval, settings) if price else Fraction(1)
    add_ons = sum((each.amount for each in price.add_ons), ZERO) / length if price else ZERO
    discount = (price.net - price.after) / length if price else ZERO
    return {
        "site_id": sub.site,
        "upstream_id": sub.id,
        "account_id": account_id,
        "currency": sub.currency,
        "mrr": None if result.mrr is None else stored(result.mrr),
        "status": "past_due" if DROPPED in result.flags else result.status,
        "quantity": sub.quantity,
        "plan_code": sub.plan_code,
        "add_ons": stored(add_ons) if add_ons else 0,
        "discount": stored(discount) if discount else 0,
        "moved_on": local_day(moved_at, settings.zone),
        "moved_at": moved_at,
    }


def last_moved(one: Measured, now: datetime) -> datetime:
    """The last instant, up to now, at which what the subscription counts can have changed."""
    if DROPPED in one.result.flags:
        return now  # an invoice decides, and it does not say since when
    sub = one.sub
    coupons = [
        at for one in sub.account_redemptions or () for at in (one.created_at, one.removed_at)
    ]
    passed = [sub.updated_at, sub.expires_at, sub.canceled_at, *coupons, *moments(sub)]
    return max((at for at in passed if at and at <= now), default=now)
