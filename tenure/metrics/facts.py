"""One account's figures put together as the columns of its facts row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from operator import attrgetter
from typing import Any

from tenure.metrics.amounts import Number, Sums, largest, rounded, stored, text_of, texts_of
from tenure.metrics.fx import Rates
from tenure.metrics.ledger import QUARTER
from tenure.metrics.receivables import Receivables, days_sales_outstanding
from tenure.metrics.rollup import STATUSES, Rollup

SUBSCRIPTION_SUMS = tuple(
    ("mrr arr paused_mrr trial_mrr cancelling_mrr committed_mrr past_due_mrr").split()
)
INVOICE_SUMS = tuple(
    (
        "total_due past_due not_yet_due available_credit net_due total_paid total_refunded net_paid billed"
        " net_billed written_off failed_amount next_due last_paid"
    ).split()
)
SUBSCRIPTION_VALUES = tuple(
    (
        "subscription_status plan_names plan_codes total_quantity next_renewal_date next_bill_date"
        " term_end_date customer_since subscriptions_count active_subscriptions ended_at"
        " quantity_by_plan addon_quantity"
    ).split()
)
INVOICE_VALUES = tuple(
    (
        "invoice_status invoices_count past_due_count oldest_past_due_days oldest_past_due_since"
        " next_due_date last_paid_date first_paid_date last_invoice_date in_dunning dunning_step"
        " final_dunning payment_failures_90d on_time_count_12m on_time_considered_12m failed_lately"
    ).split()
)


_reads = {
    names: attrgetter(*names)
    for names in (SUBSCRIPTION_SUMS, INVOICE_SUMS, SUBSCRIPTION_VALUES, INVOICE_VALUES)
}


# The sums that have a converted total beside them, and the column of each.
CONVERTED = {
    "mrr_converted": attrgetter("mrr"),
    "arr_converted": attrgetter("arr"),
    "due_converted": attrgetter("total_due"),
    "past_due_converted": attrgetter("past_due"),
    "paid_converted": attrgetter("total_paid"),
    "billed_converted": attrgetter("billed"),
}
_OF_ROLLUP = frozenset({"mrr_converted", "arr_converted"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """Into which currency amounts are converted, with which rates, and those of which day."""

    currency: str
    day: date
    rates: Rates


def columns_of(
    account_id: int, rollup: Rollup, receivables: Receivables, now: datetime, exchange: Exchange
) -> dict[str, Any]:
    """The facts row as values of plain JSON types, dates and decimals; every column is there."""
    changes = [at for at in (rollup.next_change_at, receivables.next_change_at) if at]
    row: dict[str, Any] = {
        "account_id": account_id,
        "as_of": now,
        "updated_at": now,
        "next_change_at": min(changes, default=None),
        "status_rank": STATUSES.index(rollup.subscription_status),
        "flags": sorted(rollup.flags | receivables.flags),
        "ageing": {
            currency: {bucket: text_of(amount, currency) for bucket, amount in groups.items()}
            for currency, groups in receivables.ageing.items()
        },
        "on_time_rate_12m": _six(receivables.on_time_rate_12m),
        "average_days_to_pay": _six(receivables.average_days_to_pay),
        "average_days_late": _six(receivables.average_days_late),
        "dso": _dso(receivables, exchange),
        "outlooks": {
            outlook: [count, texts_of(sums)] for outlook, (count, sums) in rollup.outlooks.items()
        },
    }
    row |= _converted(rollup, receivables, exchange)
    row |= _sorting(rollup, receivables, row)
    row |= zip(SUBSCRIPTION_SUMS, map(texts_of, _reads[SUBSCRIPTION_SUMS](rollup)), strict=True)
    row |= zip(INVOICE_SUMS, map(texts_of, _reads[INVOICE_SUMS](receivables)), strict=True)
    row |= zip(SUBSCRIPTION_VALUES, _reads[SUBSCRIPTION_VALUES](rollup), strict=True)
    row |= zip(INVOICE_VALUES, _reads[INVOICE_VALUES](receivables), strict=True)
    return row


def _six(value: Number | None) -> Any:
    return None if value is None else stored(value)


def _dso(receivables: Receivables, exchange: Exchange) -> Any:
    """What is owed as days of what was billed in the last 90."""
    told = owed_and_billed(receivables.total_due, receivables.billed_90d, exchange)
    days = days_sales_outstanding(told[1], told[2], QUARTER) if told else None
    return None if days is None else rounded(days, 1)


def owed_and_billed(
    due: Sums, billed: Sums, exchange: Exchange
) -> tuple[str, Fraction, Fraction] | None:
    """Both in one currency, which is named: converted where there are several, and then None while a
    rate is missing."""
    held = {code for sums in (due, billed) for code, amount in sums.items() if amount}
    if len(held) == 1:
        (code,) = held
        return code, Fraction(due.get(code, 0)), Fraction(billed.get(code, 0))
    totals = [exchange.rates.converted(s, exchange.currency, exchange.day) for s in (due, billed)]
    amounts = [Fraction(one.amount) for one in totals if one.amount is not None]
    return (exchange.currency, amounts[0], amounts[1]) if len(amounts) == 2 else None


def _converted(rollup: Rollup, receivables: Receivables, exchange: Exchange) -> dict[str, Any]:
    """The totals in the workspace's currency, and the currencies that have no rate."""
    row: dict[str, Any] = {}
    missing: set[str] = set()
    for column, sums_of in CONVERTED.items():
        sums = sums_of(rollup if column in _OF_ROLLUP else receivables)
        total = exchange.rates.converted(sums, exchange.currency, exchange.day)
        row[column] = None if total.amount is None else stored(total.amount)
        missing.update(total.missing)
    return row | {"missing_rates": sorted(missing), "converted_currency": exchange.currency}


def _sorting(rollup: Rollup, receivables: Receivables, row: Mapping[str, Any]) -> dict[str, Any]:
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
        "mrr_sort": _most(rollup.mrr, row["mrr_converted"]),
        "due_sort": _most(receivables.total_due, row["due_converted"]),
        "past_due_sort": _most(receivables.past_due, row["past_due_converted"]),
    }


def _most(sums: Mapping[str, Number], converted: Any) -> Any:
    """The converted total, or the bare largest amount while a rate is missing; None for nothing."""
    top = largest(sums)
    if top is None:
        return None
    return stored(top[1]) if converted is None else converted
