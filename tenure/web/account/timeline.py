"""The timeline: everything that happened to the account, newest first, filtered by kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.alerts import read as alerts
from tenure.customers import bills as billed
from tenure.customers import read as customers
from tenure.metrics.as_of import Moment
from tenure.sync import standing
from tenure.web import moments
from tenure.web.account import events, known
from tenure.web.account.events import Event
from tenure.web.account.head import Head, head_of, shown
from tenure.web.as_of import at
from tenure.web.frame import member_of

PAGE = 40


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day of the member's zone with its events."""

    date: date
    events: list[Event]


@require_safe
def tab(request: HttpRequest, pk: int) -> HttpResponse:
    """One page of the timeline, going on before an instant."""
    moment = at(request)
    head, kind = head_of(pk, moment), request.GET.get("kind", "")
    if kind and kind not in events.KINDS:
        raise Http404("The timeline has no such kind of entry.")
    before = moments.instant_of(request.GET.get("before") or None)
    if moment:
        before = min(before or moment.instant, moment.instant)
    found, more = newest(head, kind, before, moment=moment)
    context = shown(
        request,
        head,
        "account_timeline",
        kinds=events.KINDS,
        kind=kind,
        days=by_day(found, moments.zone_of(member_of(request).time_zone)),
        runs=standing.runs_of_change_sets(e.change_set for e in found if e.change_set),
        before=found[-1].at.isoformat() if found and more else "",
        first=not request.GET.get("before"),
    )
    return render(request, "web/account/timeline.html", context)


def newest(
    head: Head, kind: str, before: datetime | None, *, moment: Moment | None = None
) -> tuple[list[Event], bool]:
    """The newest events before an instant, and whether older ones remain; with ``moment`` what
    became of bills and agreements is told as it was known then.

    Each kind is read one page deep, so what all kinds have in common down to the page's last
    event is complete; a kind that filled its page cuts the others where it ended.
    """
    sources = [_read(name, head, before, moment) for name in events.KINDS if kind in ("", name)]
    found = sorted((e for part, _ in sources for e in part), key=lambda e: e.at, reverse=True)
    if before:
        found = [event for event in found if event.at < before]
    floor = max((end for _, end in sources if end), default=None)
    whole = [event for event in found if floor is None or event.at >= floor]
    return whole[:PAGE], len(whole) > PAGE or floor is not None


def _read(
    kind: str, head: Head, before: datetime | None, moment: Moment | None
) -> tuple[list[Event], datetime | None]:
    """One kind's events, and the instant below which there may be more that were not read."""
    pk, now = head.account.pk, moment.last if moment else settings.TENURE_CLOCK.now()
    if kind == "subscriptions":
        return list(events.of_subscriptions(known.subscriptions(head, moment), now)), None
    if kind == "invoices":
        bills = known.invoices(head, moment, limit=PAGE, before=before)
        end = bills[-1].created_at if len(bills) == PAGE else None
        return list(events.of_invoices(bills)), end
    if kind == "payments":
        paid = billed.payments(head.rows, limit=PAGE, before=before)
        return list(events.of_payments(paid)), paid[-1].created_at if len(paid) == PAGE else None
    if kind == "alerts":
        steps = alerts.steps_of(pk, limit=PAGE, before=before)
        return list(events.of_alerts(steps)), steps[-1].at if len(steps) == PAGE else None
    changed = customers.changes(pk, limit=PAGE, before=before)
    return list(events.of_changes(changed)), changed[-1].at if len(changed) == PAGE else None


def by_day(found: Iterable[Event], zone: ZoneInfo) -> list[Day]:
    """The events in groups of one local day each, in their order."""
    grouped = groupby(found, key=lambda event: event.at.astimezone(zone).date())
    return [Day(day, list(of_day)) for day, of_day in grouped]
