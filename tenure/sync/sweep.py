"""After every id was read: what is here and was not met, and letting go of what is truly gone."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from tenure.customers import payers
from tenure.customers.models import LineItem
from tenure.customers.touched import touch
from tenure.sources.base import Stream
from tenure.sync import lease, quarantine
from tenure.sync.apply import Applier
from tenure.sync.models import Quarantined, Seen, StreamRun
from tenure.sync.streams import TABLES

FEW = 20
SHARE = 0.02


def too_many(vanished: int, held: int) -> bool:
    """More than 2 % and more than 20 gone at once is for a person to look at (F18)."""
    return vanished > FEW and vanished > SHARE * held


def forget(site_id: int, stream: Stream) -> None:
    """Drop what the last sweep met."""
    Seen.objects.filter(site_id=site_id, stream=stream).delete()


def vanished(site_id: int, stream: Stream) -> list[str]:
    """Upstream ids that are here, were not met by this sweep and existed before it began; those
    that are only in quarantine too."""
    table = TABLES[stream].name
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.upstream_id FROM {table} t"
            " LEFT JOIN sync_seen s ON s.site_id = t.site_id AND s.stream = %s"
            " AND s.upstream_id = t.upstream_id"
            " WHERE t.site_id = %s AND t.removed_at IS NULL AND s.id IS NULL"
            ' AND t.created_at <= (SELECT max(w."end") FROM sync_windowread w'
            "  WHERE w.site_id = t.site_id AND w.stream = %s AND w.phase = 'sweep')",
            [stream, site_id, stream],
        )
        known = [row[0] for row in cursor]
    met = Seen.objects.filter(site_id=site_id, stream=stream).values("upstream_id")
    unread = Quarantined.objects.filter(
        site_id=site_id, stream=stream, resolved_at=None, upstream_id__isnull=False
    ).exclude(upstream_id__in=[*known])
    return known + list(unread.exclude(upstream_id__in=met).values_list("upstream_id", flat=True))


def remove(
    site_id: int, stream: Stream, gone: Sequence[str], applier: Applier, at: datetime
) -> None:
    """Mark as removed what its own address denied; numbers of the accounts concerned follow."""
    if not gone:
        return
    table = TABLES[stream]
    with transaction.atomic():
        rows = table.model.objects.filter(site_id=site_id, upstream_id__in=list(gone))
        rows.update(removed_at=at, changed_in=applier.change_set)
        if stream == Stream.INVOICES:  # its lines have no address of their own to ask at
            lines = LineItem.objects.filter(site_id=site_id, invoice_upstream_id__in=list(gone))
            lines.update(removed_at=at, changed_in=applier.change_set)
        quarantine.resolve(site_id, stream, gone, applier.now)
        touch(_accounts(table.name, site_id, gone), applier.now)
        StreamRun.objects.filter(run_id=applier.run_id, stream=stream).update(
            removed=F("removed") + len(gone)
        )
        lease.guard(applier.run_id, applier.fence)  # last, as pages do


def _accounts(table: str, site_id: int, ids: Sequence[str]) -> set[int]:
    """Whose numbers follow: the owners, who shares an invoice, and who is fed by a payer."""
    shared = ""
    if table == "customers_invoice":
        shared = (
            " UNION SELECT a.account_id FROM customers_allocation a"
            " JOIN customers_invoice i ON i.id = a.invoice_id"
            " WHERE i.site_id = %(site)s AND i.upstream_id = ANY(%(ids)s)"
        )
    payer = {"customers_billingaccount": "upstream_id"}.get(table, "account_upstream_id")
    of_payers = table in {
        "customers_billingaccount",
        "customers_transaction",
        "customers_creditpayment",
    }
    column = payer if of_payers else "account_id" if table != "customers_plan" else "NULL::bigint"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column} FROM {table} WHERE site_id = %(site)s"
            f" AND upstream_id = ANY(%(ids)s){shared}",
            {"site": site_id, "ids": list(ids)},
        )
        found = {row[0] for row in cursor if row[0] is not None}
    return payers.accounts_of(site_id, found) if of_payers else found
