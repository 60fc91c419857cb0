"""What happened to an account as a page draws it: bills, payments, agreements, changes of values,
alerts. What is said of each is said in ``customers.timeline``, for the API as well."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse

from tenure.alerts.models import AlertEvent
from tenure.core.money import Money
from tenure.customers import timeline
from tenure.customers.models import Change, Invoice, Subscription, Transaction
from tenure.web.badges import spoken

KINDS = {
    "invoices": "Invoices",
    "payments": "Payments",
    "subscriptions": "Subscriptions",
    "changes": "Value changes",
    "alerts": "Alerts",
}
DONE = {
    "acknowledge": "acknowledged",
    "assign": "assigned",
    "snooze": "snoozed",
    "wake": "woken",
    "close": "closed",
    "resolve": "resolved by itself",
    "reopen": "reopened",
    "note": "noted upon",
}
TONES = {"trial": "info", "start": "good", "convert": "good", "pause": "warn", "cancel": "warn", "end": "bad"}  # fmt: skip
SHOWN_FIELDS = 6
LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Difference:
    """One field's old and new value as words."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the timeline. ``address`` leads to the object it speaks of, ``run`` to its run."""

    kind: str
    at: datetime
    title: str
    icon: str
    tone: str = ""
    money: Money | None = None
    detail: str = ""
    state: str = ""
    address: str = ""
    differences: Sequence[Difference] = ()
    more: int = 0
    change_set: int | None = None


def of_invoices(rows: Iterable[Invoice]) -> Iterator[Event]:
    """Each bill when it was issued, with what has become of it since."""
    for row in rows:
        yield Event(
            "invoices",
            row.created_at,
            timeline.issued(row),
            "invoice",
            {"past_due": "bad", "failed": "bad", "paid": "good"}.get(row.state, ""),
            _money(row.part.total, row.currency),
            state=row.state,
            address=reverse("invoice", args=[row.pk]),
        )


def of_payments(rows: Iterable[Transaction]) -> Iterator[Event]:
    """Every attempt to move money."""
    for row in rows:
        detail = ", ".join(filter(None, (spoken(row.payment_method or ""), row.status_message)))
        yield Event(
            "payments",
            row.created_at,
            timeline.tried(row),
            "card",
            "good" if timeline.worked(row) else "bad",
            _money(row.amount, row.currency),
            detail=detail,
        )


def of_subscriptions(rows: Iterable[Subscription], now: datetime) -> Iterator[Event]:
    """Starts, trials, cancellations, pauses and ends that have come to pass."""
    for row in rows:
        for step, at, words in timeline.steps(row):
            if at and at <= now:
                detail = spoken(row.expiration_reason or "") if step == "end" else ""
                yield Event("subscriptions", at, words, "plan", TONES[step], detail=detail)


def of_changes(rows: Iterable[Change]) -> Iterator[Event]:
    """Changed values, field by field, with who changed them."""
    for row in rows:
        known = [difference(field, pair) for field, pair in row.changes.items()]
        who = row.change_set.member or row.change_set.get_origin_display()
        yield Event(
            "changes",
            row.at,
            timeline.changed(row),
            "pencil",
            "warn" if row.change_set.origin == "manual" else "",
            detail=f"by {who}",
            differences=known[:SHOWN_FIELDS],
            more=max(0, len(known) - SHOWN_FIELDS),
            change_set=row.change_set_id,
        )


def of_alerts(rows: Iterable[AlertEvent]) -> Iterator[Event]:
    """Alerts that opened, and what people did with them."""
    for row in rows:
        alert, opened = row.alert, row.action == "open"
        ended = alert.get_outcome_display() if row.action == "close" else ""
        who = str(row.member or row.by)
        words = (
            alert.reason if opened else f"Alert {DONE.get(row.action, spoken(row.action).lower())}"
        )
        about = (alert.alert_rule.name, ended.lower(), f"by {who}" if who else "", row.note)
        yield Event(
            "alerts",
            row.at,
            words,
            "alerts",
            "bad" if opened else "good" if row.action == "resolve" else "",
            detail=", ".join(filter(None, about)),
            address=reverse("alert", args=[alert.pk]),
        )


def difference(field: str, pair: Any) -> Difference:
    """A field of history with its old and new value in words."""
    old, new = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
    return Difference(spoken(field.removeprefix("attributes.")), said(old), said(new))


def said(value: Any) -> str:
    """A stored value as words; nothing is said as ``nothing``, so that it can be seen."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping | list):
        size = len(value)
        return f"{size} entr{'y' if size == 1 else 'ies'}"
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _money(amount: Decimal | None, currency: str) -> Money | None:
    return Money(amount, currency) if amount is not None else None
