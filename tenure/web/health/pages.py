"""How all accounts stand, who moved lately, and what became of them by band."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.core.money import Money
from tenure.health import aftermath, definitions, moves, placing, read, versions
from tenure.health import became as behind
from tenure.health.models import DefinitionVersion
from tenure.health.read import Share
from tenure.metrics.paging import UnusablePage
from tenure.metrics.settings import current
from tenure.web import moments
from tenure.web.exchange.downloads import sent
from tenure.web.frame import member_of
from tenure.web.permissions import may_define_health

LATELY = timedelta(days=7)
SHOWN = 12
PAGE = 50
FATES = {
    "all": "All",
    "churned": "Churned",
    "contracted": "Contracted",
    "late": "Paid late",
    "lost": "Lost MRR",
}
ORDER = ("green", "amber", "red", "unknown", "ended")
LABELS = {
    "green": ("Green", "doing well"),
    "amber": ("Amber", "worth a look"),
    "red": ("Red", "at risk"),
    "unknown": ("Unknown", "too little known"),
    "ended": ("Ended", "subscriptions are over"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """The accounts of one band as drawn: their part of the bar in per cent and where it begins."""

    way: str
    label: str
    told: str
    accounts: int
    mrr: Sequence[Money]
    share: str
    x: str
    width: str


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The bands, who moved in a week, and the definitions in force."""
    now = settings.TENURE_CLOCK.now()
    groups = _groups(read.distribution())
    newest = versions.newest()
    shown = {
        "groups": groups,
        "scored": sum(group.accounts for group in groups if group.way != "unknown"),
        "accounts": sum(group.accounts for group in groups),
        "moved": moves.moved_since(now - LATELY, limit=SHOWN),
        "definitions": newest,
        "waiting": placing.waiting(now),
        "weights": _weights(newest[-1]) if newest else (),
        "may_define": may_define_health(member_of(request)),
        "spans": aftermath.SPANS,
    }
    return render(request, "web/health/page.html", shown)


@require_safe
def became(request: HttpRequest) -> HttpResponse:
    """What became of accounts by the band they stood in, asked for after the page."""
    given = request.GET.get("days", "")
    days = int(given) if given in map(str, aftermath.SPANS) else 90
    found = aftermath.aftermath(days, settings.TENURE_CLOCK.now(), current())
    since = quote(found.since.isoformat())
    shown = {"found": found, "spans": aftermath.SPANS, "labels": LABELS, "since": since}
    part = "aftermath" if request.headers.get("HX-Request") else "became"
    return render(request, f"web/health/{part}.html", shown)


@require_safe
def became_of(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The accounts behind a figure of that table, as a page or, with ``form``, as a file."""
    band, fate = request.GET.get("band", ""), request.GET.get("became", "all")
    band = band if band in aftermath.BANDS else ""
    fate = fate if fate in behind.FATES else "all"
    asked = behind.since(_since(request), settings.TENURE_CLOCK.now(), current())
    if request.GET.get("form") == "csv":
        return sent(behind.lines(asked, band, fate), "became")
    try:
        found = behind.accounts(asked, band, fate, cursor=request.GET.get("after"), limit=PAGE)
    except UnusablePage as error:
        return render(request, "web/billing/revenue_unusable.html", {"error": error}, status=400)
    shown: dict[str, Any] = {"asked": asked, "band": band, "fate": fate, "fates": FATES}
    shown |= {"bands": aftermath.BANDS, "labels": LABELS, "found": found}
    shown |= {"sums": behind.sums(asked, band, fate), "title": FATES[fate]}
    return render(request, "web/health/became_of.html", shown)


def _since(request: HttpRequest) -> datetime:
    """The instant looked back to, as the table named it; ninety days ago where it names none."""
    now: datetime = settings.TENURE_CLOCK.now()
    given = moments.instant_of(request.GET.get("since"))
    return given if given and given < now else now - timedelta(days=90)


def _weights(version: DefinitionVersion) -> list[tuple[str, str, str]]:
    """The measures of a definition with their weight in words and as a part of the heaviest."""
    counted = [one for one in definitions.read(version.document).measures if one.weight]
    most = max(one.weight for one in counted)
    whole = sum(one.weight for one in counted)
    return [
        (one.label, f"{float(one.weight / whole):.0%}", f"{float(one.weight / most * 100):.1f}%")
        for one in counted
    ]


def _groups(shares: Sequence[Share]) -> list[Group]:
    by_way = {share.band: share for share in shares if not share.ended}
    ended = [share for share in shares if share.ended]
    counts = {way: by_way[way].accounts if way in by_way else 0 for way in ORDER}
    counts["ended"] = sum(share.accounts for share in ended)
    total, groups, at = sum(counts.values()) or 1, [], 0.0
    for way in ORDER:
        width = counts[way] * 100 / total
        label, told = LABELS[way]
        money = by_way[way].mrr if way in by_way else ()
        groups.append(
            Group(
                way,
                label,
                told,
                counts[way],
                [one for one in money if one],
                f"{width:.0f} %" if counts[way] == 0 or width >= 1 else "under 1 %",
                f"{at:.3f}%",
                f"{width:.3f}%",
            )
        )
        at += width
    return groups
