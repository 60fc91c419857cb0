"""A subscription and an invoice of a past day as scripts see them, in the shape of today's."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from tenure.core.money import Money
from tenure.customers import shapes
from tenure.metrics.as_of import Moment
from tenure.metrics.inputs import Invoice
from tenure.metrics.invoices import standing
from tenure.metrics.settings import zone

_OF_NOW = "monthly interval flags past_due_days started_on renews_on bills_on trial_ends_on ends_on"
_TRIED = "attempts failed_attempts last_failure last_failed_at refunded credit_used plans"
BY_CALENDAR = ("past_due", "due", "processing")
_KEPT = (
    "number type state currency origin total balance paid due_at created_at closed_at net_terms"
    " net_terms_type collection_method"
).split()

_POINTS = """
    SELECT DISTINCT ON (subscription_id) subscription_id, currency, mrr, status
    FROM metrics_mrrpoint
    WHERE subscription_id = ANY(%s) AND day <= %s AND recorded_at < %s
    ORDER BY subscription_id, day DESC, recorded_at DESC, id DESC
"""


def subscriptions(rows: Sequence[Any], at: Moment) -> list[dict[str, Any]]:
    """The agreements with status and MRR as they were known; the rest of today's figures is null."""
    with connection.cursor() as db:
        db.execute(_POINTS, [[row.pk for row in rows], at.day, at.instant])
        known = {pk: told for pk, *told in db.fetchall()}
    return [_subscription(row, *known.get(row.pk, (row.currency, None, None))) for row in rows]


def _subscription(row: Any, currency: str, mrr: Any, status: str | None) -> dict[str, Any]:
    return {
        **shapes.subscription(row),
        **dict.fromkeys(_OF_NOW.split()),
        "flags": [],
        "status": status,
        "mrr": None if mrr is None else Money(mrr, currency).as_json(),
    }


def invoices(rows: Sequence[Any], at: Moment) -> list[dict[str, Any]]:
    """The bills with how they stood at the end of the day."""
    calendar = zone()
    return [_invoice(row, at, calendar) for row in rows]


def _invoice(row: Any, at: Moment, calendar: Any) -> dict[str, Any]:
    kept = {name: getattr(row, name) for name in _KEPT}
    stands = standing(
        Invoice(site=str(row.site_id), id=row.upstream_id, **kept), at.instant, calendar
    )
    return {
        **shapes.invoice(row, row.allocations.all()),
        **dict.fromkeys(_TRIED.split()),
        "plans": [],
        "status": stands.kind if stands.kind in BY_CALENDAR else row.state,
        "due_on": shapes.plain(stands.due_day),
        "days_past_due": stands.days,
    }
