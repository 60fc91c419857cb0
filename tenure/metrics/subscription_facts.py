"""One subscription's figures put together as its facts row, and saved where they differ."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from django.db import connection

from tenure.metrics.amounts import stored
from tenure.metrics.days import local_day, maybe_day
from tenure.metrics.inputs import Settings
from tenure.metrics.models import SubscriptionFacts
from tenure.metrics.rollup import Measured, Rollup

FIGURES = (
    "account_id site_id currency plan_code status flags mrr monthly quantity past_due_days started_on"
    " renews_on bills_on trial_ends_on ends_on"
).split()
TABLE = "metrics_subscriptionfacts"


def columns_of(account_id: int, one: Measured, now: datetime, settings: Settings) -> dict[str, Any]:
    """The facts row of a subscription, named by its site and id there."""
    sub, result = one.sub, one.result
    status = status_of(one)
    monthly = result.monthly
    return {
        "upstream_id": sub.id,
        "account_id": account_id,
        "site_id": int(sub.site),
        "currency": sub.currency,
        "plan_code": sub.plan_code or "",
        "status": status,
        "flags": sorted(result.flags),
        "mrr": None if result.mrr is None or unpriced(one) else stored(result.mrr),
        "monthly": None if monthly is None else stored(monthly),
        "quantity": sub.quantity,
        "past_due_days": one.past_due_days,
        "started_on": maybe_day(sub.activated_at or sub.current_period_started_at, settings.zone),
        **_dates(one, status, now, settings),
    }


def status_of(one: Measured) -> str:
    """Where it stands, in the words of an account's status; unknown when its state is no known one."""
    if one.counts:
        return "cancelling" if "cancelling" in one.result.flags else "active"
    return one.result.status


def unpriced(one: Measured) -> bool:
    """A trial or pause whose amount is not known is a figure nobody knows, not a zero."""
    return one.result.status in ("trial", "paused") and one.result.price is None


def _dates(one: Measured, status: str, now: datetime, settings: Settings) -> dict[str, date | None]:
    sub = one.sub

    def coming(at: datetime | None) -> date | None:
        return local_day(at, settings.zone) if at and at > now else None

    renews = status == "active" and sub.auto_renew is not False
    term, period = coming(sub.current_term_ends_at), coming(sub.current_period_ends_at)
    last = sub.expires_at
    bills = status in ("active", "cancelling", "trial") and not (
        last and sub.current_period_ends_at and last <= sub.current_period_ends_at
    )
    ends = last
    if ends is None and status == "active" and sub.auto_renew is False:
        ends = sub.current_term_ends_at
    return {
        "renews_on": term if renews else None,
        "bills_on": period if bills else None,
        "trial_ends_on": maybe_day(sub.trial_ends_at, settings.zone) if status == "trial" else None,
        "ends_on": maybe_day(ends, settings.zone),
    }


def save(rollups: Mapping[int, Rollup], now: datetime, settings: Settings) -> None:
    """Store the facts of all subscriptions of these accounts; what they no longer have goes. Only
    rows that differ are written."""
    rows = [
        columns_of(account_id, one, now, settings)
        for account_id, rollup in rollups.items()
        for one in rollup.measured
    ]
    document = msgspec.json.encode(rows)
    with connection.cursor() as db:
        db.execute(_SAVE, {"rows": document.decode(), "ids": list(rollups)})


_NAMES = ", ".join(FIGURES)
_THEIRS = ", ".join(f"excluded.{name}" for name in FIGURES)
_OURS = ", ".join(f"f.{name}" for name in FIGURES)
_SAVE = f"""
    WITH fresh AS (
        SELECT s.id AS subscription_id, {", ".join(f"r.{name}" for name in FIGURES)}
        FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
            upstream_id text, account_id bigint, site_id bigint, currency text, plan_code text,
            status text, flags text[], mrr numeric, monthly numeric, quantity integer,
            past_due_days integer, started_on date, renews_on date, bills_on date,
            trial_ends_on date, ends_on date)
        JOIN customers_subscription s ON s.site_id = r.site_id AND s.upstream_id = r.upstream_id
    ), gone AS (
        DELETE FROM {TABLE} f
        WHERE f.account_id = ANY(%(ids)s)
            AND NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.subscription_id = f.subscription_id)
    )
    INSERT INTO {TABLE} AS f (subscription_id, {_NAMES})
    SELECT subscription_id, {_NAMES} FROM fresh
    ON CONFLICT (subscription_id) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in FIGURES)}
    WHERE ({_OURS}) IS DISTINCT FROM ({_THEIRS})
"""  # noqa: S608
assert [field.column for field in SubscriptionFacts._meta.concrete_fields[1:]] == FIGURES  # noqa: S101
