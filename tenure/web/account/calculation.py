"""How a figure of the money strip was made: its definition, and the parts that add up to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.customers import read as customers
from tenure.customers.models import Subscription
from tenure.metrics import explain
from tenure.metrics.explain import Part, Parts
from tenure.web.account.head import Head, head_of, shown
from tenure.web.account.subscriptions import state_of


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a figure means, in the words of the definition it is computed by."""

    label: str
    words: str


MEANINGS: Mapping[str, Meaning] = {
    "mrr": Meaning(
        "MRR",
        words="What each active subscription bills for one interval (quantity times unit price, with"
        " fixed add-ons, less recurring discounts and tax) brought to one month. Trials, paused and"
        " future subscriptions, usage and one-time charges do not count.",
    ),
    "arr": Meaning(
        "ARR",
        words="The same amounts as MRR brought to a year from the price of the period, not from"
        " rounded MRR.",
    ),
    "net_paid": Meaning(
        "Net paid", "Everything paid on invoices that are not voided, less refunds."
    ),
    "total_due": Meaning(
        "Due",
        words="The balance of every open invoice, whether late or not. Credit that could be used"
        " stands beside it and is never taken off silently.",
    ),
    "past_due": Meaning("Overdue", "The balance of the open invoices whose due date has passed."),
    "next_renewal_date": Meaning(
        "Next renewal",
        words="The earliest end of a term among active subscriptions that renew by themselves and"
        " are not being cancelled.",
    ),
    "customer_since": Meaning("Customer since", "The day the first subscription was activated."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A part with the address of the invoice it speaks of, when there is one."""

    part: Part
    invoice: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """One currency: its total and what adds up to it."""

    total: Parts
    entries: Sequence[Entry]


@require_safe
def show(request: HttpRequest, pk: int, figure: str) -> HttpResponse:
    """The calculation: in the drawer when a page asks for it there, else a page of its own."""
    if figure not in MEANINGS:
        raise Http404("There is no such figure.")
    head, now = head_of(pk), settings.TENURE_CLOCK.now()
    more = {
        "label": MEANINGS[figure].label,
        "meaning": MEANINGS[figure].words,
        "groups": _groups(head, figure, now) if figure not in DATES else (),
        "dates": _dates(head, figure, now) if figure in DATES else (),
        "is_date": figure in DATES,
    }
    drawer = request.headers.get("HX-Target") == "drawer-content"
    template = "web/account/calculation_detail.html" if drawer else "web/account/calculation.html"
    return render(request, template, shown(request, head, "account", **more))


def _groups(head: Head, figure: str, now: datetime) -> list[Group]:
    found = explain.parts(head.account.pk, figure, now)
    wanted = [p.upstream_id for parts in found for p in parts.parts if p.kind == "invoice"]
    keys = customers.invoice_keys(head.account.pk, wanted)
    return [
        Group(
            parts, [Entry(p, keys.get((p.site_id or 0, p.upstream_id or ""))) for p in parts.parts]
        )
        for parts in found
    ]


def _renewal(row: Subscription, now: datetime) -> datetime | None:
    renews = state_of(row, now) == "active" and row.auto_renew is not False
    ends = row.current_term_ends_at
    return ends if renews and ends and ends > now else None


def _start(row: Subscription, now: datetime) -> datetime | None:
    return row.activated_at if row.activated_at and row.activated_at <= now else None


DATES: Mapping[str, Callable[[Subscription, datetime], datetime | None]] = {
    "next_renewal_date": _renewal,
    "customer_since": _start,
}


def _dates(head: Head, figure: str, now: datetime) -> list[tuple[Subscription, datetime]]:
    """The subscriptions a date comes from, the deciding one first."""
    found = [(row, DATES[figure](row, now)) for row in customers.subscriptions(head.account.pk)]
    known = [(row, at) for row, at in found if at]
    return sorted(known, key=lambda pair: pair[1])
