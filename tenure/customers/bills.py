"""Questions about what a customer is billed and what was paid: a page at a time, along the index of its rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, TextField
from django.db.models.functions import Coalesce

from tenure.customers.models import (
    Allocation,
    BillingAccount,
    CreditPayment,
    Invoice,
    InvoiceOverTime,
    LineItem,
    Transaction,
)
from tenure.customers.models.invoicing import OPEN_STATES
from tenure.customers.versions import in_force

MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class InvoicePlace:
    """Where in an account's invoices, newest first, a page ends."""

    created_at: datetime
    pk: int


def invoices(
    account_id: int,
    *,
    limit: int,
    after: InvoicePlace | None = None,
    before: datetime | None = None,
    only_open: bool = False,
    at: datetime | None = None,
) -> list[Invoice]:
    """The account's invoices with their sites, newest first, going on after a place or an instant;
    of those it shares with other accounts, ``share`` is its part. With ``at`` as they were known at
    that instant; the parts are those of today."""
    wanted = in_force(at) if at else Q(removed_at=None)
    if only_open:
        wanted &= Q(state__in=OPEN_STATES)
    if before:
        wanted &= Q(created_at__lt=before)
    if after:
        older = Q(created_at=after.created_at, pk__lt=after.pk)
        wanted &= Q(created_at__lt=after.created_at) | older
        wanted &= Q(created_at__lte=after.created_at)  # lets the index seek to the place
    table: Any = InvoiceOverTime if at else Invoice
    rows = table.objects.filter(wanted, account_id=account_id).select_related("site")
    whole = list(rows.order_by("-created_at", "-id")[:limit])
    found = [*whole, *_shared(account_id, wanted, limit, table)]
    return sorted(found, key=lambda one: (one.created_at, one.pk), reverse=True)[:limit]


def _shared(account_id: int, wanted: Q, limit: int, table: Any = Invoice) -> list[Invoice]:
    """The invoices of which the account has a part, each with that part."""
    mine = Allocation.objects.filter(account_id=account_id).values("invoice_id")
    rows = table.objects.filter(wanted, pk__in=mine)
    found = rows.select_related("site").order_by("-created_at", "-id")[:limit]
    return with_shares(account_id, found)


def with_shares(account_id: int, rows: Iterable[Invoice]) -> list[Invoice]:
    """These invoices, each with the account's part of it."""
    found = list(rows)
    ids = [invoice.pk for invoice in found]
    parts = Allocation.objects.filter(account_id=account_id, invoice_id__in=ids) if found else ()
    shares = {part.invoice_id: part for part in parts}
    for invoice in found:
        invoice.share = shares.get(invoice.pk)
    return found


def allocations_of(invoice: Invoice) -> list[Allocation]:
    """How an invoice is shared out, the unallocated part last; empty when it is one account's."""
    return list(invoice.allocations.select_related("account").order_by("pk"))


def get_invoice(pk: int, *, at: datetime | None = None) -> Invoice:
    """The invoice with its site and account; with ``at`` as it was known at that instant. Raises
    Invoice.DoesNotExist."""
    rows: Any = InvoiceOverTime.objects.filter(in_force(at)) if at else Invoice.objects.all()
    found: Invoice | None = rows.select_related("site", "account").filter(pk=pk).first()
    if found is None:
        raise Invoice.DoesNotExist(pk)
    return found


def invoice_numbered(account_id: int, number: str) -> list[Invoice]:
    """The account's invoices of this number: one a site at most."""
    wanted = Q(number=number, removed_at=None)
    rows = Invoice.objects.filter(wanted, account_id=account_id).select_related("site")
    return [*rows, *_shared(account_id, wanted, MOST_LINES)]


def lines_of(invoice: Invoice) -> list[LineItem]:
    """The lines of an invoice in the order they were made."""
    rows = LineItem.objects.filter(
        site_id=invoice.site_id, invoice_upstream_id=invoice.upstream_id, removed_at=None
    )
    return list(rows.order_by("created_at", "id")[:MOST_LINES])


def payments_of(invoice: Invoice) -> list[Transaction]:
    """Every attempt to move money for an invoice, newest first."""
    rows = Transaction.objects.filter(
        site_id=invoice.site_id, invoice_upstream_id=invoice.upstream_id, removed_at=None
    )
    return list(rows.order_by("-created_at", "-id")[:MOST_LINES])


def credits_of(invoice: Invoice) -> list[CreditPayment]:
    """Credit used on an invoice, newest first."""
    rows = CreditPayment.objects.filter(
        site_id=invoice.site_id,
        applied_to_invoice_upstream_id=invoice.upstream_id,
        removed_at=None,
    )
    return list(rows.order_by("-created_at", "-id")[:MOST_LINES])


def payments(
    payers: Sequence[BillingAccount], *, limit: int, before: datetime | None = None
) -> list[Transaction]:
    """Attempts to take money from these payers, newest first."""
    rows = Transaction.objects.filter(_of(payers), removed_at=None)
    if before:
        rows = rows.filter(created_at__lt=before)
    return list(rows.order_by("-created_at", "-id")[:limit])


def _of(payers: Sequence[BillingAccount]) -> Q:
    condition = Q(pk__in=())
    for payer in payers:
        condition |= Q(site_id=payer.site_id, account_upstream_id=payer.upstream_id)
    return condition


def invoice_keys(account_id: int, upstream_ids: Iterable[str]) -> dict[tuple[int, str], int]:
    """Our own numbers of these invoices of the account, by (site id, upstream id)."""
    ids = list(upstream_ids)
    whole = Invoice.objects.filter(account_id=account_id, upstream_id__in=ids)
    shared = Invoice.objects.filter(allocations__account_id=account_id, upstream_id__in=ids)
    rows = whole.union(shared)
    return {(site, name): pk for pk, site, name in rows.values_list("pk", "site_id", "upstream_id")}


def invoices_due(
    account_id: int, now: datetime, *, limit: int, at: datetime | None = None
) -> list[Invoice]:
    """The account's open invoices that fall due from now on, the soonest first; with ``at`` those
    known at that instant."""
    table: Any = InvoiceOverTime if at else Invoice
    rows = table.objects.filter(
        in_force(at) if at else Q(removed_at=None),
        account_id=account_id,
        state__in=OPEN_STATES,
        balance__gt=0,
        due_at__gt=now,
    )
    return list(rows.order_by("due_at", "pk")[:limit])


@dataclass(frozen=True, slots=True)
class Failure:
    """Why payments failed: the source's words, how often, and when last."""

    reason: str
    times: int
    last_at: datetime


def payment_failures(
    payers: Sequence[BillingAccount], *, since: datetime, until: datetime | None = None
) -> list[Failure]:
    """Failed attempts to take money from these payers since an instant, up to another or to now, by
    their reason, the most frequent first."""
    if not payers:
        return []
    rows = Transaction.objects.filter(
        _of(payers),
        removed_at=None,
        type__in=("purchase", "capture"),
        status__in=("declined", "error"),
        created_at__gt=since,
    )
    if until:
        rows = rows.filter(created_at__lte=until)
    reason = Coalesce("status_message", "status_code", "status", output_field=TextField())
    told = rows.annotate(reason=reason).values("reason").annotate(Count("pk"), Max("created_at"))
    found = [Failure(one["reason"] or "", one["pk__count"], one["created_at__max"]) for one in told]
    return sorted(found, key=lambda one: (-one.times, one.reason))
