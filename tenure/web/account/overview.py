"""The first tab: the account at a glance, in at most fifteen queries."""

from datetime import datetime
from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.customers import read as customers
from tenure.customers.models import Invoice, Subscription
from tenure.web.account import events, known
from tenure.web.account.ageing import bars
from tenure.web.account.attributes import values
from tenure.web.account.head import Head, head_of, shown
from tenure.web.account.health import card_of
from tenure.web.account.invoices import bills
from tenure.web.account.months import months
from tenure.web.account.subscriptions import Agreement, agreements
from tenure.web.as_of import at, now_of
from tenure.web.frame import member_of

RECENT = 8
SUBSCRIPTIONS = 5
CHART_INVOICES = 400  # enough for years of monthly bills; a busier account shows its newest months


@require_safe
def overview(request: HttpRequest, pk: int) -> HttpResponse:
    """Subscriptions, invoices, what comes next, attributes and the newest events."""
    moment, now = at(request), now_of(request)
    head, then = head_of(pk, moment), moment.instant if moment else None
    found = known.subscriptions(head, moment)
    billed = known.invoices(head, moment, limit=CHART_INVOICES)
    defined, defined_there = customers.attributes_of_both()
    agreed = agreements(found, now, defined=defined_there)
    context = shown(
        request,
        head,
        "account",
        card=card_of(request, head, now),
        agreements=agreed[:SUBSCRIPTIONS],
        agreements_more=max(0, len(agreed) - SUBSCRIPTIONS),
        bills=bills(billed[:RECENT], now),
        bars=bars(head.facts),
        months=months(billed, now, whole=len(billed) < CHART_INVOICES),
        coming=list(islice(_coming(agreed, now), 5)),
        values=[
            value for value in values(head, defined, member_of(request), moment) if value.has_value
        ][:10],
        recent=_recent(head, billed, found, now, then),
    )
    return render(request, "web/account/overview.html", context)


def _recent(
    head: Head,
    billed: list[Invoice],
    agreed: list[Subscription],
    now: datetime,
    before: datetime | None,
) -> list[events.Event]:
    found = [
        *events.of_invoices(billed[:RECENT]),
        *events.of_subscriptions(agreed, now),
        *events.of_changes(customers.changes(head.account.pk, limit=RECENT, before=before)),
    ]
    past = (event for event in found if event.at <= now)
    return sorted(past, key=lambda event: event.at, reverse=True)[:RECENT]


def _coming(agreed: list[Agreement], now: datetime) -> list[tuple[str, str, datetime]]:
    """What will happen next by itself: renewals, ends, resumptions; soonest first."""
    found = [
        (a.next_label, a.row.plan_name or a.row.plan_code or "", a.next_at)
        for a in agreed
        if a.next_at and a.next_at > now
    ]
    return sorted(found, key=lambda entry: entry[2])
