"""The unidentified: records nobody can name yet, with the reason, on a page and as a file."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.core.csvs import lines
from tenure.core.money import Money
from tenure.identity import rules, unidentified
from tenure.identity.unidentified import UnusablePlace

PAGE = 100
HEADINGS = ("site", "object", "id", "code", "label", "email", "created_at", "reason")


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """One page of the list, and what is billed to nobody."""
    after = request.GET.get("after", "")
    try:
        found = unidentified.listing(limit=PAGE + 1, after=after or None)
    except UnusablePlace:
        raise Http404("This address names no page of the list.") from None
    shown = {
        "rows": found[:PAGE],
        "more": found[PAGE - 1].place if len(found) > PAGE else None,
        "first": not after,
        "count": unidentified.count(),
        "rule": rules.in_force(),
        "unallocated": [
            (one, Money(one.total, one.currency), Money(one.balance, one.currency))
            for one in unidentified.unallocated()
        ],
    }
    return render(request, "web/identity/unidentified.html", shown)


@require_safe
def download(request: HttpRequest) -> StreamingHttpResponse:  # noqa: ARG001
    """All of them as CSV, safe to open in a spreadsheet."""
    answer = StreamingHttpResponse(_lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="unidentified.csv"'
    return answer


def _lines() -> Iterator[str]:
    yield from lines([HEADINGS], marked=True)
    for one in unidentified.everything():
        row = (one.site.subdomain, one.object, one.upstream_id, one.code, one.label, one.email)
        yield from lines([(*row, one.created_at, one.reason)])
