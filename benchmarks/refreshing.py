"""A thousand changed accounts among a million: how long until their figures and scores stand again.

Rows are made inside the database; what an account has follows from the last three digits of its
number. A thousand accounts, one of each kind and spread over the whole, are measured by the product;
the others have their facts copied from the one of their kind, so that every table and index has its
size. Then a seat is added to each of the thousand and a bill of theirs falls due, and the stages run.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.database import fresh_database
from benchmarks.seeding import in_brief

NOW = datetime(2026, 6, 30, tzinfo=UTC)
KINDS = 1_000
BAR_SECONDS = 5
ROUNDS = 3

_ACCOUNTS = """
    INSERT INTO customers_account (id, identifier, name, search, state, attributes, sources, created_at, updated_at)
    SELECT n, 'c' || n, 'Customer ' || n, 'customer ' || n || ' c' || n, 'active', '{}', '{}',
           %(now)s::timestamptz - make_interval(days => (n %% 900)::int), %(now)s
    FROM generate_series(1, %(accounts)s) n
"""
_PAYERS = """
    INSERT INTO customers_billingaccount (site_id, upstream_id, content_hash, created_at, updated_at, account_id,
        code, state, address, shipping_contacts, custom_fields)
    SELECT %(site)s, 'p' || id, '\\x00', created_at, updated_at, id, identifier, 'active', '{}', '[]', '{}'
    FROM customers_account
"""
_SUBSCRIPTIONS = """
    INSERT INTO customers_subscription (site_id, upstream_id, content_hash, created_at, updated_at,
        account_id, account_upstream_id, plan_upstream_id, plan_code, plan_name, state, currency,
        unit_amount, quantity, add_ons, coupon_redemptions, ramp_intervals, custom_fields, auto_renew,
        current_period_ends_at, current_term_ends_at, activated_at)
    SELECT %(site)s, 's' || a.id, '\\x00', a.created_at, a.updated_at, a.id, 'p' || a.id, 'plan' || k %% 5,
        'plan' || k %% 5, 'Plan ' || k %% 5, CASE WHEN k %% 12 = 0 THEN 'canceled' ELSE 'active' END,
        CASE WHEN k %% 7 = 0 THEN 'EUR' ELSE 'USD' END, 10 + k %% 200, 1 + k %% 9, '[]', '[]', '[]', '{}', true,
        %(now)s::timestamptz + make_interval(days => 1 + k %% 31),
        %(now)s::timestamptz + make_interval(days => 1 + k %% 365), a.created_at
    FROM (SELECT *, (id %% 1000)::int AS k FROM customers_account) a
"""
_INVOICES = """
    INSERT INTO customers_invoice (site_id, upstream_id, content_hash, created_at, updated_at, account_id,
        account_upstream_id, number, type, state, subscription_upstream_ids, collection_method,
        currency, total, paid, balance, due_at, closed_at, custom_fields)
    SELECT %(site)s, 'i' || a.id || '-' || b, '\\x00', due - interval '10 days', due, a.id, 'p' || a.id,
        a.id || '-' || b, 'charge', CASE WHEN late THEN 'past_due' ELSE 'paid' END, ARRAY['s' || a.id],
        'automatic', CASE WHEN k %% 7 = 0 THEN 'EUR' ELSE 'USD' END, 10 + k %% 200,
        CASE WHEN late THEN 0 ELSE 10 + k %% 200 END, CASE WHEN late THEN 10 + k %% 200 ELSE 0 END,
        due, CASE WHEN NOT late THEN due + make_interval(days => k %% 3 - 1) END, '{}'
    FROM (SELECT id, (id %% 1000)::int AS k FROM customers_account) a
    CROSS JOIN generate_series(0, 2) b
    CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - make_interval(days => 30 * b + k %% 29) AS due,
                               b = 0 AND k %% 8 = 0 AS late) t
"""
_PAYMENTS = """
    INSERT INTO customers_transaction (site_id, upstream_id, content_hash, created_at, updated_at,
        invoice_upstream_id, account_upstream_id, type, status, currency, amount, collected_at)
    SELECT site_id, 't' || id, '\\x00', closed_at, closed_at, upstream_id, account_upstream_id, 'purchase',
        'success', currency, paid, closed_at
    FROM customers_invoice WHERE closed_at IS NOT NULL
"""


def main(words: Sequence[str]) -> int:
    """Print the table; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(prog="./run bench refresh", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    options = parser.parse_args(words)
    with fresh_database():
        began = time.monotonic()
        fill(options.accounts)
        print(f"filled in {time.monotonic() - began:.0f} s", flush=True)
        slowest = _measure(options.accounts)
    verdict = "kept" if slowest <= BAR_SECONDS else "missed"
    print(f"\nBar: 1,000 changed accounts in {BAR_SECONDS} s: {verdict}")
    return int(slowest > BAR_SECONDS)


def chosen(accounts: int) -> list[int]:
    """A thousand accounts, one of each kind, spread over the whole."""
    step = max(accounts // KINDS, 1)
    return [kind * step + (kind - kind * step) % KINDS for kind in range(1, KINDS)] + [KINDS]


def fill(accounts: int) -> None:
    """A site with everything, and the statistics a live database has."""
    from django.db import connection  # noqa: PLC0415 - after the database is there

    from tenure import flow  # noqa: PLC0415
    from tenure.connections.models import Site  # noqa: PLC0415
    from tenure.metrics.models import FxRate  # noqa: PLC0415

    site = Site.objects.create(
        source="recurly", subdomain="bench", region="us", site_id="bench", key_sealed="x"
    )
    FxRate.objects.create(source="EUR", target="USD", day=NOW.date(), rate="1.0842", set_at=NOW)
    values = {"now": NOW, "accounts": accounts, "site": site.pk}
    with connection.cursor() as db:
        db.execute("SET session_replication_role = replica")  # no key is checked row by row
        db.execute(
            "INSERT INTO customers_plan (site_id, upstream_id, content_hash, created_at, updated_at, code,"
            " name, state, prices, interval_unit, interval_length) SELECT %(site)s, 'plan' || n, '\\x00',"
            " %(now)s, %(now)s, 'plan' || n, 'Plan ' || n, 'active', '[]', 'months', CASE n WHEN 4 THEN 12"
            " ELSE 1 END FROM generate_series(0, 4) n",
            values,
        )
        for statement in (_ACCOUNTS, _PAYERS, _SUBSCRIPTIONS, _INVOICES, _PAYMENTS):
            db.execute(statement, values)
        db.execute("SET session_replication_role = origin")
        db.execute("VACUUM ANALYZE")
    flow.refresh(chosen(accounts), NOW)
    with connection.cursor() as db:
        db.execute("SET session_replication_role = replica")
        for table in ("metrics_accountfacts", "health_healthscore"):
            _copied(db, table, values)
        db.execute("SET session_replication_role = origin")
        in_brief(db)
        db.execute("VACUUM ANALYZE")


def _copied(db: Any, table: str, values: dict[str, Any]) -> None:
    """Everybody else's row, as the measured account of the same kind has it."""
    db.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    columns = [row[0] for row in db.fetchall() if row[0] not in ("id", "account_id")]
    db.execute(f"SELECT count(*) FROM {table}")
    if not db.fetchone()[0]:
        return
    db.execute(
        f"INSERT INTO {table} (account_id, {', '.join(columns)})"
        f" SELECT a.id, {', '.join(f't.{column}' for column in columns)} FROM customers_account a"
        f" JOIN {table} t ON t.account_id %% {KINDS} = a.id %% {KINDS}"
        f" WHERE NOT EXISTS (SELECT 1 FROM {table} own WHERE own.account_id = a.id)",
        values,
    )


def _measure(accounts: int) -> float:
    from tenure import flow  # noqa: PLC0415
    from tenure.customers import touched  # noqa: PLC0415
    from tenure.health import scoring  # noqa: PLC0415
    from tenure.metrics import refresh  # noqa: PLC0415

    ids = chosen(accounts)
    stages: list[tuple[str, Callable[[datetime], Any]]] = [
        ("figures alone", lambda at: refresh.measure(ids, at)),
        ("scores alone", lambda at: scoring.score(ids, at)),
        ("every stage, as a worker does", lambda at: _caught_up(touched, flow, ids, at)),
    ]
    print(f"| 1,000 changed among {accounts:,} | median | slowest of {ROUNDS} |\n|---|---|---|")
    slowest = 0.0
    for number, (what, work) in enumerate(stages):
        seconds = []
        for turn in range(ROUNDS):
            at = NOW + timedelta(minutes=1 + number * ROUNDS + turn)
            _change(ids, at)
            began = time.monotonic()
            work(at)
            seconds.append(time.monotonic() - began)
        slowest = max(seconds)
        print(f"| {what} | {statistics.median(seconds):.2f} s | {slowest:.2f} s |", flush=True)
    return slowest


def _caught_up(touched: Any, flow: Any, ids: Sequence[int], at: datetime) -> None:
    touched.touch(set(ids), at)
    while flow._refresh_touched(at):
        pass


def _change(ids: Sequence[int], at: datetime) -> None:
    """A seat more for each, and an open bill that fell due a day ago."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as db:
        db.execute(
            "UPDATE customers_subscription SET quantity = quantity + 1, updated_at = %s"
            " WHERE account_id = ANY(%s)",
            [at, list(ids)],
        )
        db.execute(
            "UPDATE customers_invoice SET state = 'past_due', paid = 0, balance = total, closed_at = NULL,"
            " due_at = %s WHERE account_id = ANY(%s) AND number LIKE '%%-1'",
            [at - timedelta(days=1), list(ids)],
        )
