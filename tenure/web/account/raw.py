"""The raw tab: the newest payload of each record, exactly as it was received.

Of a record only the newest payload is kept. As of a past day it is shown where it had come by then;
where another one has come since, what was read of the record then stands in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.customers import bills
from tenure.customers import read as customers
from tenure.sources.base import Stream
from tenure.sync import payloads, standing
from tenure.sync import read as sync
from tenure.web.account.events import said
from tenure.web.account.head import Head, head_of, shown
from tenure.web.as_of import at
from tenure.web.badges import spoken
from tenure.web.values import EMPTY

INVOICES = 20
NOT_TOLD = frozenset(
    "id site account valid_from valid_to content_hash created_in changed_in updated_at removed_at"
    " sources".split()
)
NAMED = {
    Stream.ACCOUNTS: "Account",
    Stream.SUBSCRIPTIONS: "Subscription",
    Stream.INVOICES: "Invoice",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One payload that can be opened: whose it is, when it was fetched, by which run. ``replaces``
    says that it came after the day looked back to; ``read`` is what was read of the record then."""

    pk: int
    what: str
    name: str
    site: str
    upstream_id: str
    fetched_at: datetime
    run_id: int | None
    replaces: bool = False
    read: Sequence[tuple[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A record of the account: its name, and its row as it read at a past time, where rows are kept."""

    name: str
    row: Any = None


@require_safe
def tab(request: HttpRequest, pk: int) -> HttpResponse:
    """The records of the account, newest payload first; each opens on demand."""
    moment = at(request)
    head = head_of(pk, moment)
    found = _records(head, moment.instant if moment else None)
    found.sort(key=lambda record: record.fetched_at, reverse=True)
    context = shown(request, head, "account_raw", records=found, most=INVOICES)
    return render(request, "web/account/raw.html", context)


@require_safe
def payload(request: HttpRequest, pk: int, payload: int) -> HttpResponse:
    """One payload as indented JSON; its numbers are the very digits received."""
    moment = at(request)
    kept = standing.payload(payload)
    if moment and kept and kept.fetched_at >= moment.instant:
        raise Http404(f"This payload came after {moment.day}; older ones are not kept.")
    if kept is None or kept.pk not in {record.pk for record in _records(head_of(pk), None)}:
        raise Http404("There is no such payload of this account.")
    text = msgspec.json.format(payloads.read(kept), indent=2).decode()
    return render(request, "web/account/payload.html", {"text": text, "kept": kept})


def _records(head: Head, then: datetime | None) -> list[Record]:
    groups: dict[tuple[int, str, Stream], dict[str, Named]] = {}
    for payer in head.rows:
        key = (payer.site_id, payer.site.subdomain, Stream.ACCOUNTS)
        groups.setdefault(key, {})[payer.upstream_id] = Named(payer.code)
    for row in customers.subscriptions(head.account.pk, at=then):
        key = (row.site_id, row.site.subdomain, Stream.SUBSCRIPTIONS)
        name = row.plan_name or row.plan_code or ""
        groups.setdefault(key, {})[row.upstream_id] = Named(name, row)
    for bill in bills.invoices(head.account.pk, limit=INVOICES, at=then):
        key = (bill.site_id, bill.site.subdomain, Stream.INVOICES)
        groups.setdefault(key, {})[bill.upstream_id] = Named(bill.number or "", bill)
    return [record for key, names in groups.items() for record in _found(key, names, then)]


def _found(
    key: tuple[int, str, Stream], names: dict[str, Named], then: datetime | None
) -> Sequence[Record]:
    site_id, site, stream = key
    return [
        Record(
            kept.pk,
            NAMED[stream],
            names[kept.upstream_id].name,
            site,
            kept.upstream_id,
            kept.fetched_at,
            kept.run_id,
            replaces=(replaces := then is not None and kept.fetched_at >= then),
            read=_read(names[kept.upstream_id].row) if replaces else (),
        )
        for kept in sync.raw_payloads(site_id, stream, list(names))
    ]


def _read(row: Any) -> list[tuple[str, Any]]:
    """What is kept of a row, field by field, as it read then; nothing where no row is kept."""
    if row is None:
        return []
    fields = [one for one in row._meta.concrete_fields if one.name not in NOT_TOLD]
    told = [(one.name, getattr(row, one.attname)) for one in fields]
    return [(spoken(name), said(value)) for name, value in told if value not in EMPTY]
