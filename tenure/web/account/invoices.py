"""The invoices of an account, a page at a time, and one invoice with everything on it."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.customers import bills as billed
from tenure.customers.bills import InvoicePlace
from tenure.customers.models import Invoice
from tenure.metrics.as_of import Moment
from tenure.metrics.invoices import Standing, standing
from tenure.metrics.settings import zone
from tenure.metrics.stored import invoice as as_input
from tenure.sources import registry
from tenure.sources.base import Stream
from tenure.web import moments
from tenure.web.account import known
from tenure.web.account.ageing import bars
from tenure.web.account.head import head_of, shown
from tenure.web.as_of import at, now_of

PAGE = 50


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice as a row: ``due`` is the day of the workspace it falls due on, by its terms where it
    names none; ``late`` is in such days, None when it is not late."""

    row: Invoice
    due: date | None
    late: int | None


@require_safe
def tab(request: HttpRequest, pk: int) -> HttpResponse:
    """One page of invoices, newest first, all or only the open ones."""
    moment = at(request)
    head = head_of(pk, moment)
    number = "" if moment else request.GET.get("number", "").strip()[:60]
    only_open = request.GET.get("show") == "open"
    if number:
        rows, more = billed.invoice_numbered(pk, number), False
    else:
        after = place_of(request.GET.get("after", ""))
        rows = known.invoices(head, moment, limit=PAGE + 1, after=after, only_open=only_open)
        rows, more = rows[:PAGE], len(rows) > PAGE
    context = shown(
        request,
        head,
        "account_invoices",
        bills=bills(rows, now_of(request)),
        bars=bars(head.facts),
        only_open=only_open,
        number=number,
        after=cursor_of(rows[-1]) if more else "",
        first=not request.GET.get("after"),
    )
    return render(request, "web/account/invoices.html", context)


@require_safe
def invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """One invoice: in the drawer when a page asks for it there, else a page of its own."""
    moment = at(request)
    try:
        row = billed.get_invoice(pk, at=moment.instant if moment else None)
    except Invoice.DoesNotExist:
        then = f" that was known at the end of {moment.day}" if moment else ""
        raise Http404(f"There is no such invoice here{then}.") from None
    source = registry.source(row.site.source)
    context: dict[str, Any] = {
        "invoice": row,
        "account": row.account,
        "bill": bills([row], now_of(request))[0],
        "lines": billed.lines_of(row),
        "payments": _by_then(billed.payments_of(row), moment),
        "credits": _by_then(billed.credits_of(row), moment),
        "parts": billed.allocations_of(row),
        "address": source.record_url(
            row.site.subdomain, Stream.INVOICES, row.number or row.upstream_id
        ),
    }
    drawer = request.headers.get("HX-Target") == "drawer-content"
    context |= {"top": 2, "sub": 3} if drawer else {"top": 1, "sub": 2}  # levels of the headings
    template = "web/account/invoice_detail.html" if drawer else "web/account/invoice.html"
    return render(request, template, context)


def _by_then(rows: Sequence[Any], moment: Moment | None) -> Sequence[Any]:
    """Those that were there by the end of the day looked back to."""
    return [row for row in rows if moment is None or row.created_at < moment.instant]


def bills(rows: Sequence[Invoice], now: datetime) -> list[Bill]:
    """The rows with when each is due and how late it is, by calendar days of the workspace: as the
    figures of the account count it."""
    days_of = zone()
    return [_bill(row, standing(as_input(row, row.part), now, days_of)) for row in rows]


def _bill(row: Invoice, how: Standing) -> Bill:
    return Bill(row, how.due_day, how.days or None)


def cursor_of(row: Invoice) -> str:
    """Where the next page begins, as text for an address."""
    return base64.urlsafe_b64encode(f"{row.created_at.isoformat()} {row.pk}".encode()).decode()


def place_of(cursor: str) -> InvoicePlace | None:
    """The place a cursor names; None for none. A damaged one is a 404, not a wrong page."""
    if not cursor:
        return None
    try:
        instant, pk = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        at = moments.instant_of(instant)
        if at is None:
            raise ValueError(instant)
        return InvoicePlace(at, int(pk))
    except (ValueError, binascii.Error):
        raise Http404("This address names no page of the invoices.") from None
