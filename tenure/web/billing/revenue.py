"""Revenue: MRR by month and its movements, retention, receivables; every number leads to its accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.connections import read as connections
from tenure.core.money import Money
from tenure.metrics.amounts import rounded
from tenure.metrics.lists.filters import UnusableFilter, a_day
from tenure.metrics.movements import MOVING
from tenure.metrics.paging import UnusablePage
from tenure.metrics.revenue import accounts as behind_it
from tenure.metrics.revenue import asked as asking
from tenure.metrics.revenue import receivables, report, shapes
from tenure.metrics.revenue.asked import TOTAL, Asked, Behind
from tenure.metrics.revenue.report import Report
from tenure.metrics.settings import current
from tenure.web.billing.asked import here
from tenure.web.billing.downloads import as_json
from tenure.web.billing.tabs import TABS
from tenure.web.billing.waterfall import LABELS, months, waterfall
from tenure.web.exchange.downloads import sent
from tenure.web.templatetags.tenure import per_cent

RANGES = (6, 12, 24, 36)
PAGE = 50
AGES = {
    "current": "Not yet due", "1-30": "1–30 days", "31-60": "31–60 days", "61-90": "61–90 days",
    "90+": "Over 90 days",
}  # fmt: skip


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The report."""
    try:
        asked = _asked(request)
    except UnusableFilter as error:
        return _unusable(request, error)
    found = report.report(asked)
    codes = report.currencies()
    shown = {
        **_choices(found.asked, found.currency, codes),
        "report": found,
        "chart": months(found.months),
        "fall": waterfall(found.whole),
        "kinds": [(kind.value, LABELS[kind]) for kind in MOVING],
        "rows": list(reversed(found.months)),
        "tiles": _tiles(found),
        "range_query": _query(found, found.months[0].first, found.months[-1].last),
        "start_query": _day_query(found, date_before(found.months[0].first)),
        "end_query": _day_query(found, found.months[-1].last),
        "scope_query": _scope_query(found),
        "last_day": found.months[-1].last,
        "empty": not codes,
        "sites_known": bool(connections.sites()),
    }
    return render(request, "web/billing/revenue.html", shown)


@require_safe
def standing(request: HttpRequest) -> HttpResponse:
    """What is owed, and what there is by currency and by site: asked for after the page."""
    try:
        asked = _asked(request)
    except UnusableFilter as error:
        return _unusable(request, error)
    by_currency, by_site = report.standings(asked.at)
    scope = {"site": asked.site.subdomain} if asked.site else {}
    shown = {
        "owed": [_bar(one, scope) for one in receivables.receivables(asked)],
        "by_currency": by_currency,
        "by_site": by_site,
    }
    return render(request, "web/billing/revenue_standing.html", shown)


@require_safe
def moved(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The accounts behind a movement, as a page or, with ``form``, as a file."""
    try:
        asked = _asked(request)
        behind = asking.behind(request.GET, asked.at)
        form = request.GET.get("form")
        if form == "csv":
            return sent(behind_it.lines(asked, behind), "revenue")
        if form == "json":
            return as_json(map(shapes.account_move, behind_it.every_move(asked, behind)), "revenue")
        found = behind_it.moved(asked, behind, cursor=request.GET.get("after"), limit=PAGE)
    except (UnusableFilter, UnusablePage) as error:
        return _unusable(request, error)
    sums = behind_it.sums(asked, behind)
    shown = {
        "asked": asked,
        "behind": behind,
        "rows": found.rows,
        "next": found.next,
        "sums": sums,
        "kinds": [
            Kind(kind.value, LABELS[kind], Money(sums.sums[kind], sums.currency), sums.times[kind])
            for kind in MOVING
            if sums.start is not None and sums.sums
        ],
        "label": LABELS[behind.movement] if behind.movement else "",
        "total": _total(sums, behind),
        "reasons": _reasons(sums, behind),
        "back": urlencode(_kept(request, ("currency", "site", "months"))),
    }
    return render(request, "web/billing/revenue_accounts.html", shown)


@require_safe
def held(request: HttpRequest) -> HttpResponse:
    """The accounts that had revenue at the end of a day."""
    try:
        asked = _asked(request)
        text = request.GET.get("day", "")
        day = a_day("day", text) if text else asked.at.today
        found = behind_it.holding(asked, day, cursor=request.GET.get("after"), limit=PAGE)
    except (UnusableFilter, UnusablePage) as error:
        return _unusable(request, error)
    shown = {
        "asked": asked,
        "day": day,
        "found": found,
        "rows": [(one, Money(one.amount, one.currency)) for one in found.rows],
        "currency": asked.currency or asked.settings.currency,
        "back": urlencode(_kept(request, ("currency", "site", "months"))),
    }
    return render(request, "web/billing/revenue_held.html", shown)


@dataclass(frozen=True, slots=True)
class Kind:
    """A movement as a choice above the list: what it comes to, and how many moved."""

    name: str
    label: str
    amount: Money
    times: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure above the report, and where it leads."""

    label: str
    words: str = ""
    money: Money | None = None
    sub: str = ""
    address: str = ""
    query: str = ""


def _asked(request: HttpRequest) -> Asked:
    return asking.asked(request.GET, here(request), current())


def _choices(asked: Asked, currency: str, codes: Sequence[str]) -> dict[str, Any]:
    """What the report can be asked for, each with the rest of the address kept."""
    kept: dict[str, Any] = {"months": asked.months}
    if asked.site:
        kept["site"] = asked.site.subdomain
    total = asked.currency is None
    options = [(f"Total in {asked.settings.currency}", TOTAL, total)] if len(codes) > 1 else []
    options += [(code, code, not total and code == currency) for code in codes]
    chosen = TOTAL if total else currency
    return {
        "asked": asked,
        "currency_choices": [
            (label, urlencode({**kept, "currency": value}), on) for label, value, on in options
        ],
        "month_choices": [
            (number, urlencode({**kept, "currency": chosen, "months": number}), number == asked.months)
            for number in RANGES
        ],
        "site_choices": [site.subdomain for site in connections.sites()],
        "chosen_currency": chosen,
        "billing_tabs": TABS,
    }  # fmt: skip


def _query(found: Report, first: date, last: date, **more: str) -> str:
    """The address of the accounts behind some days of the report."""
    asked = found.asked
    query: dict[str, Any] = {"currency": asked.currency or TOTAL}
    if asked.site:
        query["site"] = asked.site.subdomain
    return urlencode({**query, "from": first.isoformat(), "to": last.isoformat(), **more})


def _scope_query(found: Report) -> str:
    """The currency and the site alone."""
    asked = found.asked
    scope = {"currency": asked.currency or TOTAL}
    return urlencode(scope | ({"site": asked.site.subdomain} if asked.site else {}))


def _tiles(found: Report) -> list[Tile]:
    """The figures above: MRR, ARR, what was won and lost this month, and what was retained."""
    asked, now = found.asked, found.months[-1]
    whole = found.whole
    if whole.end is None or now.moves.end is None or now.moves.start is None:
        return []
    end = Money(whole.end, found.currency)
    today, year_ago = asked.at.today, asked.year_ago
    window = f"12 months to {today.day} {today:%b %Y}"
    year = _query(found, date_after(year_ago), today, count="ends")
    tiles = [
        Tile(
            "MRR",
            money=end,
            sub="on that day" if asked.at.then else "now",
            address="revenue_held",
            query=_day_query(found, today),
        ),
        Tile(
            "ARR",
            money=Money(whole.end * 12, found.currency),
            sub="MRR times twelve",
            address="revenue_held",
            query=_day_query(found, today),
        ),
        Tile(
            "Net new this month",
            money=Money(now.moves.end - now.moves.start, found.currency),
            sub="so far",
            address="revenue_moved",
            query=_query(found, now.first, now.last),
        ),
    ]
    if found.kept:
        kept = found.kept
        cohort = f"{kept.accounts:,} accounts, {window}"
        tiles += [
            Tile("Net retention", per_cent(kept.nrr), sub=window, address="revenue_moved", query=year),
            Tile("Gross retention", per_cent(kept.grr), sub=window, address="revenue_moved", query=year),
            Tile("Logo churn", per_cent(kept.logo_churn), sub=cohort, address="revenue_moved", query=f"{year}&movement=churn"),
        ]  # fmt: skip
    quick = found.quick_ratio
    tiles.append(
        Tile(
            "Quick ratio",
            "–" if quick is None else str(rounded(quick, 2)),
            sub=f"won for each 1 lost, {asked.months} months",
            address="revenue_moved",
            query=_query(found, found.months[0].first, found.months[-1].last),
        )
    )
    return tiles


def date_after(day: date) -> date:
    """The next day."""
    return day + timedelta(days=1)


def date_before(day: date) -> date:
    """The day before."""
    return day - timedelta(days=1)


def _day_query(found: Report, day: date) -> str:
    asked = found.asked
    query = {"currency": asked.currency or TOTAL, "day": day.isoformat()}
    return urlencode(query | ({"site": asked.site.subdomain} if asked.site else {}))


def _bar(one: receivables.Owed, scope: dict[str, str]) -> dict[str, Any]:
    """What is owed in a currency as a bar, each age with the list of its invoices."""
    total = one.total.amount or Decimal(1)
    slices, x = [], Decimal(0)
    for tone, (age, (_, first, last)) in enumerate(zip(one.ages, receivables.AGES, strict=True)):
        width = age.amount.amount / total * 100
        query = {"currency": one.currency, **scope, "sort": "-balance"}
        if first:
            query["late_from"] = str(first)
            if last:
                query["late_to"] = str(last)
        else:
            query["status"] = "due,processing"
        slices.append(
            {
                "label": AGES[age.bucket],
                "amount": age.amount,
                "invoices": age.invoices,
                "tone": tone,
                "x": f"{x:.3f}%",
                "width": f"{width:.3f}%",
                "query": urlencode(query),
            }
        )
        x += width
    every = {"currency": one.currency, **scope, "status": "open", "sort": "-balance"}
    return {
        "one": one,
        "slices": slices,
        "query": urlencode(every),
        "late_query": urlencode(every | {"status": "past_due"}),
        "billed_query": urlencode(
            {"currency": one.currency, **scope, "billed_within": "90", "sort": "-total"}
        ),
        "dso": None if one.dso is None else str(rounded(one.dso, 1)),
        "words": f"{one.total} owed: "
        + ", ".join(f"{s['label']} {s['amount']}" for s in slices if s["amount"]),
    }


def _total(sums: Any, behind: Behind) -> Money | None:
    if sums.start is None:
        return None
    amount = (
        sums.sums.get(behind.movement, Decimal(0))
        if behind.movement
        else sum(sums.sums.values(), Decimal(0))
    )
    if behind.movement and behind.reason:
        amount = sums.reasons.get(behind.movement, {}).get(behind.reason, Decimal(0))
    return Money(amount, sums.currency)


def _reasons(sums: Any, behind: Behind) -> list[tuple[str, Money]]:
    if not behind.movement:
        return []
    found = sums.reasons.get(behind.movement, {})
    ordered = sorted(found.items(), key=lambda pair: -abs(pair[1]))
    return [(reason, Money(amount, sums.currency)) for reason, amount in ordered]


def _kept(request: HttpRequest, names: Sequence[str]) -> dict[str, str]:
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def _unusable(request: HttpRequest, error: UnusableFilter | UnusablePage) -> HttpResponse:
    if request.headers.get("HX-Request"):
        raise Http404(error.message)
    return render(request, "web/billing/revenue_unusable.html", {"error": error}, status=400)
