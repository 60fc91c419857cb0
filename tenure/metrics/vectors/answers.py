"""Answers to worked examples by the plain formulas: what holds at one instant."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tenure.metrics.account_coupons import alone
from tenure.metrics.amounts import ZERO, Number, displayed, rounded, stored
from tenure.metrics.days import local_day
from tenure.metrics.facts import Exchange, columns_of
from tenure.metrics.inputs import Settings, Subscription
from tenure.metrics.invoices import standing
from tenure.metrics.mrr import SubscriptionMrr, subscription_mrr
from tenure.metrics.receivables import (
    Receivables,
    account_receivables,
    days_sales_outstanding,
)
from tenure.metrics.rollup import LEAVING, Key, Rollup, account_rollup
from tenure.metrics.vectors.comparing import Answers, Document
from tenure.metrics.vectors.documents import (
    invoices_of,
    payments_of,
    rates_of,
    subscription_of,
)
from tenure.metrics.vectors.over_time import history_answer, movements_answer, retention_answer

# Names of the specification for figures that go by a shorter one here.
ALIASES = {
    "past_due": "past_due_amount",
    "billed": "billed_amount",
    "next_due": "next_due_amount",
    "last_paid": "last_paid_amount",
}


def lateness(given: Document, as_of: datetime, settings: Settings) -> dict[Key, int]:
    """How late each subscription is: from the invoices beside it, or as the example says."""
    late = {(str(e[0]), str(e[1])): int(e[2]) for e in given.get("past_due") or ()}
    for one in given.get("subscriptions") or [given]:
        days = one.get("days_past_due") or one.get("past_due_days")
        if days:
            late[str(one.get("site") or ""), str(one.get("id") or "")] = int(days)
    for invoice in invoices_of(given):
        days = standing(invoice, as_of, settings.zone).days
        for subscription in invoice.subscription_ids if days else ():
            key = invoice.site, subscription
            late[key] = max(days, late.get(key, 0))
    return late


def subscription_document(sub: Subscription, result: SubscriptionMrr, rollup: Rollup) -> Document:
    """One subscription's figures by their names in the specification."""
    mrr = ZERO if result.mrr is not None and "dropped_past_due" in rollup.flags else result.mrr
    leaving = mrr if result.flags & LEAVING else ZERO
    return {
        "mrr": _six(mrr),
        "arr": _six(None if mrr is None else mrr * 12),
        "mrr_display": None if mrr is None else displayed(mrr, sub.currency),
        "status": result.status,
        "flags": result.flags | (rollup.flags & {"dropped_past_due"}),
        "paused_mrr": _six(result.apart("paused")),
        "trial_mrr": _six(result.apart("trial")),
        "cancelling_mrr": _six(leaving),
        "past_due_mrr": _six(rollup.past_due_mrr.get(sub.currency, ZERO)),
        "committed_mrr": _six(rollup.committed_mrr.get(sub.currency, ZERO)),
        "currency": sub.currency,
    }


def _subscription_mrr(given: Document, as_of: datetime, settings: Settings) -> Document:
    sub = subscription_of(given)
    late = lateness(given, as_of, settings)
    rollup = account_rollup([sub], as_of, settings, past_due_days=late)
    priced = alone(sub, as_of, settings)
    return subscription_document(sub, subscription_mrr(priced, as_of, settings), rollup)


def rollup_document(rollup: Rollup, columns: Document) -> Document:
    """An account's figures from its subscriptions, and its converted totals."""
    named = {name: getattr(rollup, name) for name in rollup.__dataclass_fields__}
    paying = any(amount > 0 for amount in rollup.mrr.values())
    return {
        **{name: _sums(value) for name, value in named.items()},
        "arr": _sums(rollup.arr),
        **{name: value for name, value in columns.items() if name.endswith("_converted")},
        "missing_rates": columns["missing_rates"],
        "first_paid_date": columns["first_paid_date"],
        "paying": paying,
        "arpa": columns["mrr_converted"] if paying else None,
    }


def exchange_of(given: Document, as_of: datetime, settings: Settings) -> Exchange:
    """The workspace's currency and the rates of an example."""
    currency = given.get("workspace_currency") or settings.currency
    return Exchange(currency, local_day(as_of, settings.zone), rates_of(given, settings))


def _account_rollup(given: Document, as_of: datetime, settings: Settings) -> Document:
    theirs = {"account_redemptions": given.get("coupon_redemptions") or ()}
    subscriptions = [subscription_of(theirs | one) for one in given.get("subscriptions") or ()]
    late = lateness(given, as_of, settings)
    rollup = account_rollup(subscriptions, as_of, settings, past_due_days=late)
    owed = account_receivables(invoices_of(given), payments_of(given), as_of, settings)
    exchange = exchange_of(given, as_of, settings)
    return rollup_document(rollup, columns_of(0, rollup, owed, as_of, exchange))


def _receivables(given: Document, as_of: datetime, settings: Settings) -> Document:
    invoices, payments = invoices_of(given), payments_of(given)
    found = account_receivables(invoices, payments, as_of, settings)
    exchange = exchange_of(given, as_of, settings)
    columns = columns_of(0, Rollup(), found, as_of, exchange)
    by_currency = {
        code: receivables_of(
            account_receivables(
                [one for one in invoices if one.currency == code],
                [one for one in payments if one.currency == code],
                as_of,
                settings,
            ),
            code,
        )
        for code in {*(i.currency for i in invoices), *(p.currency for p in payments)}
    }
    return {**account_document(found), **by_currency, **_of_account(columns)}


def account_document(found: Receivables) -> Document:
    """The account's side of receivables: sums by currency, and everything that is one value."""
    named = {name: getattr(found, name) for name in found.__dataclass_fields__}
    return {
        **{ALIASES.get(name, name): value for name, value in named.items()},
        "on_time_rate_12m": _six(found.on_time_rate_12m),
        # The specification says 0 where nothing is past due. We keep an unknown where there is no
        # invoice at all, so that a score does not take it for perfect.
        "oldest_past_due_days": found.oldest_past_due_days or 0,
    }


def receivables_of(found: Receivables, currency: str) -> Document:
    """The same of one currency alone, with its sums as plain amounts."""
    whole = account_document(found)
    return {
        name: value.get(currency, Decimal(0)) if isinstance(value, dict) else value
        for name, value in whole.items()
    }


def _of_account(columns: Mapping[str, Any]) -> Document:
    """What only the facts of an account have: converted totals, and days of sales outstanding."""
    kept = {name: value for name, value in columns.items() if name.endswith("_converted")}
    return {**kept, "missing_rates": columns["missing_rates"], "dso": columns["dso"]}


def _on_time_rate(given: Document, as_of: datetime, settings: Settings) -> Document:
    found = account_receivables(invoices_of(given), (), as_of, settings)
    return {
        "on_time": found.on_time_count_12m,
        "considered": found.on_time_considered_12m,
        "rate": _six(found.on_time_rate_12m),
    }


def _average_days_to_pay(given: Document, as_of: datetime, settings: Settings) -> Document:
    found = account_receivables(invoices_of(given), (), as_of, settings)
    return days_document(found.average_days_to_pay, found.average_days_late)


def days_document(to_pay: Number | None, late: Number | None) -> Document:
    """Payment behaviour in days, by the names an example may use."""
    return {"days": to_pay, "average_days_to_pay": to_pay, "average_days_late": late}


def _dso(given: Document, _as_of: datetime, _settings: Settings) -> Document:
    window = timedelta(days=int(given.get("window_days") or 90))
    receivable = Decimal(str(given.get("receivable") or 0))
    billed = Decimal(str(given.get("billed_in_window") or 0))
    days = days_sales_outstanding(receivable, billed, window)
    return {"dso": None if days is None else rounded(days, 1)}


ANSWERS: Answers = {
    "subscription_mrr": _subscription_mrr,
    "account_rollup": _account_rollup,
    "receivables": _receivables,
    "on_time_rate": _on_time_rate,
    "average_days_to_pay": _average_days_to_pay,
    "dso": _dso,
    "movements": movements_answer,
    "retention": retention_answer,
    "mrr_history": history_answer,
}


def _six(amount: Number | None) -> Decimal | None:
    return None if amount is None else stored(amount)


def _sums(value: Any) -> Any:
    """Exact sums by currency at their stored six decimals; anything else as it is."""
    if isinstance(value, dict) and all(isinstance(v, Fraction) for v in value.values()):
        return {currency: stored(amount) for currency, amount in value.items()}
    return value
