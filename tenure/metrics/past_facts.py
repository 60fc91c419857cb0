"""The figures accounts had before they were first measured, made out from the dates of their records
and from the MRR that was made out from invoices. Each is kept as a version marked *reconstructed*.

An account is made out once, over the last year, at the end of each local day on which a record of it
began, fell due, was paid or ended, and weekly while something was late.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache, partial
from typing import Any

import msgspec
from django.db import connection, transaction

from tenure.metrics.days import local_day, midnight
from tenure.metrics.facts import Exchange, columns_of
from tenure.metrics.inputs import Invoice, Payment, Settings, Subscription
from tenure.metrics.invoices import due_at, past_due_days, past_due_from
from tenure.metrics.ledger import of_invoices
from tenure.metrics.models import Figures
from tenure.metrics.receivables import of_ledgers
from tenure.metrics.refresh import exchange_at
from tenure.metrics.rewinding import invoices_at, payments_at, subscriptions_at
from tenure.metrics.rollup import account_rollup
from tenure.metrics.stored import all_invoices_of, payments_of, subscriptions_of

CHUNK = 50
MOMENT = timedelta(microseconds=1)  # before midnight: what is counted in days is counted from then
YEAR, WEEK, DAY = timedelta(days=365), timedelta(days=7), timedelta(days=1)
Steps = Sequence[tuple[date, str, Fraction]]
Exchanged = Callable[[date], Exchange]


@dataclass(slots=True)
class Past:
    """Everything an account's past is made of. ``steps`` are its MRR by day and currency; ``end`` is
    since when its figures were measured."""

    end: datetime
    subscriptions: Sequence[Subscription] = ()
    invoices: list[tuple[Invoice, list[Payment]]] = field(default_factory=list)
    payments: Sequence[Payment] = ()
    steps: Steps = ()


def look_back(now: datetime, settings: Settings) -> int:
    """Make out the next accounts of sites whose MRR has been made out; how many, 0 when none is left."""
    with transaction.atomic():
        ends = _waiting()
        if ends:
            _save(_rows(_pasts(ends), settings))
            _done(list(ends), now)
    return len(ends)


_WAITING = """
    SELECT f.account_id, least(f.updated_at, (
        SELECT min(v.valid_from) FROM metrics_factsversion v
        WHERE v.account_id = f.account_id AND v.kind = 'snapshot'))
    FROM metrics_accountfacts f
    WHERE NOT EXISTS (SELECT 1 FROM metrics_factspast p WHERE p.account_id = f.account_id)
        AND NOT EXISTS (
            SELECT 1 FROM customers_billingaccount b
            LEFT JOIN metrics_sitepast s ON s.site_id = b.site_id AND s.done_at IS NOT NULL
            WHERE b.account_id = f.account_id AND b.removed_at IS NULL AND s.site_id IS NULL)
    ORDER BY f.account_id LIMIT %s FOR UPDATE OF f SKIP LOCKED
"""


def _waiting() -> dict[int, datetime]:
    with connection.cursor() as db:
        db.execute(_WAITING, [CHUNK])
        return dict(db.fetchall())


def _pasts(ends: Mapping[int, datetime]) -> dict[int, Past]:
    ids = list(ends)
    found = {account: Past(end) for account, end in ends.items()}
    for account, subscriptions in subscriptions_of(ids).items():
        found[account].subscriptions = subscriptions
    payments = payments_of(ids)
    for account, invoices in all_invoices_of(ids).items():
        of_invoice: dict[str, list[Payment]] = {}
        for invoice_id, payment in payments.get(account, ()):
            of_invoice.setdefault(invoice_id, []).append(payment)
        found[account].invoices = [(one, of_invoice.get(one.id, [])) for one in invoices]
        found[account].payments = [payment for _, payment in payments.get(account, ())]
    for account, day, currency, mrr in _steps(ids):
        found[account].steps = [*found[account].steps, (day, currency, Fraction(mrr))]
    return found


def _steps(ids: Sequence[int]) -> Iterable[tuple[int, date, str, Any]]:
    with connection.cursor() as db:
        db.execute(
            "SELECT account_id, day, currency, sum(mrr) FROM metrics_mrrstep"
            " WHERE account_id = ANY(%s) GROUP BY 1, 2, 3 ORDER BY 2",
            [list(ids)],
        )
        return list(db.fetchall())


def _rows(pasts: Mapping[int, Past], settings: Settings) -> list[dict[str, Any]]:
    made = []
    exchanged = cache(partial(_exchange_on, settings))
    for account_id, past in pasts.items():
        instants = instants_of(past, settings)
        former: dict[str, Any] | None = None
        for place, at in enumerate(instants):
            until = instants[place + 1] if place + 1 < len(instants) else past.end
            row = figures_at(account_id, past, at, settings, exchanged)
            same = former is not None and _reads_as(row, former)
            if same and former is not None:
                former["valid_to"] = until
                continue
            former = row | {"valid_from": at, "valid_to": until, "kind": "reconstructed"}
            made.append(former)
    return made


def figures_at(
    account_id: int, past: Past, at: datetime, settings: Settings, exchanged: Exchanged
) -> dict[str, Any]:
    """The facts row of an account at an instant before it was measured. ``exchanged`` answers the
    workspace's currency with the rates of a day."""
    bills = invoices_at(past.invoices, at)
    late = past_due_days(bills, at, settings.zone)
    agreed = subscriptions_at(past.subscriptions, at)
    rollup = account_rollup(agreed, at, settings, past_due_days=late)
    rollup.mrr = _mrr_on(past.steps, local_day(at - DAY / 2, settings.zone))
    ledgers = of_invoices(bills, payments_at(past.payments, at), at, settings)
    receivables = of_ledgers(ledgers.values(), at, settings)
    return columns_of(account_id, rollup, receivables, at, exchanged(local_day(at, settings.zone)))


def _exchange_on(settings: Settings, day: date) -> Exchange:
    return exchange_at(midnight(day, settings.zone), settings)


def instants_of(past: Past, settings: Settings) -> list[datetime]:
    """The last instants of the local days, in the year before the end, on which something moved."""
    first = local_day(past.end, settings.zone) - YEAR
    moments = [moment for moment in _moments(past, settings) if moment < past.end]
    days = {local_day(moment, settings.zone) for moment in moments}
    days |= {day for day, _, _ in past.steps}
    days |= set(_late_weeks(past, settings))
    begun = min(days, default=first)
    days.add(max(first, begun))
    ends = {midnight(day + DAY, settings.zone) - MOMENT for day in days if day >= first}
    return sorted(end for end in ends if end < past.end)


def _moments(past: Past, settings: Settings) -> Iterable[datetime]:
    found: list[datetime | None] = []
    for one, payments in past.invoices:
        due = due_at(one, settings.zone)
        found += [one.created_at, one.closed_at, past_due_from(one, due) if due else None]
        found += [payment.collected_at for payment in payments]
    for sub in past.subscriptions:
        found += [sub.trial_started_at, sub.trial_ends_at, sub.activated_at]
        found += [sub.canceled_at, sub.expires_at, sub.paused_at]
    found += [payment.created_at for payment in past.payments]
    return [moment for moment in found if moment is not None]


def _late_weeks(past: Past, settings: Settings) -> Iterable[date]:
    """Every seventh day on which an invoice was late: how late it was is a figure, too."""
    for one, _ in past.invoices:
        due = due_at(one, settings.zone)
        moment = past_due_from(one, due) if due else None
        until = min(one.closed_at or past.end, past.end)
        while moment is not None and moment < until:
            yield local_day(moment, settings.zone)
            moment += WEEK


def _mrr_on(steps: Steps, day: date) -> dict[str, Fraction]:
    """MRR by currency on a day: of each currency the latest step."""
    found = {currency: mrr for step, currency, mrr in steps if step <= day}  # the last one stays
    return {currency: mrr for currency, mrr in found.items() if mrr}


_COMPARED = tuple(str(field.column) for field in Figures._meta.fields)


def _reads_as(row: Mapping[str, Any], former: Mapping[str, Any]) -> bool:
    return all(row.get(name) == former.get(name) for name in _COMPARED)


def _save(rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    names = ", ".join((*_COMPARED, "account_id", "valid_from", "valid_to", "kind"))
    document = msgspec.json.encode(rows).decode()
    with connection.cursor() as db:
        db.execute(
            f"INSERT INTO metrics_factsversion ({names}) SELECT {names} FROM"  # noqa: S608
            " jsonb_populate_recordset(NULL::metrics_factsversion, %s::jsonb)",
            [document],
        )


def _done(ids: Sequence[int], now: datetime) -> None:
    with connection.cursor() as db:
        db.execute(
            "INSERT INTO metrics_factspast (account_id, done_at) SELECT unnest(%s::bigint[]), %s"
            " ON CONFLICT DO NOTHING",
            [list(ids), now],
        )
