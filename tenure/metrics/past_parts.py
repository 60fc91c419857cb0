"""What an account's MRR was made of at the end of a past day: its subscriptions, as they are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from tenure.core.money import Money


@dataclass(frozen=True, slots=True)
class PastPart:
    """A subscription on that day: what it was worth, how it stood, and how that is known. ``since``
    is the day of the point in force."""

    subscription: int
    plan: str
    amount: Money
    status: str
    kind: str
    quantity: int | None
    since: date
    site: str


def parts_on(
    account_id: int, day: date, *, known_at: datetime | None = None
) -> Mapping[str, list[PastPart]]:
    """The account's subscriptions at the end of a day by currency, the largest first; those that
    counted nothing come last. With ``known_at`` as it was known at that instant."""
    with connection.cursor() as db:
        db.execute(_PARTS, {"account": account_id, "day": day, "known": known_at})
        rows = db.fetchall()
    found: dict[str, list[PastPart]] = {}
    for pk, plan, currency, amount, status, kind, quantity, since, site in rows:
        part = PastPart(
            pk, plan, Money(amount or Decimal(0), currency), status, kind, quantity, since, site
        )
        found.setdefault(currency, []).append(part)
    for parts in found.values():
        parts.sort(key=lambda one: (-one.amount.amount, one.subscription))
    return dict(sorted(found.items()))


# Where an amount is not known the last known one goes on, as in ``series``.
_PARTS = """
    SELECT s.id, coalesce(plan.name, s.plan_name, last.plan_code, s.plan_code, s.upstream_id),
           last.currency, coalesce(last.mrr, known.mrr), last.status, last.kind, last.quantity,
           last.day, site.subdomain
    FROM customers_subscription s
    JOIN connections_site site ON site.id = s.site_id
    CROSS JOIN LATERAL (
        SELECT p.* FROM metrics_mrrpoint p WHERE p.subscription_id = s.id AND p.day <= %(day)s
            AND (%(known)s::timestamptz IS NULL OR p.recorded_at <= %(known)s)
        ORDER BY p.day DESC, p.recorded_at DESC, p.id DESC LIMIT 1) last
    LEFT JOIN LATERAL (
        SELECT p.mrr FROM metrics_mrrpoint p
        WHERE last.mrr IS NULL AND p.subscription_id = s.id AND p.day <= last.day
            AND p.mrr IS NOT NULL
            AND (%(known)s::timestamptz IS NULL OR p.recorded_at <= %(known)s)
        ORDER BY p.day DESC, p.recorded_at DESC, p.id DESC LIMIT 1) known ON true
    LEFT JOIN customers_plan plan ON plan.site_id = s.site_id AND plan.code = last.plan_code
        AND plan.upstream_id = s.plan_upstream_id
    WHERE s.account_id = %(account)s
"""
