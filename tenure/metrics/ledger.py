"""An account's invoices and payments in one currency, summed up: what SQL and Python both produce.

``of_invoices`` is the definition; ``ledger_sql`` computes the same rows inside the database, so an
account with a hundred thousand invoices is not read out. A test holds the two equal.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from msgspec import Struct, field

from tenure.metrics.days import local_day, midnight
from tenure.metrics.inputs import DEFAULTS, Invoice, Payment, Settings
from tenure.metrics.invoices import (
    BUCKETS,
    RECEIVABLE,
    Standing,
    is_bill,
    owed,
    past_due_from,
    standing,
)

NOTHING = Decimal(0)
YEAR = timedelta(days=365)
QUARTER = timedelta(days=90)


class Ledger(Struct, kw_only=True):
    """Sums of one account in one currency. Of several payments at the same last instant the largest
    is the last. ``changes_at`` is the earliest instant at which a date alone changes one of them,
    apart from days past due, which change at every midnight."""

    currency: str
    invoices_count: int = 0
    total_due: Decimal = NOTHING
    past_due: Decimal = NOTHING
    ageing: list[Decimal] = field(default_factory=lambda: [NOTHING] * len(BUCKETS))
    available_credit: Decimal = NOTHING
    total_paid: Decimal = NOTHING
    billed: Decimal = NOTHING
    credited: Decimal = NOTHING
    written_off: Decimal = NOTHING
    failed_amount: Decimal = NOTHING
    past_due_count: int = 0
    oldest_days: int = 0
    oldest_day: date | None = None
    next_due_day: date | None = None
    next_due: Decimal = NOTHING
    last_closed_at: datetime | None = None
    last_closed: Decimal = NOTHING
    last_invoice_at: datetime | None = None
    dunning_step: int = 0
    final_dunning: bool = False
    failed_lately: bool = False
    processing: bool = False
    due: bool = False
    settled: bool = False
    no_due_date: bool = False
    on_time: int = 0
    considered: int = 0
    paid_count: int = 0
    days_to_pay: int = 0
    paid_with_due: int = 0
    days_late: int = 0
    billed_90d: Decimal = NOTHING
    changes_at: datetime | None = None
    total_refunded: Decimal = NOTHING
    last_collected_at: datetime | None = None
    last_collected: Decimal = NOTHING
    first_collected_at: datetime | None = None
    failures: int = 0

    def may_change(self, at: datetime | None, as_of: datetime) -> None:
        """Note an instant; those already past no longer matter."""
        if at and at > as_of and (self.changes_at is None or at < self.changes_at):
            self.changes_at = at


def of_invoices(
    invoices: Iterable[Invoice],
    payments: Iterable[Payment],
    as_of: datetime,
    settings: Settings = DEFAULTS,
) -> dict[str, Ledger]:
    """The account's ledgers by currency at an instant."""
    ledgers: dict[str, Ledger] = {}
    for invoice in invoices:
        ledger = ledgers.setdefault(invoice.currency, Ledger(currency=invoice.currency))
        _enter(ledger, invoice, standing(invoice, as_of, settings.zone), as_of, settings)
    for payment in payments:
        ledger = ledgers.setdefault(payment.currency, Ledger(currency=payment.currency))
        _pay(ledger, payment, as_of)
    return ledgers


def _enter(
    ledger: Ledger, invoice: Invoice, stands: Standing, as_of: datetime, settings: Settings
) -> None:
    if stands.kind == "ignored":
        return
    ledger.invoices_count += 1
    if not is_bill(invoice):
        _enter_credit(ledger, invoice, stands)
        return
    _enter_bill(ledger, invoice)
    _enter_recent(ledger, invoice, stands, as_of, settings)
    if stands.kind in RECEIVABLE:
        _enter_receivable(ledger, invoice, stands, as_of)
    elif stands.kind == "failed":
        _enter_failed(ledger, invoice, as_of)
    elif stands.kind == "settled":
        ledger.settled = True
    _enter_punctuality(ledger, invoice, stands, as_of, settings)


def _enter_credit(ledger: Ledger, invoice: Invoice, stands: Standing) -> None:
    total = abs(invoice.total or NOTHING)
    ledger.credited += total
    if invoice.origin == "write_off":
        ledger.written_off += total
    if stands.kind == "credit":
        ledger.available_credit += abs(owed(invoice))


def _enter_bill(ledger: Ledger, invoice: Invoice) -> None:
    paid = invoice.paid or NOTHING
    ledger.total_paid += paid
    ledger.billed += invoice.total or NOTHING
    made, closed = invoice.created_at, invoice.closed_at
    if made and (ledger.last_invoice_at is None or made > ledger.last_invoice_at):
        ledger.last_invoice_at = made
    last = ledger.last_closed_at
    if paid > 0 and closed and (last is None or (closed, paid) > (last, ledger.last_closed)):
        ledger.last_closed_at, ledger.last_closed = closed, paid


def _enter_recent(
    ledger: Ledger, invoice: Invoice, stands: Standing, as_of: datetime, settings: Settings
) -> None:
    """What was billed in the last 90 days, and how many days invoices paid in the last 365 took,
    from their own day and from their due day."""
    made, closed, total = invoice.created_at, invoice.closed_at, invoice.total or NOTHING
    if made and total and made > as_of - QUARTER:
        ledger.billed_90d += total if made <= as_of else NOTHING
        ledger.may_change(made + QUARTER if made <= as_of else made, as_of)
    was_paid = invoice.state == "paid" and (invoice.paid or NOTHING) > 0
    if not (was_paid and closed and as_of - YEAR < closed):
        return
    if closed > as_of:
        ledger.may_change(closed, as_of)
        return
    day = local_day(closed, settings.zone)
    if made:
        ledger.paid_count += 1
        ledger.days_to_pay += (day - local_day(made, settings.zone)).days
    if stands.due_day:
        ledger.paid_with_due += 1
        ledger.days_late += max(0, (day - stands.due_day).days)
    ledger.may_change(closed + YEAR, as_of)


def _enter_receivable(ledger: Ledger, invoice: Invoice, stands: Standing, as_of: datetime) -> None:
    balance = owed(invoice)
    ledger.total_due += balance
    ledger.ageing[BUCKETS.index(stands.bucket)] += balance
    ledger.no_due_date |= stands.due is None
    if stands.kind == "past_due":
        _enter_past_due(ledger, invoice, stands)
    elif stands.kind == "processing":
        ledger.processing = True
    else:
        ledger.due = True
        if stands.due and stands.due_day:
            _enter_next_due(ledger, stands.due_day, balance)
            ledger.may_change(past_due_from(invoice, stands.due), as_of)


def _enter_past_due(ledger: Ledger, invoice: Invoice, stands: Standing) -> None:
    ledger.past_due += owed(invoice)
    ledger.past_due_count += 1
    ledger.oldest_days = max(ledger.oldest_days, stands.days)
    if stands.due_day and (ledger.oldest_day is None or stands.due_day < ledger.oldest_day):
        ledger.oldest_day = stands.due_day
    ledger.dunning_step = max(ledger.dunning_step, invoice.dunning_events_sent or 0)
    ledger.final_dunning |= bool(invoice.final_dunning_event)


def _enter_next_due(ledger: Ledger, day: date, balance: Decimal) -> None:
    if ledger.next_due_day is None or day < ledger.next_due_day:
        ledger.next_due_day, ledger.next_due = day, NOTHING
    if day == ledger.next_due_day:
        ledger.next_due += balance


def _enter_failed(ledger: Ledger, invoice: Invoice, as_of: datetime) -> None:
    balance = owed(invoice)
    ledger.failed_amount += balance
    closed = invoice.closed_at
    if balance > 0 and closed and as_of - QUARTER < closed:
        ledger.failed_lately |= closed <= as_of
        ledger.may_change(closed + QUARTER if closed <= as_of else closed, as_of)


def _enter_punctuality(
    ledger: Ledger, invoice: Invoice, stands: Standing, as_of: datetime, settings: Settings
) -> None:
    """Invoices whose due day is in the last 365 days: those paid on or before that day of all."""
    day, today = stands.due_day, local_day(as_of, settings.zone)
    if day is None or (invoice.total or NOTHING) <= 0:
        return
    if invoice.state not in ("paid", "past_due", "failed"):
        return
    if invoice.state == "paid" and invoice.closed_at is None:
        return
    if day > today:
        ledger.may_change(midnight(day, settings.zone), as_of)
    elif day > today - YEAR:
        ledger.considered += 1
        ledger.on_time += was_on_time(invoice, day, settings)
        ledger.may_change(midnight(day + YEAR, settings.zone), as_of)


def was_on_time(invoice: Invoice, due_day: date, settings: Settings) -> bool:
    """Paid, on the due day or before it."""
    if invoice.state != "paid" or invoice.closed_at is None:
        return False
    return local_day(invoice.closed_at, settings.zone) <= due_day


def _pay(ledger: Ledger, payment: Payment, as_of: datetime) -> None:
    amount, good = payment.amount or NOTHING, payment.status == "success"
    if payment.type == "refund" and good:
        ledger.total_refunded += amount
    if payment.type not in ("purchase", "capture"):
        return
    made, at = payment.created_at, payment.collected_at
    if good and at:
        last = ledger.last_collected_at
        if last is None or (at, amount) > (last, ledger.last_collected):
            ledger.last_collected_at, ledger.last_collected = at, amount
        ledger.first_collected_at = min(at, ledger.first_collected_at or at)
    if payment.status in ("declined", "error") and made and as_of - QUARTER < made <= as_of:
        ledger.failures += 1
        ledger.may_change(made + QUARTER, as_of)
