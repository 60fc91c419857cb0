"""Lists as files, sent while they are read."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.core import csvs, jsons
from tenure.customers import read as customers
from tenure.customers.exchange import export, imports
from tenure.customers.models import Account
from tenure.health.listing import orders_at
from tenure.metrics import export as figures
from tenure.metrics.paging import UnusablePage
from tenure.rules.errors import RuleRefused
from tenure.web.account.head import GONE
from tenure.web.accounts import columns
from tenure.web.accounts.asked import usable
from tenure.web.as_of import at, now_of
from tenure.web.exchange.pages import import_of
from tenure.web.permissions import may_edit_customers, only

LINES = 200  # a piece of the answer


@require_safe
def accounts(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The accounts as the list shows them: searched, sorted, with its columns; or ``with`` all
    ``attributes``, and with the ``sources`` of each; of a past day as they were known then."""
    try:
        asked = usable(request.GET, now_of(request), at(request))
    except RuleRefused as error:
        return render(request, "web/accounts/unusable.html", {"error": error}, status=422)
    wanted = request.GET.get("with", "")
    known = columns.offered(customers.attributes())
    shown = columns.chosen(request.GET.get("columns", ""), known)
    try:
        rows = figures.rows(
            search=asked.search,
            where=asked.where,
            sort=request.GET.get("sort") or "-mrr",
            attributes=wanted in ("attributes", "sources"),
            sources=wanted == "sources",
            columns=() if wanted else [column.key for column in shown],
            moment=at(request),
            orders=orders_at(at(request)),
        )
    except UnusablePage as error:
        return render(request, "web/accounts/unusable.html", {"error": error}, status=400)
    moment = at(request)
    name = f"accounts-{moment.day.isoformat()}" if moment else "accounts"
    return _as_json(rows, name) if request.GET.get("form") == "json" else sent(rows, name)


@require_safe
def contacts(request: HttpRequest) -> StreamingHttpResponse:  # noqa: ARG001
    """Every contact there is."""
    return sent(export.contacts(), "contacts")


@require_safe
def contacts_of(request: HttpRequest, pk: int) -> StreamingHttpResponse:  # noqa: ARG001
    """The contacts of one account."""
    try:
        customers.get_account(pk)
    except Account.DoesNotExist:
        raise Http404(GONE) from None
    return sent(export.contacts(pk), f"contacts-{pk}")


@require_safe
@only(may_edit_customers)
def rejects(request: HttpRequest, pk: int) -> HttpResponse:  # noqa: ARG001
    """The refused rows of an import, to be corrected and brought again."""
    answer = sent(imports.rejects(import_of(pk)), f"import-{pk}-rejects")
    return cast("HttpResponse", answer)  # both are answers; Django's types do not say so


def sent(rows: Iterable[Sequence[Any]], name: str) -> StreamingHttpResponse:
    """Rows as a CSV file of this name, safe in a spreadsheet."""
    lines = csvs.lines(rows, marked=True)
    answer = StreamingHttpResponse(_pieces(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _as_json(rows: Iterator[Sequence[Any]], name: str) -> StreamingHttpResponse:
    """The same rows as a JSON list of objects, a line each, named by the heads of the columns."""
    answer = StreamingHttpResponse(
        _pieces(jsons.lines(rows)), content_type="application/json; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}.json"'
    answer["Cache-Control"] = "no-store"
    return answer


def _pieces(lines: Iterator[str]) -> Iterator[str]:
    while piece := "".join(islice(lines, LINES)):
        yield piece
