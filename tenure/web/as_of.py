"""*As of*: pages that can show what was known at the end of a past day, and stay there.

The day stands in the address as ``?as_of=``. While it does, every address on the page that leads to
a page that can look back carries it on, so a person who goes from the list to an account is still in
the past; anything else leads to now. Nothing can be edited in the past.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import ResolverMatch, reverse

from tenure.metrics.as_of import Moment, Reach, UnusableDate, moment_of, reach
from tenure.metrics.settings import current

PARAMETER = "as_of"
PAGES = frozenset(
    "accounts accounts_totals accounts_count accounts_near account account_health account_money"
    " account_money_day account_subscriptions account_invoices account_attributes account_users"
    " account_timeline account_raw account_payload invoice subscription subscriptions"
    " subscriptions_totals export_subscriptions invoices invoices_totals export_invoices revenue"
    " calculation export_accounts revenue_standing revenue_moved revenue_held".split()
)
_OF_ACCOUNT = r"health|money|money/[\d-]+|calculation/[^/]+|subscriptions|invoices|attributes|users|timeline|raw|raw/\d+"
_OF_BILLING = (
    r"(subscriptions|invoices)/(totals/|export\.\w+)?|revenue/((standing|accounts|mrr)/)?|"
)
_PATHS = re.compile(
    rf"/accounts/((totals|count|near|export)/|\d+/(({_OF_ACCOUNT})/)?)?"
    rf"|/(invoices|subscriptions)/\d+/|/billing/({_OF_BILLING})"
)
_TAG = re.compile(r"<(a|form|section|input|button|div)\b[^>]*>")
_ADDRESS = re.compile(r'\b(href|hx-get|action)="([^"#]*)"')


@dataclass(frozen=True, slots=True)
class Shown:
    """What the control and the banner say: whether the page can look back, at which day it does, how
    far back there is anything, the rest of the address, and where an account is compared."""

    able: bool
    moment: Moment | None = None
    known: Reach | None = None
    kept: tuple[tuple[str, str], ...] = ()
    present: str = ""
    zone: str = ""
    compare: str = ""

    @property
    def day(self) -> date | None:
        """The day looked back to; None for now."""
        return self.moment.day if self.moment else None

    @property
    def of_account(self) -> bool:
        """Whether the page is of one account."""
        return bool(self.compare)

    @property
    def rebuilt(self) -> bool:
        """Whether the day lies before the first sync, but not before the first invoice."""
        return self._before("seen") and not self._before("rebuilt")

    @property
    def nothing(self) -> bool:
        """Whether nothing is known of the day."""
        return self._before("seen") and self._before("rebuilt")

    def _before(self, name: str) -> bool:
        first = getattr(self.known, name) if self.known else None
        return self.day is not None and (first is None or self.day < first)


class AsOf:
    """Reads the day from the address, and carries it on in the page that comes out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        moment = at(request)
        html = response.headers.get("Content-Type", "").startswith("text/html")
        if moment and html and not response.streaming:
            text = response.content.decode(response.charset)
            response.content = carried(text, moment.day.isoformat()).encode(response.charset)
        return response

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Look back, or say why that cannot be."""
        name = request.resolver_match.url_name if request.resolver_match else None
        wanted = request.GET.get(PARAMETER, "")
        if name not in PAGES or not wanted or not request.user.is_authenticated:
            return None
        chosen = current()
        try:
            moment = moment_of(wanted, settings.TENURE_CLOCK.now(), chosen)
        except UnusableDate as error:
            shown = {"error": error, "present": _present(request)}
            return render(request, "web/as_of/unusable.html", shown, status=400)
        request.as_of = moment  # type: ignore[attr-defined]
        request.as_of_zone = chosen.zone.key  # type: ignore[attr-defined]
        return None


def at(request: HttpRequest) -> Moment | None:
    """The past day that a page is to show; None for now."""
    return getattr(request, "as_of", None)


def now_of(request: HttpRequest) -> datetime:
    """The instant that a page shows: the end of the day looked back to, or the present."""
    moment = at(request)
    now: datetime = settings.TENURE_CLOCK.now()
    return moment.last if moment else now


def shown(request: HttpRequest) -> Shown:
    """What the page says about it."""
    match = getattr(request, "resolver_match", None)
    if match is None or match.url_name not in PAGES:
        return Shown(able=False)
    moment = at(request)
    kept = tuple(
        (name, value)
        for name in request.GET
        if name not in (PARAMETER, "after", "before")
        for value in request.GET.getlist(name)
    )
    return Shown(
        able=True,
        moment=moment,
        known=reach() if moment else None,
        kept=kept,
        present=_present(request),
        compare=_comparison(match, moment),
        zone=getattr(request, "as_of_zone", "") if moment else "",
    )


def _comparison(match: ResolverMatch, moment: Moment | None) -> str:
    """Where the account of the page is compared with another day."""
    if not (match.url_name or "").startswith("account") or "pk" not in match.kwargs:
        return ""
    address = reverse("account_compare", args=[match.kwargs["pk"]])
    return f"{address}?from={moment.day.isoformat()}" if moment else address


def _present(request: HttpRequest) -> str:
    query = request.GET.copy()
    for name in (PARAMETER, "after", "before"):
        query.pop(name, None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def carried(html: str, day: str) -> str:
    """The page with the day in every address that leads to a page that can look back. A tag marked
    ``data-present`` leads to now."""

    def address(match: re.Match[str]) -> str:
        name, value = match[1], match[2]
        path = value.split("?", 1)[0]
        if f"{PARAMETER}=" in value or (path and not _PATHS.fullmatch(path)) or not value:
            return match[0]
        joined = "&amp;" if "?" in value else "?"
        return f'{name}="{value}{joined}{PARAMETER}={escape(day)}"'

    def tag(match: re.Match[str]) -> str:
        text = match[0]
        if "data-present" in text:
            return text
        if match[1] != "form":
            return _ADDRESS.sub(address, text)
        to = re.search(r'\baction="([^"?#]*)', text)
        if 'method="post"' in text or (to and to[1] and not _PATHS.fullmatch(to[1])):
            return text
        return f'{text}<input type="hidden" name="{PARAMETER}" value="{escape(day)}">'

    return _TAG.sub(tag, html)
