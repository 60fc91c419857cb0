"""The health of an account: the card, what would make it green, its line over time, what changed, and
a person's word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tenure.customers import bills
from tenure.customers.models import Origin
from tenure.customers.write import By, ValueRefused
from tenure.health import advice, overrides, overriding, read, said, shapes
from tenure.health.changes import Line, rounded_lines, split
from tenure.health.models import HealthScore, Verdict
from tenure.health.overriding import Wanted
from tenure.health.score import LONGEST_OVERRIDE_DAYS
from tenure.metrics.days import local_day
from tenure.metrics.inputs import Settings
from tenure.metrics.settings import current
from tenure.web.account.head import Head, good_at, head_of, shown
from tenure.web.account.healthline import Chart, chart
from tenure.web.as_of import at, now_of
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only

KEPT = timedelta(days=180)
SPANS = (1, 7, 30, 90)
# Where each measure can be looked into: the calculation of a figure, or a tab of the account.
FIGURES = {
    "oldest_past_due_days": "past_due",
    "past_due_months_of_mrr": "past_due",
    "mrr_trend_90d": "mrr",
    "on_time_rate_12m": "on_time_rate_12m",
    "payment_failures_90d": "payment_failures_90d",
}
TABS = {
    "oldest_past_due_days": "account_invoices",
    "past_due_months_of_mrr": "account_invoices",
    "mrr_trend_90d": "account_money",
    "on_time_rate_12m": "account_invoices",
    "renewal_outlook": "account_subscriptions",
    "payment_failures_90d": "account_timeline",
}


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A measure as the card shows it; ``bar`` is what it gave of what it could, in per cent."""

    told: dict[str, Any]
    most: Decimal
    bar: str
    address: str
    figure: str


@dataclass(frozen=True, slots=True)
class Card:
    """The score with everything the card says."""

    score: Verdict
    told: dict[str, Any]
    rows: Sequence[MeasureRow]
    state: str
    stale: bool


@dataclass(frozen=True, slots=True)
class StepLink:
    """One thing to do with the invoice it is about, when there is one."""

    text: str
    invoice: int | None


@dataclass(frozen=True, slots=True)
class Option:
    """One way to green."""

    steps: Sequence[StepLink]
    score: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two days, in lines that add up."""

    since: datetime
    old: Verdict
    total: str
    lines: Sequence[tuple[str, str]]


def card_of(request: HttpRequest, head: Head, now: datetime) -> Card | None:
    """The card; None while the account has no score row. Of a past time the score with what it was
    made of, as they were stored then."""
    past = at(request) is not None
    score = head.past_score if past else head.score
    if score is None:
        return None
    before = _verdict_at(head, score, now - shapes.TREND)
    told = shapes.health(score, before, None if past else good_at(request, head.payers))
    rows = [_row(head, one) for one in told["measures"]]
    return Card(score, told, rows, said.STATES.get(score.state, ""), told["stale"])


def _verdict_at(head: Head, score: Verdict, instant: datetime) -> Verdict | None:
    """What the score was at an instant before."""
    if isinstance(score, HealthScore):
        return read.before_of(score, instant)
    return read.scores_at([head.account.pk], instant).get(head.account.pk)


def _row(head: Head, one: dict[str, Any]) -> MeasureRow:
    gave, kept = Decimal(one["contribution"]), Decimal(one["loss"])
    most = gave + kept
    bar = f"{(gave / most * 100 if most else 0):.1f}%"
    name, pk = one["measure"], head.account.pk
    figure = FIGURES.get(name, "")
    address = (
        reverse("calculation", args=[pk, figure]) if figure else reverse(TABS[name], args=[pk])
    )
    return MeasureRow(one, most, bar, address, figure)


@require_http_methods(["GET", "HEAD"])
def tab(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about the account's health."""
    return _tab(request, pk)


def _tab(
    request: HttpRequest, pk: int, *, refused: ValueRefused | None = None, status: int = 200
) -> HttpResponse:
    moment, now, chosen = at(request), now_of(request), current()
    head = head_of(pk, moment)
    card = card_of(request, head, now)
    days = _days(request.GET.get("since", ""))
    today = local_day(now, chosen.zone)
    context = shown(
        request,
        head,
        "account_health",
        card=card,
        green=None if moment else _green(head, card, now, chosen),
        line=_line(head, card, now),
        days=days,
        spans=SPANS,
        difference=_difference(head, card, now - timedelta(days=days), chosen),
        words=overrides.of_account(pk, at=now if moment else None),
        today=today,
        until=request.POST.get("until") or (today + timedelta(days=30)).isoformat(),
        latest=today + timedelta(days=LONGEST_OVERRIDE_DAYS),
        refused=refused,
        typed=request.POST,
    )
    return render(request, "web/account/health.html", context, status=status)


@require_safe
def green(request: HttpRequest, pk: int) -> HttpResponse:
    """What would make it green, asked for after the overview."""
    head, now = head_of(pk), settings.TENURE_CLOCK.now()
    found = _green(head, card_of(request, head, now), now, current())
    return render(
        request, "web/account/health_green.html", {"green": found, "account": head.account}
    )


@require_POST
@only(may_edit_customers)
def override(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the score or its band by hand, or keep it as it is."""
    head, now = head_of(pk), settings.TENURE_CLOCK.now()
    kind, posted = request.POST.get("kind", ""), request.POST
    try:
        until = _date(posted.get("until", ""))
        by = By(Origin.MANUAL, member_of(request))
        if kind == "freeze":
            overriding.freeze(pk, Wanted(posted.get("reason", ""), until), by, now=now)
        else:
            score = posted.get("score", "") if kind == "score" else ""
            band = posted.get("band", "") if kind == "band" else ""
            wanted = Wanted(posted.get("reason", ""), until, score=score, band=band)
            overriding.override(pk, wanted, by, now=now)
    except ValueRefused as refused:
        return _tab(request, pk, refused=refused, status=422)
    messages.success(request, f"The health of {head.account.name} is set until {until:%-d %B %Y}.")
    return HttpResponseRedirect(reverse("account_health", args=[pk]))


@require_POST
@only(may_edit_customers)
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the computed score speak again."""
    head, now = head_of(pk), settings.TENURE_CLOCK.now()
    ended = overriding.end(pk, By(Origin.MANUAL, member_of(request)), now=now)
    text = "The computed score speaks again." if ended else "Nobody had set it any more."
    messages.success(request, f"{head.account.name}: {text}")
    return HttpResponseRedirect(reverse("account_health", args=[pk]))


def _green(head: Head, card: Card | None, now: datetime, chosen: Settings) -> dict[str, Any]:
    if card is None or not isinstance(card.score, HealthScore):
        return {"options": (), "why_not": "It has not been scored yet."}
    found = advice.advice(head.account.pk, card.score, now, chosen)
    wanted = [
        step.upstream_id for one in found.options for step in one.steps if step.kind == "invoice"
    ]
    keys = bills.invoice_keys(head.account.pk, wanted) if wanted else {}
    options = [
        Option(
            [
                StepLink(step.text, keys.get((step.site_id or 0, step.upstream_id)))
                for step in one.steps
            ],
            one.score,
        )
        for one in found.options
    ]
    return {"options": options, "why_not": found.why_not}


def _line(head: Head, card: Card | None, now: datetime) -> Chart | None:
    if card is None:
        return None
    past = read.history(head.account.pk, now - KEPT, until=now)
    return chart(past, card.score, now - KEPT, now)


def _difference(
    head: Head, card: Card | None, since: datetime, chosen: Settings
) -> Difference | None:
    if card is None:
        return None
    old = _verdict_at(head, card.score, since)
    if old is None:
        return None
    found = split(shapes.side(old, chosen), shapes.side(card.score, chosen))
    total = "" if found.total is None else said.points(found.total)
    lines = [(line_name(line), said.points(points)) for line, points in rounded_lines(found)]
    return Difference(since, old, total, lines)


_KINDS = {
    "definition": "The definition changed",
    "cap": "Caps hold back more, or less",
    "person": "A person set it, or took that back",
    "rounding": "Rounding",
}


def line_name(line: Line) -> str:
    """A reason for a change of score in words."""
    name = said.measure(line.measure) if line.measure else ""
    if line.kind == "vanished":
        return f"{name} is missing now"
    if line.kind == "appeared":
        return f"{name} is known now"
    return _KINDS.get(line.kind, name)


def _days(text: str) -> int:
    return int(text) if text in map(str, SPANS) else 30


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
