"""One account's figures put together as the columns of its facts row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tenure.metrics.amounts import Number, largest, rounded, stored, texts_of
from tenure.metrics.receivables import Receivables
from tenure.metrics.rollup import STATUSES, Rollup

SUBSCRIPTION_SUMS = (
    "mrr arr paused_mrr trial_mrr cancelling_mrr committed_mrr past_due_mrr"
).split()
INVOICE_SUMS = (
    "total_due past_due not_yet_due available_credit total_paid total_refunded net_paid billed"
    " net_billed written_off failed_amount next_due last_paid"
).split()
SUBSCRIPTION_VALUES = (
    "subscription_status plan_names plan_codes total_quantity next_renewal_date next_bill_date"
    " term_end_date customer_since subscriptions_count active_subscriptions"
).split()
INVOICE_VALUES = (
    "invoice_status invoices_count past_due_count oldest_past_due_days oldest_past_due_since"
    " next_due_date last_paid_date last_invoice_date in_dunning dunning_step final_dunning"
    " payment_failures_90d on_time_count_12m on_time_considered_12m"
).split()


def columns_of(
    account_id: int, rollup: Rollup, receivables: Receivables, now: datetime
) -> dict[str, Any]:
    """The facts row as values of plain JSON types, dates and decimals; every column is there."""
    changes = [at for at in (rollup.next_change_at, receivables.next_change_at) if at]
    rate = receivables.on_time_rate_12m
    return {
        "account_id": account_id,
        "as_of": now,
        "updated_at": now,
        "next_change_at": min(changes, default=None),
        **_sorting(rollup, receivables),
        **{name: texts_of(getattr(rollup, name)) for name in SUBSCRIPTION_SUMS},
        **{name: texts_of(getattr(receivables, name)) for name in INVOICE_SUMS},
        **{name: getattr(rollup, name) for name in SUBSCRIPTION_VALUES},
        **{name: getattr(receivables, name) for name in INVOICE_VALUES},
        "status_rank": STATUSES.index(rollup.subscription_status),
        "flags": sorted(rollup.flags | receivables.flags),
        "ageing": {
            currency: {bucket: text[currency] for bucket, text in _aged(currency, amounts).items()}
            for currency, amounts in receivables.ageing.items()
        },
        "on_time_rate_12m": None if rate is None else rounded(rate, 6),
    }


def _aged(currency: str, amounts: Mapping[str, Number]) -> dict[str, dict[str, str]]:
    return {bucket: texts_of({currency: amount}) for bucket, amount in amounts.items()}


def _sorting(rollup: Rollup, receivables: Receivables) -> dict[str, Any]:
    """The one number and currency a list sorts by."""
    sums: tuple[Mapping[str, Number], ...] = (
        rollup.mrr,
        receivables.total_due,
        receivables.billed,
        rollup.trial_mrr,
        rollup.paused_mrr,
    )
    main = next((top for top in map(largest, sums) if top), None)
    return {
        "main_currency": main[0] if main else "",
        "mixed_currencies": len({currency for one in sums for currency in one}) > 1,
        "mrr_sort": _most(rollup.mrr),
        "due_sort": _most(receivables.total_due),
        "past_due_sort": _most(receivables.past_due),
    }


def _most(sums: Mapping[str, Number]) -> Any:
    top = largest(sums)
    return stored(top[1]) if top else None
