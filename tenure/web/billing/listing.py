"""The pages that list subscriptions and invoices across accounts, and their sums after them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from tenure.connections import read as connections
from tenure.core.errors import TenureError
from tenure.customers import read as customers
from tenure.customers.models import Attribute
from tenure.metrics.lists import invoices, subscriptions
from tenure.metrics.lists.filters import Filter, UnusableFilter, Wanted
from tenure.metrics.paging import UnusablePage
from tenure.web import moments
from tenure.web.accounts.columns import Column
from tenure.web.accounts.listing import heading
from tenure.web.as_of import now_of
from tenure.web.billing import asked as asking
from tenure.web.billing import columns, drawing
from tenure.web.billing.tabs import TABS
from tenure.web.frame import member_of
from tenure.web.runs.freshness import standings_for

PAGE = 50
COUNT_CAP = 10_000
LONGEST_SORT = 40


@dataclass(frozen=True, slots=True)
class Listing:
    """One of the lists: where it comes from, what it is called, how it starts.

    ``views`` are questions asked often; ``figures`` name what its sums add up.
    """

    name: str
    title: str
    one: str
    source: ModuleType
    first: Column
    columns: Sequence[Column]
    shown: Sequence[str]
    views: Sequence[tuple[str, Mapping[str, str]]]
    figures: Sequence[str]
    attributes: Callable[[], Sequence[Attribute]]
    search: str


SUBSCRIPTIONS = Listing(
    "subscriptions",
    "Subscriptions",
    "subscription",
    subscriptions,
    columns.SUBSCRIPTION,
    columns.SUBSCRIPTIONS,
    columns.SUBSCRIPTIONS_SHOWN,
    (
        ("All", {}),
        ("Live", {"status": "live"}),
        ("Renewing in 30 days", {"renews_within": "30", "sort": "renewal"}),
        ("Trials", {"status": "trial"}),
        ("Cancelling", {"status": "cancelling", "sort": "end"}),
        ("Paused", {"status": "paused"}),
        ("Overdue", {"overdue": "yes"}),
    ),
    ("MRR",),
    customers.attributes_of_subscriptions,
    "Account or subscription id",
)
INVOICES = Listing(
    "invoices",
    "Invoices",
    "invoice",
    invoices,
    columns.INVOICE,
    columns.INVOICES,
    columns.INVOICES_SHOWN,
    (
        ("All", {}),
        ("Owed", {"status": "open", "sort": "due"}),
        ("Past due", {"status": "past_due", "sort": "-balance"}),
        ("Due in 7 days", {"status": "due", "due_within": "7", "sort": "due"}),
        ("In dunning", {"dunning": "yes", "sort": "-balance"}),
        ("Failed", {"status": "failed"}),
        ("Credit to use", {"status": "credit"}),
    ),
    ("Total", "Paid", "Balance"),
    lambda: (),
    "Number or account",
)


@require_safe
def subscriptions_page(request: HttpRequest) -> HttpResponse:
    """Every subscription, or only the table when that is what was asked for."""
    return _page(request, SUBSCRIPTIONS)


@require_safe
def invoices_page(request: HttpRequest) -> HttpResponse:
    """Every invoice, or only the table when that is what was asked for."""
    return _page(request, INVOICES)


@require_safe
def subscriptions_totals(request: HttpRequest) -> HttpResponse:
    """How many match and what they add up to, asked for after the page."""
    return _totals(request, SUBSCRIPTIONS)


@require_safe
def invoices_totals(request: HttpRequest) -> HttpResponse:
    """How many match and what they add up to, asked for after the page."""
    return _totals(request, INVOICES)


def wanted_of(request: HttpRequest, listing: Listing) -> tuple[Wanted, str]:
    """The filters and the order an address asks for. Raises UnusableFilter."""
    given = {name: ",".join(values) for name, values in request.GET.lists()}
    sort = request.GET.get("sort", "")[:LONGEST_SORT] or listing.source.DEFAULT
    return listing.source.asked_for(given, asking.here(request)), sort


def chosen_columns(request: HttpRequest, listing: Listing) -> tuple[Mapping[str, Column], list[Column]]:  # fmt: skip
    """Every column to choose from, and those the address shows."""
    known = columns.with_attributes(listing.columns, listing.attributes())
    text = ",".join(request.GET.getlist("columns"))
    return known, columns.chosen(text, known, listing.first, listing.shown)


def _page(request: HttpRequest, listing: Listing) -> HttpResponse:
    if _untidy(request):
        return _tidied(request)
    try:
        asked, sort = wanted_of(request, listing)
        cursor = request.GET.get("after") or None
        page = listing.source.page(asked, sort=sort, cursor=cursor, limit=PAGE)
    except (UnusablePage, UnusableFilter) as error:
        return unusable(request, listing, error)
    known, shown_columns = chosen_columns(request, listing)
    filters, views = listing.source.FILTERS, asking.views(listing.views, asked, sort)
    shown: dict[str, Any] = {
        "listing": listing,
        "page": page,
        "rows": drawing.rows(listing.name, page.rows, shown_columns, _shown(request)),
        "headings": [heading(column, sort) for column in shown_columns],
        "offered": known.values(),
        "picked": {column.key for column in shown_columns},
        "picked_text": ",".join(request.GET.getlist("columns")),
        "asked": asked,
        "sort": sort,
        "search": asked.given.get("q", ""),
        "fields": asking.fields(filters, asked, _options(request, filters)),
        "chips": asking.chips(filters, asked),
        "views": views,
        "view_on": any(view.on for view in views),
        "call": asking.as_call(request, listing.name, asked, sort),
        "command": asking.as_command(listing.name, asked, sort),
        "sites": connections.sites() if not page.rows else (),
        "kept": [(name, values[0]) for name, values in request.GET.lists() if name != "after"],
        "kept_by_filters": ("q", "sort", "columns", "account"),
        "totals_name": f"{listing.name}_totals",
        "totals_query": urlencode(asked.given),
        "export_name": f"export_{listing.name}",
        "billing_tabs": TABS,
    }
    part = request.headers.get("HX-Target") == "list-table"
    template = "web/billing/table.html" if part else "web/billing/list.html"
    response = render(request, template, shown)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _shown(request: HttpRequest) -> drawing.Shown:
    return drawing.Shown(now_of(request), moments.zone_of(member_of(request).time_zone))


def _options(request: HttpRequest, filters: Sequence[Filter]) -> dict[str, list[tuple[str, str]]]:
    """What there is to choose among, where the choices are the workspace's own."""
    sites = [standing.site.subdomain for standing in standings_for(request)]
    options = {
        "site": [(name, name) for name in sites],
        "currency": [(code, code) for code in subscriptions.currencies()],
    }
    if any(one.name == "plan" for one in filters):
        options["plan"] = subscriptions.plans()
    return options


def _untidy(request: HttpRequest) -> bool:
    """Whether a form sent empty or repeated parameters: an address worth sending has neither."""
    return any(len(values) > 1 or values == [""] for _, values in request.GET.lists())


def _tidied(request: HttpRequest) -> HttpResponse:
    query = request.GET.copy()
    for name, values in list(query.lists()):
        kept = ",".join(dict.fromkeys(value for value in values if value))
        query.pop(name)
        if kept:
            query[name] = kept
    query.pop("after", None)
    return HttpResponseRedirect(f"{request.path}?{query.urlencode(safe=',')}")


def _totals(request: HttpRequest, listing: Listing) -> HttpResponse:
    try:
        asked, _ = wanted_of(request, listing)
    except UnusableFilter as error:
        return unusable(request, listing, error)
    shown = {
        "listing": listing,
        "found": listing.source.capped_count(asked, cap=COUNT_CAP),
        "cap": COUNT_CAP,
        "sums": listing.source.sums(asked),
    }
    return render(request, "web/billing/totals.html", shown)


def unusable(request: HttpRequest, listing: Listing, error: TenureError) -> HttpResponse:
    """An address that names no such list, said in words."""
    shown = {"error": error, "listing": listing, "start": reverse(listing.name)}
    return render(request, "web/billing/unusable.html", shown, status=400)
