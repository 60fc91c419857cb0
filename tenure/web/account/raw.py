"""The raw tab: the newest payload of each record, exactly as it was received."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.customers import read as customers
from tenure.sources.base import Stream
from tenure.sync import payloads, standing
from tenure.sync import read as sync
from tenure.web.account.head import Head, head_of, shown

INVOICES = 20
NAMED = {
    Stream.ACCOUNTS: "Account",
    Stream.SUBSCRIPTIONS: "Subscription",
    Stream.INVOICES: "Invoice",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One payload that can be opened: whose it is, when it was fetched, by which run."""

    pk: int
    what: str
    name: str
    site: str
    upstream_id: str
    fetched_at: datetime
    run_id: int | None


@require_safe
def tab(request: HttpRequest, pk: int) -> HttpResponse:
    """The records of the account, newest payload first; each opens on demand."""
    head = head_of(pk)
    found = sorted(_records(head), key=lambda record: record.fetched_at, reverse=True)
    context = shown(request, head, "account_raw", records=found, most=INVOICES)
    return render(request, "web/account/raw.html", context)


@require_safe
def payload(request: HttpRequest, pk: int, payload: int) -> HttpResponse:
    """One payload as indented JSON; its numbers are the very digits received."""
    kept = standing.payload(payload)
    if kept is None or kept.pk not in {record.pk for record in _records(head_of(pk))}:
        raise Http404("There is no such payload of this account.")
    text = msgspec.json.format(payloads.read(kept), indent=2).decode()
    return render(request, "web/account/payload.html", {"text": text, "kept": kept})


def _records(head: Head) -> list[Record]:
    groups: dict[tuple[int, str, Stream], dict[str, str]] = {}
    for payer in head.rows:
        key = (payer.site_id, payer.site.subdomain, Stream.ACCOUNTS)
        groups.setdefault(key, {})[payer.upstream_id] = payer.code
    for row in customers.subscriptions(head.account.pk):
        key = (row.site_id, row.site.subdomain, Stream.SUBSCRIPTIONS)
        groups.setdefault(key, {})[row.upstream_id] = row.plan_name or row.plan_code or ""
    for bill in customers.invoices(head.account.pk, limit=INVOICES):
        key = (bill.site_id, bill.site.subdomain, Stream.INVOICES)
        groups.setdefault(key, {})[bill.upstream_id] = bill.number or ""
    return [record for key, names in groups.items() for record in _found(key, names)]


def _found(key: tuple[int, str, Stream], names: dict[str, str]) -> Sequence[Record]:
    site_id, site, stream = key
    return [
        Record(
            kept.pk,
            NAMED[stream],
            names[kept.upstream_id],
            site,
            kept.upstream_id,
            kept.fetched_at,
            kept.run_id,
        )
        for kept in sync.raw_payloads(site_id, stream, list(names))
    ]
