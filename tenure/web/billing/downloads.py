"""The lists across accounts as files, sent while they are read: CSV safe in a spreadsheet, or JSON."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from tenure.metrics.lists import export
from tenure.metrics.lists.filters import UnusableFilter
from tenure.metrics.paging import UnusablePage
from tenure.web.billing.listing import (
    INVOICES,
    SUBSCRIPTIONS,
    Listing,
    chosen_columns,
    unusable,
    wanted_of,
)
from tenure.web.exchange.downloads import sent


@require_safe
def subscriptions(request: HttpRequest, form: str) -> HttpResponse | StreamingHttpResponse:
    """The subscriptions as the list shows them."""
    return _sent(request, SUBSCRIPTIONS, form)


@require_safe
def invoices(request: HttpRequest, form: str) -> HttpResponse | StreamingHttpResponse:
    """The invoices as the list shows them."""
    return _sent(request, INVOICES, form)


def _sent(
    request: HttpRequest, listing: Listing, form: str
) -> HttpResponse | StreamingHttpResponse:
    if form not in ("csv", "json"):
        raise Http404("A list can be had as CSV or as JSON.")
    try:
        asked, sort = wanted_of(request, listing)
        if form == "json":
            return as_json(export.documents(listing.name, asked, sort=sort), listing.name)
        _, shown = chosen_columns(request, listing)
        picked = [c.key for c in shown if not c.attribute] if request.GET.get("columns") else ()
        held = [(c.attribute, c.label) for c in shown if c.attribute]
        rows = export.rows(listing.name, asked, sort=sort, columns=picked, attributes=held)
    except (UnusablePage, UnusableFilter) as error:
        return unusable(request, listing, error)
    return sent(rows, listing.name)


def as_json(documents: Iterable[Any], name: str) -> StreamingHttpResponse:
    """Documents as one JSON list, a document a line."""
    answer = StreamingHttpResponse(_lines(documents), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}.json"'
    answer["Cache-Control"] = "no-store"
    return answer


def _lines(documents: Iterable[Any]) -> Iterator[str]:
    start = "[\n"
    for document in documents:
        yield start + json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"
