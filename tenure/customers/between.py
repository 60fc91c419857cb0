"""What happened to an account between two instants: changes with who made them, and invoices that
came, went or read differently afterwards."""

from datetime import datetime

from django.db import connection

from tenure.customers.models import Change


def changes_between(account_id: int, start: datetime, end: datetime, *, limit: int) -> list[Change]:
    """What changed from ``start`` up to but not including ``end``, the newest first."""
    rows = Change.objects.filter(account_id=account_id, at__gte=start, at__lt=end)
    return list(rows.select_related("change_set__member").order_by("-at", "-pk")[:limit])


def invoices_between(
    account_id: int, start: datetime, end: datetime, *, limit: int
) -> dict[int, datetime]:
    """The account's invoices that changed in that time, and when last, the latest first; also those it
    has a part of."""
    with connection.cursor() as db:
        db.execute(_CHANGED, {"account": account_id, "start": start, "end": end, "limit": limit})
        return dict(db.fetchall())


_CHANGED = """
    SELECT id, max(at) FROM (
        SELECT i.id, CASE WHEN i.removed_at >= %(start)s AND i.removed_at < %(end)s
            THEN i.removed_at ELSE i.valid_from END AS at
        FROM customers_invoice_over_time i
        WHERE i.account_id = %(account)s
            OR i.id IN (SELECT p.invoice_id FROM customers_allocation p WHERE p.account_id = %(account)s)
    ) each WHERE at >= %(start)s AND at < %(end)s
    GROUP BY id ORDER BY 2 DESC, 1 DESC LIMIT %(limit)s
"""
