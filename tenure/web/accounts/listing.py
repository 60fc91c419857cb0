"""The list of accounts: searched as one types, sorted by a column, paged from a row onwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from tenure.connections import read as connections
from tenure.core.money import Money
from tenure.customers import read as customers
from tenure.health import listing as by_health
from tenure.health import read as health
from tenure.health.models import Verdict
from tenure.metrics import read as metrics
from tenure.metrics.as_of import Moment
from tenure.metrics.paging import UnusablePage
from tenure.metrics.read import AccountRow, Totals
from tenure.web.accounts import columns
from tenure.web.accounts.cells import lines
from tenure.web.accounts.columns import Column
from tenure.web.as_of import at, now_of
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, may_manage_sites

PAGE = 50
COUNT_CAP = 10_000
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head as drawn: where a click leads and how the list is sorted by it now."""

    column: Column
    address: str
    sorted: str


@dataclass(frozen=True, slots=True)
class CurrencyTotals:
    """The sums in one currency; None where there is nothing."""

    currency: str
    mrr: Money
    due: Money | None
    overdue: Money | None


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """The page, or only its table when that is what was asked for."""
    picked = request.GET.getlist("columns")
    if len(picked) > 1:  # the form that chooses them; an address worth sending has one list
        return _tidied(request, picked)
    search = request.GET.get("q", "").strip()[:LONGEST_SEARCH].replace("\x00", "")
    sort = request.GET.get("sort", "-mrr")
    moment = at(request)
    way = "" if moment else request.GET.get("health", "")
    if moment and sort.removeprefix("-") == "health":
        sort = "-mrr"  # an order by scores is kept of the present alone
    where = by_health.standing(way)
    known = columns.offered(customers.attributes())
    shown_columns = columns.chosen(picked[0] if picked else "", known)
    try:
        page = by_health.accounts_page(
            search=search,
            where=where,
            sort=sort,
            cursor=request.GET.get("after") or None,
            limit=PAGE,
            with_values=any(column.attribute for column in shown_columns),
            moment=moment,
        )
    except UnusablePage as error:
        return render(request, "web/accounts/unusable.html", {"error": error}, status=400)
    member = member_of(request)
    shown: dict[str, Any] = {
        "page": page,
        "lines": lines(
            page.rows,
            shown_columns,
            now_of(request),
            _scores(page.rows, shown_columns, moment),
        ),
        "search": search,
        "sort": sort,
        "headings": [heading(column, sort) for column in shown_columns],
        "offered": known.values(),
        "picked": {column.key for column in shown_columns},
        "picked_text": ",".join(picked),
        "found": metrics.capped_count(search, cap=COUNT_CAP, where=where, moment=moment),
        "way": way if where else "",
        "cap": COUNT_CAP,
        "sites": connections.sites() if not page.rows else (),
        "may_connect": may_manage_sites(member),
        "may_edit": may_edit_customers(member) and moment is None,
    }
    part = request.headers.get("HX-Target") == "accounts-table"
    response = render(
        request, "web/accounts/table.html" if part else "web/accounts/page.html", shown
    )
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _scores(
    rows: Sequence[AccountRow], shown_columns: Sequence[Column], moment: Moment | None
) -> Mapping[int, Verdict]:
    """The health of these accounts, where a column shows it."""
    if all(column.key != "health" for column in shown_columns):
        return {}
    ids = [row.id for row in rows]
    return health.scores_at(ids, moment.instant) if moment else health.scores_of(ids)


def _tidied(request: HttpRequest, picked: list[str]) -> HttpResponse:
    query = request.GET.copy()
    query["columns"] = ",".join(name for name in picked if name)
    query.pop("after", None)
    return HttpResponseRedirect(f"{request.path}?{query.urlencode(safe=',')}")


@require_safe
def totals(request: HttpRequest) -> HttpResponse:
    """The sums over all accounts, asked for after the page so that the list never waits for them."""
    moment = at(request)
    totals = metrics.totals_at(moment) if moment else metrics.totals()
    found = {"mrr": totals.mrr, "total_due": totals.total_due, "past_due": totals.past_due}
    beside = metrics.converted(found, now_of(request))
    lines = _by_currency(totals)
    foreign = [line for line in lines if line.currency != beside.currency]
    shown = {"totals": totals, "lines": lines, "beside": beside if foreign else None}
    return render(request, "web/accounts/totals.html", shown)


def _by_currency(totals: Totals) -> list[CurrencyTotals]:
    """One line for each currency, in the order of the codes."""
    mrr, due, late = (
        {money.currency: money for money in amounts if money}
        for amounts in (totals.mrr, totals.total_due, totals.past_due)
    )
    return [
        CurrencyTotals(code, mrr.get(code, Money(Decimal(0), code)), due.get(code), late.get(code))
        for code in sorted(mrr.keys() | due.keys())
    ]


def heading(column: Column, sort: str) -> Heading:
    """A column's head while the list is sorted like this."""
    if not column.sort:
        return Heading(column, "", "")
    now = {column.sort: "ascending", f"-{column.sort}": "descending"}.get(sort, "")
    turned = column.sort if sort.startswith("-") else f"-{column.sort}"
    return Heading(column, turned if now else column.first, now)
