"""A subscription and an invoice of the lists as scripts see them: the record, and what it comes to."""

from typing import Any

from tenure.core.money import Money
from tenure.customers import shapes
from tenure.metrics.lists.invoices import InvoiceRow
from tenure.metrics.lists.subscriptions import SubscriptionRow

_DATES = "started_on renews_on bills_on trial_ends_on ends_on".split()


def subscription(one: SubscriptionRow) -> dict[str, Any]:
    """The agreement with its figures; they are null while it is not measured."""
    facts = one.facts
    return {
        **shapes.subscription(one.row),
        "status": facts.status if facts else None,
        "mrr": one.mrr.as_json() if one.mrr is not None else None,
        "monthly": one.monthly.as_json() if one.monthly is not None else None,
        "interval": {"unit": one.plan.interval_unit, "length": one.plan.interval_length}
        if one.plan
        else None,
        "flags": list(facts.flags) if facts else [],
        "past_due_days": facts.past_due_days if facts else None,
        **{name: shapes.plain(getattr(facts, name)) if facts else None for name in _DATES},
    }


def invoice(one: InvoiceRow) -> dict[str, Any]:
    """The bill with how it stands, what was tried to collect it and what it bills."""
    tried, currency = one.attempts, one.row.currency
    return {
        **shapes.invoice(one.row, one.parts),
        "status": one.status,
        "due_on": shapes.plain(one.stands.due_day),
        "days_past_due": one.stands.days,
        "attempts": tried.number,
        "failed_attempts": tried.failed,
        "last_failure": tried.last_failure or None,
        "last_failed_at": shapes.plain(tried.last_failed_at),
        "refunded": Money(tried.refunded, currency).as_json(),
        "credit_used": Money(one.credited, currency).as_json(),
        "plans": list(one.plans),
    }
