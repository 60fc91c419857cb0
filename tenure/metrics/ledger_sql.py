"""The ledgers of many accounts, summed inside the database: the set-based twin of ``ledger``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection

from tenure.core.money import THREE_DIGITS, ZERO_DIGITS
from tenure.metrics.inputs import Settings
from tenure.metrics.ledger import NOTHING, Ledger
from tenure.metrics.rollup import Key


def _listed(currencies: Iterable[str]) -> str:
    return ", ".join(f"'{code}'" for code in sorted(currencies))


# The amount of the latest event is the second number of the largest (instant, amount): that needs
# no sorting, which for an account with a hundred thousand invoices is most of the work.
#
# Each live, not voided invoice of the accounts, with its due instant and day and its kind: the
# definitions of ``invoices.due_at`` and ``invoices.standing``, row by row. Of an invoice that is
# shared out, an account has its part's amounts.
AGED = """
    WITH clock AS (
        SELECT %(now)s::timestamptz AS now, %(zone)s::text AS zone,
               (%(now)s::timestamptz AT TIME ZONE %(zone)s)::date AS today
    ), mine AS (
        SELECT i.account_id AS owner, i.total AS its_total, i.balance AS its_balance,
               i.paid AS its_paid, i.*
        FROM customers_invoice i
        WHERE i.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND i.state <> 'voided'
        UNION ALL
        SELECT a.account_id, a.total, a.balance, a.paid, i.*
        FROM customers_allocation a JOIN customers_invoice i ON i.id = a.invoice_id
        WHERE a.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND i.state <> 'voided'
    ), read AS (
        SELECT i.owner AS account_id, i.id, i.number, i.site_id, i.upstream_id, i.currency, i.state, i.origin,
               coalesce(i.type, '') = 'credit' AS credit,
               coalesce(i.its_total, 0) AS total, coalesce(i.its_balance, 0) AS balance,
               coalesce(i.its_paid, 0) AS paid, i.created_at, i.closed_at,
               i.dunning_events_sent, i.final_dunning_event, i.subscription_upstream_ids,
               CASE WHEN i.collection_method = 'manual' THEN interval '24 hours'
                    ELSE interval '0' END AS grace,
               CASE WHEN i.due_at IS NOT NULL OR i.net_terms IS NULL THEN i.due_at ELSE
                   ((i.created_at AT TIME ZONE clock.zone)
                    + make_interval(days => i.net_terms + CASE WHEN i.net_terms_type = 'eom' THEN
                        extract(day FROM date_trunc('month', i.created_at AT TIME ZONE clock.zone)
                                + interval '1 month - 1 day')::int
                        - extract(day FROM i.created_at AT TIME ZONE clock.zone)::int ELSE 0 END)
                   ) AT TIME ZONE clock.zone END AS due
        FROM mine i CROSS JOIN clock
    ), stand AS (
        SELECT read.*, (read.due AT TIME ZONE clock.zone)::date AS due_day, clock.now, clock.today,
               clock.zone,
               CASE WHEN read.credit THEN
                        CASE WHEN read.state = 'open' THEN 'credit' ELSE 'used' END
                    WHEN read.state = 'failed' THEN 'failed'
                    WHEN read.state IN ('paid', 'closed') THEN 'settled'
                    WHEN read.state NOT IN ('pending', 'processing', 'past_due', 'open')
                         OR read.balance <= 0 THEN 'empty'
                    WHEN read.state = 'processing' THEN 'processing'
                    WHEN read.state = 'past_due' OR clock.now >= read.due + read.grace
                        THEN 'past_due'
                    ELSE 'due' END AS kind
        FROM read CROSS JOIN clock
    ), aged AS (
        SELECT stand.*, kind IN ('past_due', 'processing', 'due') AS owed,
               CASE WHEN kind = 'past_due'
                    THEN greatest(1, coalesce(today - due_day, 1)) ELSE 0 END AS days,
               due_day IS NOT NULL AND total > 0 AND NOT credit
                   AND (state IN ('past_due', 'failed')
                        OR state = 'paid' AND closed_at IS NOT NULL) AS judged,
               NOT credit AND state = 'paid' AND paid > 0 AND closed_at <= now
                   AND closed_at > now - interval '8760 hours' AS prompt,
               NOT credit AND total <> 0 AND created_at <= now
                   AND created_at > now - interval '2160 hours' AS recent
        FROM stand
    )
"""
_INVOICES = f"""
    {AGED}
    SELECT account_id, currency, count(*),
           coalesce(sum(balance) FILTER (WHERE owed), 0),
           coalesce(sum(balance) FILTER (WHERE kind = 'past_due'), 0),
           coalesce(sum(balance) FILTER (WHERE owed AND days = 0), 0),
           coalesce(sum(balance) FILTER (WHERE days BETWEEN 1 AND 30), 0),
           coalesce(sum(balance) FILTER (WHERE days BETWEEN 31 AND 60), 0),
           coalesce(sum(balance) FILTER (WHERE days BETWEEN 61 AND 90), 0),
           coalesce(sum(balance) FILTER (WHERE days > 90), 0),
           coalesce(sum(abs(balance)) FILTER (WHERE kind = 'credit'), 0),
           coalesce(sum(paid) FILTER (WHERE NOT credit), 0),
           coalesce(sum(total) FILTER (WHERE NOT credit), 0),
           coalesce(sum(abs(total)) FILTER (WHERE credit), 0),
           coalesce(sum(abs(total)) FILTER (WHERE credit AND origin = 'write_off'), 0),
           coalesce(sum(balance) FILTER (WHERE kind = 'failed'), 0),
           count(*) FILTER (WHERE kind = 'past_due'),
           max(days),
           min(due_day) FILTER (WHERE kind = 'past_due'),
           array_agg(due_day) FILTER (WHERE kind = 'due' AND due IS NOT NULL),
           array_agg(balance) FILTER (WHERE kind = 'due' AND due IS NOT NULL),
           max(closed_at) FILTER (WHERE NOT credit AND paid > 0),
           (max(ARRAY[extract(epoch FROM closed_at), paid])
               FILTER (WHERE NOT credit AND paid > 0 AND closed_at IS NOT NULL))[2],
           max(created_at) FILTER (WHERE NOT credit),
           coalesce(max(dunning_events_sent) FILTER (WHERE kind = 'past_due'), 0),
           coalesce(bool_or(final_dunning_event) FILTER (WHERE kind = 'past_due'), false),
           coalesce(bool_or(kind = 'failed' AND balance > 0 AND closed_at <= now
                            AND closed_at > now - interval '2160 hours'), false),
           bool_or(kind = 'processing'),
           bool_or(kind = 'due'),
           bool_or(kind = 'settled'),
           bool_or(owed AND due IS NULL),
           count(*) FILTER (WHERE judged AND due_day <= today AND due_day > today - 365
                            AND state = 'paid'
                            AND (closed_at AT TIME ZONE zone)::date <= due_day),
           count(*) FILTER (WHERE judged AND due_day <= today AND due_day > today - 365),
           count(*) FILTER (WHERE prompt),
           coalesce(sum((closed_at AT TIME ZONE zone)::date - (created_at AT TIME ZONE zone)::date)
               FILTER (WHERE prompt), 0),
           count(*) FILTER (WHERE prompt AND due_day IS NOT NULL),
           coalesce(sum(greatest(0, (closed_at AT TIME ZONE zone)::date - due_day))
               FILTER (WHERE prompt AND due_day IS NOT NULL), 0),
           coalesce(sum(total) FILTER (WHERE recent), 0),
           least(
               min(closed_at + interval '8760 hours') FILTER (WHERE prompt),
               min(created_at + interval '2160 hours') FILTER (WHERE recent),
               min(created_at) FILTER (WHERE NOT credit AND total <> 0 AND created_at > now),
               min(closed_at) FILTER (WHERE NOT credit AND closed_at > now
                   AND (state = 'paid' AND paid > 0 OR kind = 'failed' AND balance > 0)),
               min(due + grace) FILTER (WHERE kind = 'due'),
               min(closed_at + interval '2160 hours') FILTER (
                   WHERE kind = 'failed' AND balance > 0 AND closed_at <= now
                   AND closed_at > now - interval '2160 hours'),
               min(due_day::timestamp AT TIME ZONE zone) FILTER (
                   WHERE judged AND due_day > today),
               min((due_day + 365)::timestamp AT TIME ZONE zone) FILTER (
                   WHERE judged AND due_day <= today AND due_day > today - 365)
           ),
           jsonb_agg(jsonb_build_array(site_id, days, subscription_upstream_ids))
               FILTER (WHERE kind = 'past_due' AND subscription_upstream_ids <> '{{}}')
    FROM aged GROUP BY account_id, currency
"""  # noqa: S608

# A payment of an invoice that is shared out is shared in the same proportion: what is given up to
# and with a part, less what was given before it, each in whole minor units (see
# ``identity.allocation``). The parts lie in the order in which odd cents are given.
SHARED_PAYMENTS = f"""
    parts AS (
        SELECT a.invoice_id, a.account_id, a.total, sum(a.total) OVER upto AS upto,
               sum(a.total) OVER whole AS whole,
               row_number() OVER upto = count(*) OVER whole AS last,
               row_number() OVER upto = 1 AS first
        FROM customers_allocation a
        WHERE a.invoice_id IN (
            SELECT invoice_id FROM customers_allocation WHERE account_id = ANY(%(ids)s))
        WINDOW upto AS (PARTITION BY a.invoice_id ORDER BY a.id),
               whole AS (PARTITION BY a.invoice_id)
    ), split AS (
        SELECT p.account_id, t.id, t.site_id, t.upstream_id, t.currency, t.type, t.status, t.created_at,
               t.collected_at,
               CASE WHEN p.last THEN t.amount WHEN p.whole = 0 THEN 0
                    ELSE round(t.amount * p.upto / p.whole, d.digits) END
               - CASE WHEN p.first OR p.whole = 0 THEN 0
                      ELSE round(t.amount * (p.upto - p.total) / p.whole, d.digits) END AS amount
        FROM parts p
        JOIN customers_invoice i ON i.id = p.invoice_id
        JOIN customers_transaction t
            ON t.site_id = i.site_id AND t.invoice_upstream_id = i.upstream_id
        CROSS JOIN LATERAL (SELECT CASE
            WHEN t.currency IN ({_listed(ZERO_DIGITS)}) THEN 0
            WHEN t.currency IN ({_listed(THREE_DIGITS)}) THEN 3 ELSE 2 END AS digits) d
        WHERE p.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND t.removed_at IS NULL
    )
"""  # noqa: S608

# A payment belongs to whose invoice it pays; one without an invoice (a declined sign-up) to whom
# its billing account belongs.
_PAYMENTS = f"""
    WITH {SHARED_PAYMENTS}, mine AS (
        SELECT i.account_id, t.upstream_id, t.currency, t.type, t.status, t.created_at,
               t.collected_at, coalesce(t.amount, 0) AS amount
        FROM customers_invoice i
        JOIN customers_transaction t
            ON t.site_id = i.site_id AND t.invoice_upstream_id = i.upstream_id
        WHERE i.account_id = ANY(%(ids)s) AND i.removed_at IS NULL AND t.removed_at IS NULL
        UNION ALL
        SELECT account_id, upstream_id, currency, type, status, created_at, collected_at,
               coalesce(amount, 0)
        FROM split
        UNION ALL
        SELECT b.account_id, t.upstream_id, t.currency, t.type, t.status, t.created_at,
               t.collected_at, coalesce(t.amount, 0)
        FROM customers_billingaccount b
        JOIN customers_transaction t
            ON t.site_id = b.site_id AND t.account_upstream_id = b.upstream_id
            AND t.invoice_upstream_id IS NULL
        WHERE b.account_id = ANY(%(ids)s) AND b.removed_at IS NULL AND t.removed_at IS NULL
    ), told AS (
        SELECT mine.*, %(now)s::timestamptz AS now,
               type IN ('purchase', 'capture') AND status = 'success'
                   AND collected_at IS NOT NULL AS collected,
               type IN ('purchase', 'capture') AND status IN ('declined', 'error')
                   AND created_at <= %(now)s::timestamptz
                   AND created_at > %(now)s::timestamptz - interval '2160 hours' AS failed
        FROM mine
    )
    SELECT account_id, currency,
           coalesce(sum(amount) FILTER (WHERE type = 'refund' AND status = 'success'), 0),
           max(collected_at) FILTER (WHERE collected),
           (max(ARRAY[extract(epoch FROM collected_at), amount]) FILTER (WHERE collected))[2],
           min(collected_at) FILTER (WHERE collected),
           count(*) FILTER (WHERE failed),
           min(created_at + interval '2160 hours') FILTER (WHERE failed)
    FROM told GROUP BY account_id, currency
"""  # noqa: S608

_MONEY = (
    "available_credit total_paid billed credited written_off failed_amount past_due_count oldest_days"
    " oldest_day"
).split()
_REST = (
    "last_closed_at last_closed last_invoice_at dunning_step final_dunning failed_lately processing"
    " due settled no_due_date on_time considered paid_count days_to_pay paid_with_due days_late"
    " billed_90d changes_at"
).split()


@dataclass(slots=True)
class Books:
    """One account's ledgers by currency, and how late the invoices of each subscription are."""

    ledgers: dict[str, Ledger] = field(default_factory=dict)
    past_due_days: dict[Key, int] = field(default_factory=dict)

    def of(self, currency: str) -> Ledger:
        return self.ledgers.setdefault(currency, Ledger(currency=currency))


def books(account_ids: Sequence[int], as_of: datetime, settings: Settings) -> Mapping[int, Books]:
    """The books of these accounts; those without invoices and payments are absent."""
    found: dict[int, Books] = {}
    values: dict[str, Any] = {
        "ids": list(account_ids),
        "now": as_of,
        "zone": settings.zone.key,
    }
    with connection.cursor() as db:
        db.execute(_INVOICES, values)
        for account_id, currency, *rest in db.fetchall():
            _enter_invoices(found.setdefault(account_id, Books()), currency, rest)
        db.execute(_PAYMENTS, values)
        for account_id, currency, *rest in db.fetchall():
            _enter_payments(found.setdefault(account_id, Books()).of(currency), rest, as_of)
    return found


def _enter_invoices(account: Books, currency: str, row: Sequence[Any]) -> None:
    count, total_due, past_due, *row_rest = row
    ledger = account.of(currency)
    ledger.invoices_count, ledger.total_due, ledger.past_due = count, total_due, past_due
    ledger.ageing = row_rest[:5]
    money, (days, balances, *rest, late) = row_rest[5:14], row_rest[14:]
    for name, value in (*zip(_MONEY, money, strict=True), *zip(_REST, rest, strict=True)):
        setattr(ledger, name, value if value is not None else getattr(ledger, name))
    _enter_next_due(ledger, days or (), balances or ())
    for site, past, subscriptions in msgspec.json.decode(late) if late else ():
        for subscription in subscriptions:
            key = str(site), subscription
            account.past_due_days[key] = max(past, account.past_due_days.get(key, 0))


def _enter_next_due(ledger: Ledger, days: Iterable[date], balances: Iterable[Decimal]) -> None:
    open_ = list(zip(days, balances, strict=True))
    ledger.next_due_day = min((day for day, _ in open_), default=None)
    ledger.next_due = sum((b for day, b in open_ if day == ledger.next_due_day), NOTHING)


def _enter_payments(ledger: Ledger, row: Sequence[Any], as_of: datetime) -> None:
    refunded, last_at, last, first_at, failures, changes_at = row
    ledger.total_refunded = refunded
    ledger.last_collected_at, ledger.last_collected = last_at, last if last is not None else NOTHING
    ledger.first_collected_at, ledger.failures = first_at, failures
    ledger.may_change(changes_at, as_of)
