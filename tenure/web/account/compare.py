"""An account compared between two days: what differs, from what to what, and why where it is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tenure.core.money import Money
from tenure.health import said
from tenure.health.changes import Split, rounded_lines
from tenure.health.compared import Cause, Comparison, Difference, Record
from tenure.health.comparing import compare, days_of
from tenure.metrics.as_of import UnusableDate
from tenure.metrics.days import local_day
from tenure.metrics.settings import current
from tenure.sync import standing
from tenure.web import moments
from tenure.web.account import events
from tenure.web.account.head import head_of, shown
from tenure.web.account.health import line_name
from tenure.web.frame import member_of
from tenure.web.templatetags.tenure import per_cent

MONTH = timedelta(days=30)
FATES = {"new": "New", "seen": "First seen", "gone": "Gone", "changed": "Changed"}


@dataclass(frozen=True, slots=True)
class Row:
    """One difference in words; ``cause`` is who or what made it, where that is known."""

    label: str
    old: str
    new: str
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A subscription or an invoice with its differences in words, and its address."""

    of: Record
    fate: str
    address: str
    rows: Sequence[Row]


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The comparison, with the two days as a form above it."""
    head, now, chosen = head_of(pk), settings.TENURE_CLOCK.now(), current()
    today = local_day(now, chosen.zone)
    first = request.GET.get("from", "").strip() or (today - MONTH).isoformat()
    second = request.GET.get("to", "").strip()
    context: dict[str, Any] = {"first": first, "second": second or today.isoformat()}
    status = 200
    try:
        found = compare(pk, days_of(first, second, now, chosen), now, chosen)
        zone = moments.zone_of(member_of(request).time_zone)
        context |= _told(found, zone)
    except UnusableDate as error:
        context["error"], status = error, 400
    context |= {"today": today, "ranges": _ranges(today)}
    return render(request, "web/account/compare.html", shown(request, head, "", **context), status=status)  # fmt: skip


def _ranges(today: date) -> list[tuple[str, str]]:
    """Days asked often, each with its words."""
    return [
        (words, (today - timedelta(days=days)).isoformat())
        for words, days in (("a week ago", 7), ("30 days ago", 30), ("90 days ago", 90))
    ]


def _told(found: Comparison, zone: Any) -> dict[str, Any]:
    every = (*found.subscriptions, *found.invoices)
    causes = [one.cause for one in found.values] + [one.cause for one in every]
    return {
        "found": found,
        "values": [_row(one, zone) for one in found.values],
        "figures": [_row(one, zone) for one in found.figures],
        "groups": [
            ("Subscriptions", [_changed(one, "subscription", zone) for one in found.subscriptions]),
            ("Invoices", [_changed(one, "invoice", zone) for one in found.invoices]),
        ],
        "lines": _lines(found.change),
        "total": _total(found.change),
        "runs": standing.runs_of_change_sets({one.change_set for one in causes if one}),
    }


def _changed(one: Record, name: str, zone: Any) -> Changed:
    address = reverse(name, args=[one.pk])
    return Changed(one, FATES[one.fate], address, [_row(each, zone) for each in one.differences])


def _row(one: Difference, zone: Any) -> Row:
    if one.unit == "share":
        return Row(one.label, per_cent(one.old), per_cent(one.new), one.cause)
    return Row(one.label, told(one.old, zone), told(one.new, zone), one.cause)


def told(value: Any, zone: Any) -> str:
    """A value in words; nothing is said as ``nothing``, so that it can be seen."""
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value) or "nothing"
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%-d %b %Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value) or "nothing"
    if isinstance(value, dict) and value:
        return ", ".join(f"{name}: {events.said(held)}" for name, held in value.items())
    return events.said(value or None if value == [] or value == {} else value)


def _lines(change: Split | None) -> list[tuple[str, str]]:
    if change is None:
        return []
    return [(line_name(line), said.points(points)) for line, points in rounded_lines(change)]


def _total(change: Split | None) -> str:
    return said.points(change.total) if change and change.total is not None else ""
