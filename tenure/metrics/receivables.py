"""What an account owes and how it pays, from its ledgers. Every amount is one sum a currency.

total due is the balance of open invoices, past due the late part of it, ``ageing`` the same money
by days past due; the five groups add up to total due. Credit stands beside what is owed and is
never taken off silently. A failed invoice has left dunning: it is lost, not owed.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from tenure.metrics.amounts import Number
from tenure.metrics.days import local_day, maybe_day, next_midnight
from tenure.metrics.inputs import DEFAULTS, Invoice, Payment, Settings
from tenure.metrics.invoices import BUCKETS
from tenure.metrics.ledger import Ledger, of_invoices

Sums = dict[str, Decimal]
T = TypeVar("T")


@dataclass(slots=True)
class Receivables:
    """The account's side of section 4; dates are calendar days of the workspace."""

    total_due: Sums = field(default_factory=dict)
    past_due: Sums = field(default_factory=dict)
    not_yet_due: Sums = field(default_factory=dict)
    ageing: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    available_credit: Sums = field(default_factory=dict)
    net_due: Sums = field(default_factory=dict)
    total_paid: Sums = field(default_factory=dict)
    total_refunded: Sums = field(default_factory=dict)
    net_paid: Sums = field(default_factory=dict)
    billed: Sums = field(default_factory=dict)
    net_billed: Sums = field(default_factory=dict)
    written_off: Sums = field(default_factory=dict)
    failed_amount: Sums = field(default_factory=dict)
    failed_lately: bool = False
    invoice_status: str = "none"
    invoices_count: int = 0
    past_due_count: int = 0
    oldest_past_due_days: int | None = None
    oldest_past_due_since: date | None = None
    next_due_date: date | None = None
    next_due: Sums = field(default_factory=dict)
    last_paid_date: date | None = None
    last_paid: Sums = field(default_factory=dict)
    first_paid_date: date | None = None
    last_invoice_date: date | None = None
    in_dunning: bool = False
    dunning_step: int | None = None
    final_dunning: bool = False
    payment_failures_90d: int = 0
    on_time_count_12m: int = 0
    on_time_considered_12m: int = 0
    average_days_to_pay: Fraction | None = None
    average_days_late: Fraction | None = None
    billed_90d: Sums = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    next_change_at: datetime | None = None

    @property
    def on_time_rate_12m(self) -> Fraction | None:
        """Those paid on time of those due in the last year; None when none was due."""
        if not self.on_time_considered_12m:
            return None
        return Fraction(self.on_time_count_12m, self.on_time_considered_12m)


def account_receivables(
    invoices: Iterable[Invoice],
    payments: Iterable[Payment],
    as_of: datetime,
    settings: Settings = DEFAULTS,
) -> Receivables:
    """Everything the account's invoices and payments say at an instant."""
    return of_ledgers(of_invoices(invoices, payments, as_of, settings).values(), as_of, settings)


def of_ledgers(
    ledgers: Collection[Ledger], as_of: datetime, settings: Settings = DEFAULTS
) -> Receivables:
    """The account's figures from its ledgers, one a currency."""
    found = Receivables()
    for ledger in sorted(ledgers, key=lambda one: one.currency):
        _add_money(found, ledger)
    _add_lateness(found, ledgers)
    _add_payments(found, ledgers, settings)
    found.invoice_status = _status(ledgers)
    found.next_change_at = _next_change(found, ledgers, as_of, settings)
    return found


def _add_money(found: Receivables, ledger: Ledger) -> None:
    """A currency appears only where there was something in it to add up."""
    currency = ledger.currency
    if ledger.total_refunded or ledger.total_paid:
        found.total_refunded[currency] = ledger.total_refunded
        found.net_paid[currency] = ledger.total_paid - ledger.total_refunded
    if not ledger.invoices_count:
        return
    found.total_due[currency] = ledger.total_due
    found.past_due[currency] = ledger.past_due
    found.not_yet_due[currency] = ledger.total_due - ledger.past_due
    found.ageing[currency] = dict(zip(BUCKETS, ledger.ageing, strict=True))
    found.available_credit[currency] = ledger.available_credit
    found.net_due[currency] = ledger.total_due - ledger.available_credit
    found.total_paid[currency] = ledger.total_paid
    found.total_refunded[currency] = ledger.total_refunded
    found.net_paid[currency] = ledger.total_paid - ledger.total_refunded
    found.billed[currency] = ledger.billed
    found.billed_90d[currency] = ledger.billed_90d
    found.net_billed[currency] = ledger.billed - ledger.credited
    found.written_off[currency] = ledger.written_off
    found.failed_amount[currency] = ledger.failed_amount


def _add_lateness(found: Receivables, ledgers: Collection[Ledger]) -> None:
    found.invoices_count = sum(one.invoices_count for one in ledgers)
    found.past_due_count = sum(one.past_due_count for one in ledgers)
    if found.invoices_count:
        found.oldest_past_due_days = max(one.oldest_days for one in ledgers)
    found.oldest_past_due_since = min(_known(ledgers, lambda one: one.oldest_day), default=None)
    found.next_due_date = min(_known(ledgers, lambda one: one.next_due_day), default=None)
    if found.next_due_date:
        found.next_due = {
            one.currency: one.next_due for one in ledgers if one.next_due_day == found.next_due_date
        }
    step = max((one.dunning_step for one in ledgers), default=0)
    found.in_dunning, found.dunning_step = step > 0, step or None
    found.final_dunning = any(one.final_dunning for one in ledgers)
    found.failed_lately = any(one.failed_lately for one in ledgers)
    found.on_time_count_12m = sum(one.on_time for one in ledgers)
    found.on_time_considered_12m = sum(one.considered for one in ledgers)
    if any(one.no_due_date for one in ledgers):
        found.flags.add("no_due_date")


def _add_payments(found: Receivables, ledgers: Collection[Ledger], settings: Settings) -> None:
    """The last payment is the last one collected; where none is known, the last paid invoice."""
    collected = [(one.last_collected_at, one.currency, one.last_collected) for one in ledgers]
    closed = [(one.last_closed_at, one.currency, one.last_closed) for one in ledgers]
    last = _latest(collected) or _latest(closed)
    if last:
        found.last_paid_date = local_day(last[0], settings.zone)
        found.last_paid = {last[1]: last[2]}
    first = min(_known(ledgers, lambda one: one.first_collected_at), default=None)
    found.first_paid_date = maybe_day(first, settings.zone)
    invoiced = max(_known(ledgers, lambda one: one.last_invoice_at), default=None)
    found.last_invoice_date = maybe_day(invoiced, settings.zone)
    found.average_days_to_pay = _mean(
        (one.days_to_pay for one in ledgers), (one.paid_count for one in ledgers)
    )
    found.average_days_late = _mean(
        (one.days_late for one in ledgers), (one.paid_with_due for one in ledgers)
    )
    found.payment_failures_90d = sum(one.failures for one in ledgers)


def _latest(
    events: Iterable[tuple[datetime | None, str, Decimal]],
) -> tuple[datetime, str, Decimal] | None:
    known = [(at, currency, amount) for at, currency, amount in events if at]
    return max(known, key=lambda event: (event[0], event[1]), default=None)


def _known(ledgers: Iterable[Ledger], value: Callable[[Ledger], T | None]) -> list[T]:
    found = (value(one) for one in ledgers)
    return [one for one in found if one is not None]


def _mean(days: Iterable[int], counts: Iterable[int]) -> Fraction | None:
    """Whole days an invoice, over all currencies; None without invoices."""
    count = sum(counts)
    return Fraction(sum(days), count) if count else None


def _status(ledgers: Collection[Ledger]) -> str:
    holds: Mapping[str, bool] = {
        "past_due": any(one.past_due_count for one in ledgers),
        "failed": any(one.failed_lately for one in ledgers),
        "processing": any(one.processing for one in ledgers),
        "due": any(one.due for one in ledgers),
        "paid": any(one.settled for one in ledgers),
    }
    return next((status for status, true in holds.items() if true), "none")


def _next_change(
    found: Receivables, ledgers: Collection[Ledger], as_of: datetime, settings: Settings
) -> datetime | None:
    instants = _known(ledgers, lambda one: one.changes_at)
    if found.past_due_count:
        instants.append(next_midnight(as_of, settings.zone))
    return min(instants, default=None)


def days_sales_outstanding(
    receivable: Number, billed: Number, window: timedelta
) -> Fraction | None:
    """What is owed as days of what was billed in a window; None when nothing was billed."""
    return Fraction(receivable) / Fraction(billed) * window.days if billed else None
