"""The figures that payments make: refunds, what was paid net of them, and the last payment."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from tenure.core.money import Money
from tenure.metrics.amounts import displayed
from tenure.metrics.days import maybe_day
from tenure.metrics.explain import invoices
from tenure.metrics.explain.parts import Found, Left, Part
from tenure.metrics.inputs import Settings
from tenure.metrics.ledger_sql import SHARED_PAYMENTS

FIGURES = ("net_paid", "total_refunded", "last_paid")
EARLIER = 5
NOT_DONE = "A refund that did not succeed"


def of_account(
    account_id: int, figure: str, now: datetime, settings: Settings
) -> tuple[list[Found], list[Left]]:
    """What the account's payments contribute to the figure, and those that do not."""
    if figure == "last_paid":
        return _last(account_id, settings)
    refunds, undone = _refunds(account_id, settings, sign=1 if figure == "total_refunded" else -1)
    if figure == "total_refunded":
        return refunds, undone
    paid, unpaid = invoices.of_account(account_id, "total_paid", now, settings)
    return [*paid, *refunds], [*unpaid, *undone]


# Every payment of the account: of its invoices, of its part of shared ones, and those without an
# invoice from whoever bills it. As ``ledger_sql`` has them.
MINE = f"""
    WITH {SHARED_PAYMENTS}, mine AS (
        SELECT t.id, t.site_id, t.upstream_id, t.currency, t.type, t.status, t.created_at,
               t.collected_at, coalesce(t.amount, 0) AS amount
        FROM customers_invoice i
        JOIN customers_transaction t
            ON t.site_id = i.site_id AND t.invoice_upstream_id = i.upstream_id
        WHERE i.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND t.removed_at IS NULL
        UNION ALL
        SELECT id, site_id, upstream_id, currency, type, status, created_at, collected_at,
               coalesce(amount, 0)
        FROM split
        UNION ALL
        SELECT t.id, t.site_id, t.upstream_id, t.currency, t.type, t.status, t.created_at,
               t.collected_at, coalesce(t.amount, 0)
        FROM customers_billingaccount b
        JOIN customers_transaction t
            ON t.site_id = b.site_id AND t.account_upstream_id = b.upstream_id
            AND t.invoice_upstream_id IS NULL
        WHERE b.account_id = ANY(%(ids)s) AND b.removed_at IS NULL AND t.removed_at IS NULL
    )
"""  # noqa: S608
_REFUNDS = f"""
    {MINE}, refunds AS (
        SELECT mine.*, coalesce(status = 'success', FALSE) AS done FROM mine WHERE type = 'refund'
    ), placed AS (
        SELECT refunds.*, sum(amount) OVER w AS whole, count(*) OVER w AS number_of,
               row_number() OVER (w ORDER BY created_at DESC, id DESC) AS place
        FROM refunds WINDOW w AS (PARTITION BY currency, done)
    )
    SELECT currency, done, whole, number_of, amount, site_id, upstream_id, status,
           coalesce(collected_at, created_at)
    FROM placed WHERE place <= %(shown)s ORDER BY currency, done DESC, place
"""  # noqa: S608
_LAST = f"""
    {MINE}
    SELECT currency, amount, site_id, upstream_id, status, collected_at FROM mine
    WHERE type IN ('purchase', 'capture') AND status = 'success' AND collected_at IS NOT NULL
    ORDER BY collected_at DESC, currency DESC, amount DESC, id DESC LIMIT %(limit)s
"""  # noqa: S608
# Where no payment was collected that is known of, the last one is the last paid invoice.
_CLOSED = """
    SELECT currency, paid, site_id, coalesce(number, upstream_id), upstream_id, closed_at FROM (
        SELECT i.currency, i.paid, i.site_id, i.number, i.upstream_id, i.closed_at, i.id
        FROM customers_invoice i
        WHERE i.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND i.state <> 'voided'
            AND i.type IS DISTINCT FROM 'credit'
        UNION ALL
        SELECT i.currency, a.paid, i.site_id, i.number, i.upstream_id, i.closed_at, i.id
        FROM customers_allocation a JOIN customers_invoice i ON i.id = a.invoice_id
        WHERE a.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND i.state <> 'voided'
            AND i.type IS DISTINCT FROM 'credit'
    ) bills
    WHERE paid > 0 AND closed_at IS NOT NULL
    ORDER BY closed_at DESC, currency DESC, paid DESC, id DESC LIMIT %(limit)s
"""


def _refunds(account_id: int, settings: Settings, *, sign: int) -> tuple[list[Found], list[Left]]:
    found: list[Found] = []
    left: list[Left] = []
    whole: dict[str, Decimal] = {}
    rows = _asked(_REFUNDS, {"ids": [account_id], "shown": invoices.SHOWN})
    for currency, done, total, count, amount, *record in rows:
        part = _part("refund", currency, sign * amount, record, settings)
        if done:
            whole[currency] = sign * total
            found.append(Found(currency, sign * amount, part))
        else:
            left.append(Left(currency, NOT_DONE, part, count))
    return [*found, *invoices.others(found, whole)], left


def _last(account_id: int, settings: Settings) -> tuple[list[Found], list[Left]]:
    values = {"ids": [account_id], "limit": EARLIER + 1}
    rows = _asked(_LAST, values)
    if rows:
        parts = [
            (code, amount, _part("payment", code, amount, record, settings))
            for code, amount, *record in rows
        ]
    else:
        parts = [
            (code, paid, _closed_part(code, paid, record, settings))
            for code, paid, *record in _asked(_CLOSED, values)
        ]
    found = [Found(code, amount, part) for code, amount, part in parts[:1]]
    return found, [Left(code, "An earlier payment", part) for code, _, part in parts[1:]]


def _asked(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as db:
        db.execute(statement, values)
        return list(db.fetchall())


def _part(
    kind: str, currency: str, amount: Decimal, record: Sequence[Any], settings: Settings
) -> Part:
    site_id, upstream_id, status, at = record
    return Part(
        kind,
        upstream_id,
        Money(displayed(amount, currency), currency),
        site_id=site_id,
        upstream_id=upstream_id,
        status=status or "",
        day=maybe_day(at, settings.zone),
    )


def _closed_part(currency: str, amount: Decimal, record: Sequence[Any], settings: Settings) -> Part:
    site_id, label, upstream_id, at = record
    return Part(
        "invoice",
        label,
        Money(displayed(amount, currency), currency),
        site_id=site_id,
        upstream_id=upstream_id,
        status="paid",
        day=maybe_day(at, settings.zone),
    )
