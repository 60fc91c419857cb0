"""An account's subscriptions and invoices on a day before the first sync: rows in memory alone, as far
as their own dates and payments tell (``rewinding``). What no date tells, a price or a quantity, is left."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tenure.customers.models import Invoice, Subscription
from tenure.metrics.rewinding import invoice_at, subscriptions_at
from tenure.metrics.stored import agreements, payments_of
from tenure.metrics.stored import invoice as as_input

_AGREED = (
    "state canceled_at expires_at paused_at current_period_ends_at current_term_ends_at"
).split()
_BILLED = "state closed_at dunning_events_sent final_dunning_event".split()
_AMOUNTS = ("paid", "balance")


def subscriptions(rows: Iterable[Subscription], at: datetime) -> list[Subscription]:
    """Those that had begun, as they stood then."""
    listed = list(rows)
    known = agreements([row.pk for row in listed])
    found = []
    for row in listed:
        one = known.get((row.site_id, row.upstream_id))
        for then in subscriptions_at([one] if one else [], at):
            _set(row, then, _AGREED)
            row.expiration_reason = row.expiration_reason if then.state == "expired" else None
            found.append(row)
    return found


def invoices(account_id: int, rows: Iterable[Invoice], at: datetime) -> list[Invoice]:
    """Those that had been made, as they stood with what had been paid of them."""
    paid: dict[str, list[Any]] = {}
    for invoice_id, payment in payments_of([account_id]).get(account_id, ()):
        paid.setdefault(invoice_id, []).append(payment)
    found = [row for row in rows if row.created_at < at]
    for row in found:
        then = invoice_at(as_input(row, row.part), paid.get(row.upstream_id, ()), at)
        _set(row, then, _BILLED)
        _set(row.part, then, _AMOUNTS)
    return found


def _set(row: Any, then: Any, names: Iterable[str]) -> None:
    for name in names:
        setattr(row, name, getattr(then, name))
