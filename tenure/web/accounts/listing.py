"""The list of accounts: searched as one types, sorted by a column, paged from a row onwards."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from tenure.connections import read as connections
from tenure.customers import read as customers
from tenure.health import listing as by_health
from tenure.health import read as health
from tenure.health.read import Standing
from tenure.metrics import read as metrics
from tenure.metrics.account_rows import AccountRow
from tenure.metrics.as_of import Moment
from tenure.metrics.paging import UnusablePage
from tenure.metrics.read import AccountsPage
from tenure.notify import read as notify
from tenure.segments.question import TooCostly, patient
from tenure.web import moments
from tenure.web.accounts import columns, copies, drawing, views
from tenure.web.accounts.asked import Asked, address_without, asked_of
from tenure.web.accounts.cells import Line, lines
from tenure.web.accounts.columns import Column
from tenure.web.accounts.drawing import Shown
from tenure.web.accounts.sums import COUNT_CAP
from tenure.web.as_of import at, now_of
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, may_manage_sites

PAGE = 50
REFUSED = 422


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head as drawn: where a click leads and how the list is sorted by it now."""

    column: Column
    address: str
    sorted: str


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """The page, or only its table when that is what was asked for."""
    picked = request.GET.getlist("columns")
    if len(picked) > 1:  # the form that chooses them; an address worth sending has one list
        return _tidied(request, picked)
    kept = views.held(request)
    if not request.GET and (first := views.opening(kept)):
        return HttpResponseRedirect(f"{request.path}?{first}")
    asked = asked_of(request.GET, now_of(request), at(request))
    if asked.said.problems and request.headers.get("HX-Request"):
        return _refused(request, asked)
    sort = request.GET.get("sort", "-mrr")
    moment = at(request)
    known = columns.offered(customers.attributes())
    shown_columns = columns.chosen(picked[0] if picked else "", known)
    try:
        page = _page(request, asked, sort, shown_columns)
    except UnusablePage as error:
        return render(request, "web/accounts/unusable.html", {"error": error}, status=400)
    except TooCostly as error:
        return render(request, "web/accounts/unusable.html", {"error": error}, status=504)
    member = member_of(request)
    few = _all_here(page)
    shown: dict[str, Any] = {
        "page": page,
        "asked": asked,
        "chips": [(chip, address_without(request, chip.without)) for chip in asked.said.chips],
        "cleared": address_without(request, ""),
        "rows": drawing.rows(
            _lines(request, page, shown_columns), _shown(request, page, shown_columns)
        ),
        "search": asked.search,
        "sort": sort,
        "headings": [heading(column, sort) for column in shown_columns],
        "offered": known.values(),
        "picked": {column.key for column in shown_columns},
        "picked_text": ",".join(picked),
        "found": len(page.rows) if few else _found(asked, moment),
        "way": asked.way,
        "cap": COUNT_CAP,
        "sites": connections.sites() if not page.rows else (),
        "may_connect": may_manage_sites(member),
        "may_edit": _may_edit(request),
        "views": views.offered(request, kept),
        "as_call": copies.call(request, asked, sort),
        "as_command": copies.command(request, asked, sort),
    }
    part = request.headers.get("HX-Target") == "accounts-table"
    response = render(
        request,
        "web/accounts/table.html" if part else "web/accounts/page.html",
        shown,
        status=REFUSED if asked.said.problems else 200,
    )
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _may_edit(request: HttpRequest) -> bool:
    return may_edit_customers(member_of(request)) and at(request) is None


def _lines(request: HttpRequest, page: AccountsPage, shown_columns: Sequence[Column]) -> list[Line]:
    scores = _scores(page.rows, shown_columns, at(request))
    return lines(page.rows, shown_columns, now_of(request), scores)


def _shown(request: HttpRequest, page: AccountsPage, shown_columns: Sequence[Column]) -> Shown:
    """What the rows are drawn for."""
    return Shown(
        now=now_of(request),
        zone=moments.zone_of(member_of(request).time_zone),
        past=at(request) is not None,
        may_edit=_may_edit(request),
        open_alerts=_open_alerts(request, page.rows, shown_columns, at(request)),
    )


def _page(
    request: HttpRequest, asked: Asked, sort: str, shown_columns: Sequence[Column]
) -> AccountsPage:
    if asked.said.problems:  # rather none than those nobody asked for
        return AccountsPage((), None, None)
    with patient() if asked.rule else nullcontext():
        return by_health.accounts_page(
            search=asked.search,
            where=asked.where,
            sort=sort,
            cursor=request.GET.get("after") or None,
            limit=PAGE,
            with_values=any(column.attribute for column in shown_columns),
            moment=at(request),
        )


def _all_here(page: AccountsPage) -> bool:
    return page.next is None and page.previous is None


def _found(asked: Asked, moment: Moment | None) -> int | None:
    """How many there are, where that is quick to say; None where it is asked for after the page."""
    now = moment is None
    if asked.rule or (
        now and asked.search and not metrics.is_soon_counted(asked.search, cap=COUNT_CAP)
    ):
        return None
    return metrics.capped_count(asked.search, cap=COUNT_CAP, where=asked.where, moment=moment)


def _refused(request: HttpRequest, asked: Asked) -> HttpResponse:
    """A wrong rule, told at its place while the list stays as it is."""
    response = render(request, "web/rules/said.html", {"said": asked.said}, status=REFUSED)
    response["HX-Retarget"] = "#list-rule-said"
    response["HX-Reswap"] = "innerHTML"
    response["HX-Push-Url"] = "false"
    return response


def _scores(
    rows: Sequence[AccountRow], shown_columns: Sequence[Column], moment: Moment | None
) -> Mapping[int, Standing]:
    """The health of these accounts, where a column shows it."""
    if all(column.key != "health" for column in shown_columns):
        return {}
    ids = [row.id for row in rows]
    return health.standings(ids, moment.instant if moment else None)


def _open_alerts(
    request: HttpRequest,
    rows: Sequence[AccountRow],
    shown_columns: Sequence[Column],
    moment: Moment | None,
) -> Mapping[int, int]:
    """How many alerts are, or were then, open for these accounts, where a column shows it."""
    if all(column.key != "alerts" for column in shown_columns):
        return {}
    then = moment.instant if moment else None
    unread, counts = notify.at_hand_of(member_of(request), [row.id for row in rows], at=then)
    request.unread = unread  # type: ignore[attr-defined]  # the frame asks for it
    return counts


def _tidied(request: HttpRequest, picked: list[str]) -> HttpResponse:
    query = request.GET.copy()
    query["columns"] = ",".join(name for name in picked if name)
    query.pop("after", None)
    return HttpResponseRedirect(f"{request.path}?{query.urlencode(safe=',')}")


def heading(column: Column, sort: str) -> Heading:
    """A column's head while the list is sorted like this."""
    if not column.sort:
        return Heading(column, "", "")
    now = {column.sort: "ascending", f"-{column.sort}": "descending"}.get(sort, "")
    turned = column.sort if sort.startswith("-") else f"-{column.sort}"
    return Heading(column, turned if now else column.first, now)
