"""Which records count for a figure that is no sum of money, and what each of them says.

How the values of those that count become the answer is in ``COMBINED``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tenure.metrics.amounts import rounded
from tenure.metrics.days import maybe_day
from tenure.metrics.inputs import Settings
from tenure.metrics.mrr import LIVE
from tenure.metrics.rollup import Measured, standing

FIRST = "first that occurs"
# The first of these that any record says is the status of the account; subscriptions and invoices
# have words of their own among them.
STATUSES = (
    "active", "cancelling", "paused", "trial", "future", "expired", "past_due", "failed",
    "processing", "due", "paid", "none",
)  # fmt: skip
QUARTER = 90
DSO = "days of billing"


def _added(values: Sequence[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in values:
        for name, quantity in one.items():
            found[name] = found.get(name, 0) + quantity
    return found


def _of_billing(values: Sequence[Fraction]) -> Decimal | None:
    owed, billed = values
    return rounded(owed / billed * QUARTER, 1) if billed else None


COMBINED: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "earliest": lambda values: min(values, default=None),
    "latest": lambda values: max(values, default=None),
    "largest": lambda values: max(values, default=None),
    "count": len,
    "sum": sum,
    "distinct": lambda values: sorted(set(values)),
    FIRST: lambda values: min(values, key=STATUSES.index, default="none"),
    "any of them": any,
    "by name": _added,
    DSO: _of_billing,
    "mean": lambda values: Decimal(sum(values)) / len(values) if values else None,
}


@dataclass(frozen=True, slots=True)
class OfSubscriptions:
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


def _add_ons(one: Measured, *_: Any) -> dict[str, int] | None:
    bought = one.result.price.add_ons if one.result.price else ()
    return _added([{each.code: each.quantity} for each in bought]) or None


OF_SUBSCRIPTIONS: Mapping[str, OfSubscriptions] = {
    "next_renewal_date": OfSubscriptions(
        "earliest", _coming("current_term_ends_at"), _renews, "Does not renew, or its term has no known end"
    ),
    "next_bill_date": OfSubscriptions(
        "earliest", _bill, lambda one: _live(one) and one.result.status != "paused", "Ends with its period"
    ),
    "term_end_date": OfSubscriptions(
        "earliest", _day("current_term_ends_at"), _live, "Its term has no known end"
    ),
    "customer_since": OfSubscriptions(
        "earliest", _day("activated_at"), lambda _one: True, "Has not been activated"
    ),
    "total_quantity": OfSubscriptions(
        "sum", lambda one, _now, _settings: one.sub.quantity or 0, _counting, ""
    ),
    "active_subscriptions": OfSubscriptions("count", lambda *_: 1, _counting, ""),
    "subscriptions_count": OfSubscriptions("count", lambda *_: 1, lambda _one: True, ""),
    "subscription_status": OfSubscriptions(
        FIRST, lambda one, *_: standing(one), lambda _one: True, ""
    ),
    "quantity_by_plan": OfSubscriptions(
        "by name", lambda one, *_: {one.sub.plan_code or "": one.sub.quantity or 0}, _counting, ""
    ),
    "addon_quantity": OfSubscriptions(
        "by name", _add_ons, _counting, "Has no add-on that is bought: usage is metered, not counted"
    ),
    "plan_names": OfSubscriptions("distinct", lambda one, *_: one.sub.plan_name, _live, "Its plan has no name"),
    "plan_codes": OfSubscriptions("distinct", lambda one, *_: one.sub.plan_code, _live, "Its plan has no code"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OfInvoices:
    """The condition on ``aged`` under which an invoice counts, its value, why others do not; those
    that are ``near`` are listed with that reason, and the rest is left away."""

    how: str
    belongs: str
    value: str
    near: str = "FALSE"
    otherwise: str = ""
    empty: Any = None


# Its place in STATUSES, so that the least of them decides.
_STATUS = (
    "CASE WHEN kind = 'past_due' THEN 6"
    " WHEN kind = 'failed' AND balance > 0 AND closed_at <= now"
    " AND closed_at > now - interval '2160 hours' THEN 7"
    " WHEN kind = 'processing' THEN 8 WHEN kind = 'due' THEN 9 WHEN kind = 'settled' THEN 10 END"
)
_YEAR = "judged AND due_day <= today AND due_day > today - 365"
_PAID_DAY = "(closed_at AT TIME ZONE zone)::date"
OF_INVOICES: Mapping[str, OfInvoices] = {
    "past_due_count": OfInvoices("count", "kind = 'past_due'", "days", "owed", "Not late", 0),
    "oldest_past_due_days": OfInvoices("largest", "kind = 'past_due'", "days", "TRUE", "Not late", 0),
    "oldest_past_due_since": OfInvoices("earliest", "kind = 'past_due' AND due_day IS NOT NULL", "due_day", "owed", "Not late"),
    "next_due_date": OfInvoices("earliest", "kind = 'due' AND due_day IS NOT NULL", "due_day", "owed", "Late, or a payment is on its way"),
    "last_invoice_date": OfInvoices("latest", "NOT credit", "(created_at AT TIME ZONE zone)::date", "credit", "A credit"),
    "invoices_count": OfInvoices("count", "TRUE", "1", empty=0),
    "on_time_rate_12m": OfInvoices("mean", _YEAR, f"(state = 'paid' AND {_PAID_DAY} <= due_day)::int", "NOT credit", "Did not fall due in the last 365 days, or is not decided yet"),
    "on_time_count_12m": OfInvoices("count", f"{_YEAR} AND state = 'paid' AND {_PAID_DAY} <= due_day", "1", _YEAR, "Paid late, or not at all", 0),
    "on_time_considered_12m": OfInvoices("count", _YEAR, "1", "NOT credit", "Did not fall due in the last 365 days, or is not decided yet", 0),
    "average_days_to_pay": OfInvoices("mean", "prompt", f"{_PAID_DAY} - (created_at AT TIME ZONE zone)::date", "NOT credit", "Was not paid in the last 365 days"),
    "average_days_late": OfInvoices("mean", "prompt AND due_day IS NOT NULL", f"greatest(0, {_PAID_DAY} - due_day)", "NOT credit", "Was not paid in the last 365 days, or had no due day"),
    "invoice_status": OfInvoices(FIRST, f"({_STATUS}) IS NOT NULL", _STATUS, "TRUE", "A credit, with nothing open on it, or lost more than 90 days ago", "none"),
    "in_dunning": OfInvoices("any of them", "kind = 'past_due' AND dunning_events_sent > 0", "true", "kind = 'past_due'", "No notice was sent", False),
    "final_dunning": OfInvoices("any of them", "kind = 'past_due' AND final_dunning_event IS TRUE", "true", "kind = 'past_due'", "The last notice was not sent", False),
    "dunning_step": OfInvoices("largest", "kind = 'past_due' AND dunning_events_sent > 0", "dunning_events_sent", "kind = 'past_due'", "No notice was sent"),
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
