"""Figures that are no sum of money: dates, counts, shares and means, each with what it stands on.

An item counts, or it does not and says why. The answer is made of the items that count, in the way
``how`` says; of very many the first are listed, and the answer is of all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from tenure.metrics.days import maybe_day
from tenure.metrics.explain.notes import why_not
from tenure.metrics.explain.payments import MINE
from tenure.metrics.explain.subscriptions import measured
from tenure.metrics.inputs import Settings
from tenure.metrics.ledger_sql import AGED
from tenure.metrics.mrr import LIVE
from tenure.metrics.rollup import Measured

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Item:
    """A record with its value, None where it has none; ``reason`` says why it does not count."""

    kind: str
    label: str
    value: Any
    counts: bool
    reason: str = ""
    site_id: int | None = None
    upstream_id: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a figure stands on. ``answer`` is the figure; ``counted`` is how many items count in all,
    of which those beyond SHOWN are not listed."""

    figure: str
    how: str
    answer: Any
    counted: int
    items: tuple[Item, ...]

    @property
    def inside(self) -> list[Item]:
        """The items that count."""
        return [item for item in self.items if item.counts]

    @property
    def outside(self) -> list[Item]:
        """The items that do not."""
        return [item for item in self.items if not item.counts]


COMBINED: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "earliest": lambda values: min(values, default=None),
    "latest": lambda values: max(values, default=None),
    "largest": lambda values: max(values, default=None),
    "count": len,
    "sum": sum,
    "distinct": lambda values: sorted(set(values)),
    "mean": lambda values: Decimal(sum(values)) / len(values) if values else None,
}


@dataclass(frozen=True, slots=True)
class _OfSubscriptions:
    """How the value of a subscription is read, and why one that has none does not count."""

    how: str
    value: Callable[[Measured, datetime, Settings], Any]
    belongs: Callable[[Measured], bool]
    otherwise: str


def _counting(one: Measured) -> bool:
    return one.counts


def _live(one: Measured) -> bool:
    return one.result.status in LIVE


def _renews(one: Measured) -> bool:
    leaving = "cancelling" in one.result.flags
    return one.counts and one.sub.auto_renew is not False and not leaving


def _coming(name: str) -> Callable[[Measured, datetime, Settings], Any]:
    def value(one: Measured, now: datetime, settings: Settings) -> date | None:
        at: datetime | None = getattr(one.sub, name)
        return maybe_day(at, settings.zone) if at and at > now else None

    return value


def _bill(one: Measured, now: datetime, settings: Settings) -> date | None:
    end, last = one.sub.current_period_ends_at, one.sub.expires_at
    if end and last and last <= end:
        return None
    return maybe_day(end, settings.zone) if end and end > now else None


def _day(name: str) -> Callable[[Measured, datetime, Settings], Any]:
    return lambda one, _now, settings: maybe_day(getattr(one.sub, name), settings.zone)


OF_SUBSCRIPTIONS: Mapping[str, _OfSubscriptions] = {
    "next_renewal_date": _OfSubscriptions(
        "earliest", _coming("current_term_ends_at"), _renews, "Does not renew, or its term has no known end"
    ),
    "next_bill_date": _OfSubscriptions(
        "earliest", _bill, lambda one: _live(one) and one.result.status != "paused", "Ends with its period"
    ),
    "term_end_date": _OfSubscriptions(
        "earliest", _day("current_term_ends_at"), _live, "Its term has no known end"
    ),
    "customer_since": _OfSubscriptions(
        "earliest", _day("activated_at"), lambda _one: True, "Has not been activated"
    ),
    "total_quantity": _OfSubscriptions(
        "sum", lambda one, _now, _settings: one.sub.quantity or 0, _counting, ""
    ),
    "active_subscriptions": _OfSubscriptions("count", lambda *_: 1, _counting, ""),
    "subscriptions_count": _OfSubscriptions("count", lambda *_: 1, lambda _one: True, ""),
    "plan_names": _OfSubscriptions("distinct", lambda one, *_: one.sub.plan_name, _live, "Its plan has no name"),
    "plan_codes": _OfSubscriptions("distinct", lambda one, *_: one.sub.plan_code, _live, "Its plan has no code"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _OfInvoices:
    """The condition on ``aged`` under which an invoice counts, its value, why others do not; those
    that are ``near`` are listed with that reason, and the rest is left away."""

    how: str
    belongs: str
    value: str
    near: str = "FALSE"
    otherwise: str = ""
    empty: Any = None


_YEAR = "judged AND due_day <= today AND due_day > today - 365"
_PAID_DAY = "(closed_at AT TIME ZONE zone)::date"
OF_INVOICES: Mapping[str, _OfInvoices] = {
    "past_due_count": _OfInvoices("count", "kind = 'past_due'", "days", "owed", "Not late", 0),
    "oldest_past_due_days": _OfInvoices("largest", "kind = 'past_due'", "days", "TRUE", "Not late", 0),
    "oldest_past_due_since": _OfInvoices("earliest", "kind = 'past_due' AND due_day IS NOT NULL", "due_day", "owed", "Not late"),
    "next_due_date": _OfInvoices("earliest", "kind = 'due' AND due_day IS NOT NULL", "due_day", "owed", "Late, or a payment is on its way"),
    "last_invoice_date": _OfInvoices("latest", "NOT credit", "(created_at AT TIME ZONE zone)::date", "credit", "A credit"),
    "invoices_count": _OfInvoices("count", "TRUE", "1", empty=0),
    "on_time_rate_12m": _OfInvoices("mean", _YEAR, f"(state = 'paid' AND {_PAID_DAY} <= due_day)::int", "NOT credit", "Did not fall due in the last 365 days, or is not decided yet"),
    "on_time_count_12m": _OfInvoices("count", f"{_YEAR} AND state = 'paid' AND {_PAID_DAY} <= due_day", "1", _YEAR, "Paid late, or not at all", 0),
    "on_time_considered_12m": _OfInvoices("count", _YEAR, "1", "NOT credit", "Did not fall due in the last 365 days, or is not decided yet", 0),
    "average_days_to_pay": _OfInvoices("mean", "prompt", f"{_PAID_DAY} - (created_at AT TIME ZONE zone)::date", "NOT credit", "Was not paid in the last 365 days"),
    "average_days_late": _OfInvoices("mean", "prompt AND due_day IS NOT NULL", f"greatest(0, {_PAID_DAY} - due_day)", "NOT credit", "Was not paid in the last 365 days, or had no due day"),
    "dunning_step": _OfInvoices("largest", "kind = 'past_due' AND dunning_events_sent > 0", "dunning_events_sent", "kind = 'past_due'", "No notice was sent"),
}  # fmt: skip
_FAILED = (
    "type IN ('purchase', 'capture') AND status IN ('declined', 'error')"
    " AND created_at <= %(now)s AND created_at > %(now)s - interval '2160 hours'"
)
OF_PAYMENTS: Mapping[str, tuple[str, str, str]] = {
    "payment_failures_90d": (
        "count",
        _FAILED,
        "1",
    ),
    "first_paid_date": (
        "earliest",
        "type IN ('purchase', 'capture') AND status = 'success' AND collected_at IS NOT NULL",
        "(collected_at AT TIME ZONE %(zone)s)::date",
    ),
}
FIGURES = (*OF_SUBSCRIPTIONS, *OF_INVOICES, *OF_PAYMENTS)


def basis(account_id: int, figure: str, now: datetime, settings: Settings) -> Basis:
    """What one of FIGURES stands on."""
    if figure in OF_SUBSCRIPTIONS:
        return _of_subscriptions(account_id, figure, now, settings)
    values = {"ids": [account_id], "now": now, "zone": settings.zone.key, "shown": SHOWN}
    if figure in OF_INVOICES:
        return _of_invoices(figure, values)
    return _of_payments(figure, values)


def _of_subscriptions(account_id: int, figure: str, now: datetime, settings: Settings) -> Basis:
    rule = OF_SUBSCRIPTIONS[figure]
    items, values = [], []
    for one in measured(account_id, now, settings):
        value = rule.value(one, now, settings) if rule.belongs(one) else None
        counts = value is not None
        if counts:
            values.append(value)
        sub = one.sub
        reason = "" if counts else (why_not(one, settings) or rule.otherwise)
        items.append(
            Item(
                "subscription", sub.plan_name or sub.plan_code or sub.id, value, counts, reason,
                int(sub.site), sub.id, one.result.status,
            )
        )  # fmt: skip
    # No quantity is known of an account that never had a subscription.
    answer = None if rule.how == "sum" and not items else COMBINED[rule.how](values)
    return Basis(figure, rule.how, answer, len(values), _sorted(items, rule.how))


def _sorted(items: Sequence[Item], how: str) -> tuple[Item, ...]:
    """The deciding one first where one decides."""
    inside = [item for item in items if item.counts]
    if how in ("earliest", "latest", "largest"):
        inside.sort(key=lambda item: item.value, reverse=how != "earliest")
    return (*inside, *(item for item in items if not item.counts))


def _of_invoices(figure: str, values: dict[str, Any]) -> Basis:
    rule = OF_INVOICES[figure]
    order = {"earliest": "value ASC", "latest": "value DESC", "largest": "value DESC"}.get(rule.how, "created_at DESC")  # fmt: skip
    statement = f"""
        {AGED}, told AS (
            SELECT aged.*, ({rule.belongs}) IS TRUE AS counts, {rule.value} AS value FROM aged
        ), placed AS (
            SELECT told.*, {_WHOLE[rule.how]} FILTER (WHERE counts) OVER () AS answer,
                   count(*) FILTER (WHERE counts) OVER () AS counted,
                   row_number() OVER (PARTITION BY counts ORDER BY {order}, id DESC) AS place
            FROM told WHERE counts OR ({rule.near})
        )
        SELECT answer, counted, counts, value, number, upstream_id, site_id, kind
        FROM placed WHERE place <= %(shown)s ORDER BY counts DESC, place
    """  # noqa: S608 - every condition is a constant of this file
    rows = _asked(statement, values)
    items = [
        Item(
            "invoice", number or name, value if counts else None, counts,
            "" if counts else rule.otherwise, site, name, kind,
        )
        for _, _, counts, value, number, name, site, kind in rows
    ]  # fmt: skip
    answer = rows[0][0] if rows else None
    if answer is None and (rows or rule.how == "count"):
        answer = rule.empty
    return Basis(figure, rule.how, answer, rows[0][1] if rows else 0, tuple(items))


_WHOLE = {
    "earliest": "min(value)",
    "latest": "max(value)",
    "largest": "max(value)",
    "count": "count(*)",
    "mean": "avg(value)",
}


def _of_payments(figure: str, values: dict[str, Any]) -> Basis:
    how, belongs, value = OF_PAYMENTS[figure]
    statement = f"""
        {MINE}, told AS (SELECT mine.*, {value} AS value FROM mine WHERE {belongs})
        SELECT {_WHOLE[how]} OVER (), count(*) OVER (), value, site_id, upstream_id, status, created_at
        FROM told ORDER BY created_at DESC, id DESC LIMIT %(shown)s
    """  # noqa: S608 - every condition is a constant of this file
    rows = _asked(statement, values)
    items = [
        Item("payment", f"{at:%Y-%m-%d}", value, True, "", site, name, status or "")
        for _, _, value, site, name, status, at in rows
    ]
    empty = 0 if how == "count" else None
    return Basis(
        figure, how, rows[0][0] if rows else empty, rows[0][1] if rows else 0, tuple(items)
    )


def _asked(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as db:
        db.execute(statement, values)
        return list(db.fetchall())
