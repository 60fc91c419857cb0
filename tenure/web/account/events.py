"""What happened to an account, told as events: bills, payments, agreements, changes of values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse

from tenure.alerts.models import AlertEvent
from tenure.core.money import Money
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
        noun = "Credit invoice" if row.type == "credit" else "Invoice"
        yield Event(
            "invoices",
            row.created_at,
            f"{noun} {row.number or row.upstream_id} issued",
            "invoice",
            {"past_due": "bad", "failed": "bad", "paid": "good"}.get(row.state, ""),
            _money(row.part.total, row.currency),
            state=row.state,
            address=reverse("invoice", args=[row.pk]),
        )


def of_payments(rows: Iterable[Transaction]) -> Iterator[Event]:
    """Every attempt to move money."""
    for row in rows:
        worked = row.success if row.success is not None else row.status == "success"
        kind = spoken(row.type or "payment")
        words = f"{kind} {'succeeded' if worked else row.status or 'failed'}"
        detail = ", ".join(filter(None, (spoken(row.payment_method or ""), row.status_message)))
        yield Event(
            "payments",
            row.created_at,
            words,
            "card",
            "good" if worked else "bad",
            _money(row.amount, row.currency),
            detail=detail,
        )


def of_subscriptions(rows: Iterable[Subscription], now: datetime) -> Iterator[Event]:
    """Starts, trials, cancellations, pauses and ends that have come to pass."""
    for row in rows:
        plan = row.plan_name or row.plan_code or row.upstream_id
        steps = (
            (row.trial_started_at, "Trial of {} began", "info"),
            (row.activated_at, "{} started", "good"),
            (row.converted_at, "{} went from trial to paid", "good"),
            (row.paused_at, "{} paused", "warn"),
            (row.canceled_at, "{} cancelled", "warn"),
            (row.expires_at if row.state == "expired" else None, "{} ended", "bad"),
        )
        for at, words, tone in steps:
            if at and at <= now:
                detail = spoken(row.expiration_reason or "") if words == "{} ended" else ""
                yield Event("subscriptions", at, words.format(plan), "plan", tone, detail=detail)


def of_changes(rows: Iterable[Change]) -> Iterator[Event]:
    """Changed values, field by field, with who changed them."""
    for row in rows:
        known = [difference(field, pair) for field, pair in row.changes.items()]
        who = row.change_set.member or row.change_set.get_origin_display()
        noun = "account" if row.object_kind == "account" else spoken(row.object_kind).lower()
        yield Event(
            "changes",
            row.at,
            f"{len(known)} value{'' if len(known) == 1 else 's'} of the {noun} changed",
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
