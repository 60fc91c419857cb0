"""What one invoice is at an instant: how it stands, when it was due, how late it is.

ignored      voided
past_due     money is owed and the due instant has passed, by its state or by the calendar; an
             invoice collected by hand has 24 hours' grace
processing   owed, a payment is on its way
due          owed, not past due
failed       left dunning; what is open on it is lost, not owed
settled      paid or closed; a payment only if ``paid`` is more than zero
credit       a credit with something left on it; used is ``settled``
empty        a bill without a balance that is in no final state
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tenure.metrics.days import local_day
from tenure.metrics.inputs import Invoice

RECEIVABLE = frozenset({"past_due", "processing", "due"})
OPEN_STATES = frozenset({"pending", "processing", "past_due", "open"})
BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")
GRACE_BY_HAND = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an invoice stands. ``days`` past due is 0 unless it is past due; ``due`` may be unknown."""

    kind: str
    due: datetime | None
    due_day: date | None
    days: int

    @property
    def bucket(self) -> str:
        """The age group: current, or by days past due."""
        if self.days == 0:
            return "current"
        return BUCKETS[min(4, 1 + (self.days - 1) // 30)]


def is_bill(invoice: Invoice) -> bool:
    """Charge and legacy invoices ask for money; a credit gives it back."""
    return invoice.type != "credit"


def owed(invoice: Invoice) -> Decimal:
    """The open balance; unknown counts as nothing."""
    return invoice.balance or Decimal(0)


def standing(invoice: Invoice, as_of: datetime, zone: ZoneInfo) -> Standing:
    """How the invoice stands at an instant, in the workspace's calendar."""
    due = due_at(invoice, zone)
    due_day = local_day(due, zone) if due else None
    kind = _kind(invoice, due, as_of)
    days = 0
    if kind == "past_due":
        days = max(1, (local_day(as_of, zone) - due_day).days if due_day else 1)
    return Standing(kind, due, due_day, days)


def past_due_days(
    invoices: Iterable[Invoice], as_of: datetime, zone: ZoneInfo
) -> dict[tuple[str, str], int]:
    """How late the invoices of each subscription are, by its site and id; those with none late are
    absent."""
    found: dict[tuple[str, str], int] = {}
    for one in invoices:
        days = standing(one, as_of, zone).days
        for name in one.subscription_ids if days else ():
            found[one.site, name] = max(days, found.get((one.site, name), 0))
    return found


def due_at(invoice: Invoice, zone: ZoneInfo) -> datetime | None:
    """When payment is due: ``due_at``, else the terms counted from the day it was made; with
    end-of-month terms from the last day of that month. None when nothing is known."""
    if invoice.due_at or not invoice.created_at or invoice.net_terms is None:
        return invoice.due_at
    terms = timedelta(days=invoice.net_terms)
    made = invoice.created_at.astimezone(zone)
    if invoice.net_terms_type == "eom":
        made = made.replace(day=monthrange(made.year, made.month)[1])
    return (made + terms).astimezone(invoice.created_at.tzinfo)


def past_due_from(invoice: Invoice, due: datetime) -> datetime:
    """The instant from which an open invoice is past due by the calendar."""
    return due + (GRACE_BY_HAND if invoice.collection_method == "manual" else timedelta(0))


def _kind(invoice: Invoice, due: datetime | None, as_of: datetime) -> str:
    if invoice.state == "voided":
        return "ignored"
    if not is_bill(invoice):
        return "credit" if invoice.state == "open" else "settled"
    if invoice.state == "failed":
        return "failed"
    if invoice.state in ("paid", "closed"):
        return "settled"
    if invoice.state not in OPEN_STATES or owed(invoice) <= 0:
        return "empty"
    if invoice.state == "processing":
        return "processing"
    late = due is not None and as_of >= past_due_from(invoice, due)
    return "past_due" if invoice.state == "past_due" or late else "due"
