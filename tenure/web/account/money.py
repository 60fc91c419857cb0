"""The money tab: MRR over time, what is owed, how it pays, what comes next, and everything so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.core.money import Money
from tenure.customers import bills as billed
from tenure.customers import read as customers
from tenure.metrics.account_series import account_series
from tenure.metrics.as_of import Moment, is_mrr_alone, kind_of
from tenure.metrics.days import local_day
from tenure.metrics.models import Figures, VersionKind
from tenure.metrics.past_parts import parts_on
from tenure.metrics.settings import zone
from tenure.web.account.ageing import bars
from tenure.web.account.head import Head, head_of, shown
from tenure.web.account.history_chart import KINDS, histories
from tenure.web.account.subscriptions import agreements
from tenure.web.as_of import at, now_of

EVENTS = 8
FIRST_DAY = date(1990, 1, 1)
LIFETIME = (
    ("Billed", "billed"),
    ("Paid", "total_paid"),
    ("Refunded", "total_refunded"),
    ("Net paid", "net_paid"),
    ("Credit to use", "available_credit"),
    ("Written off", "written_off"),
    ("Failed", "failed_amount"),
)
PARTS_OF_MRR = (
    ("Committed", "committed_mrr"),
    ("Cancelling", "cancelling_mrr"),
    ("In doubt: billed by an overdue invoice", "past_due_mrr"),
    ("In trial", "trial_mrr"),
    ("Paused", "paused_mrr"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that will happen by itself; ``invoice`` is the one it is about, if any."""

    label: str
    what: str
    at: datetime
    amount: Money | None = None
    invoice: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its amounts, and the name its calculation goes by."""

    label: str
    figure: str
    amounts: Sequence[Money]


@require_safe
def tab(request: HttpRequest, pk: int) -> HttpResponse:
    """The tab, in at most fifteen queries."""
    moment, now = at(request), now_of(request)
    head, then = head_of(pk, moment), moment.instant if moment else None
    today = local_day(now, zone())
    points = account_series(pk, FIRST_DAY, today, known_at=_known_at(head, moment))
    # An account of which MRR is all that could be made out has no other figure to show.
    facts = None if is_mrr_alone(head.facts) else head.facts
    context = shown(
        request,
        head,
        "account_money",
        facts=facts,
        histories=histories(points, today),
        bars=bars(facts),
        coming=_coming(pk, now, then),
        failures=billed.payment_failures(
            head.rows, since=now - timedelta(days=90), until=now if moment else None
        ),
        lifetime=_figures(facts, LIFETIME),
        parts_of_mrr=_figures(facts, PARTS_OF_MRR, empty=False),
        last_paid=facts.money("last_paid") if facts else (),
    )
    return render(request, "web/account/money.html", context)


@require_safe
def day(request: HttpRequest, pk: int, day: str) -> HttpResponse:
    """What MRR was made of at the end of a day: in the drawer, or a page of its own."""
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        raise Http404("There is no such day.") from None
    moment = at(request)
    head = head_of(pk, moment)
    if moment and asked > moment.day:
        raise Http404(f"{asked} had not come yet on {moment.day}.")
    known = _known_at(head, moment)
    groups = [
        (code, Money(sum((one.amount.amount for one in parts), Decimal(0)), code), parts)
        for code, parts in parts_on(pk, asked, known_at=known).items()
    ]
    drawer = request.headers.get("HX-Target") == "drawer-content"
    template = "web/account/money_day_detail.html" if drawer else "web/account/money_day.html"
    more = {"day": asked, "groups": groups, "kinds": KINDS}
    return render(request, template, shown(request, head, "account_money", **more))


def _known_at(head: Head, moment: Moment | None) -> datetime | None:
    """By when a point of the history must have been known. What was made out of the time before the
    first sync was made out later, so of that time everything known now counts."""
    return moment.instant if moment and kind_of(head.facts) == VersionKind.SNAPSHOT else None


def _figures(
    facts: Figures | None, named: Sequence[tuple[str, str]], *, empty: bool = True
) -> list[Figure]:
    if facts is None:
        return []
    found = [
        Figure(label, name, [money for money in facts.money(name) if money])
        for label, name in named
    ]
    return found if empty else [one for one in found if one.amounts]


def _coming(pk: int, now: datetime, then: datetime | None) -> list[Event]:
    """Renewals, bills, ends of trials and terms, and invoices that fall due; the soonest first."""
    agreed = agreements(customers.subscriptions(pk, at=then), now)
    events = [
        Event(one.next_label, one.row.plan_name or one.row.plan_code or "", one.next_at)
        for one in agreed
        if one.next_at and one.next_at > now
    ]
    for one in agreed:
        bills = one.row.current_period_ends_at
        live = one.state in ("active", "trial")
        if live and bills and bills > now and bills != one.next_at:
            events.append(Event("Bills", one.row.plan_name or one.row.plan_code or "", bills))
    events += [
        Event(
            "Falls due",
            f"Invoice {bill.number or bill.upstream_id}",
            due,
            Money(bill.balance, bill.currency),
            bill.pk,
        )
        for bill in billed.invoices_due(pk, now, limit=EVENTS, at=then)
        if (due := bill.due_at)
    ]
    return sorted(events, key=lambda event: event.at)[:EVENTS]
