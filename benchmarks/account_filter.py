"""The list of accounts under rules: the first page, the next, the count and the sums.

The rows of ``billing_lists`` with figures beside them, copied inside the database from one measured
account, so that every column is there.
"""

import argparse
import os
import time
from collections.abc import Sequence

from benchmarks.billing_lists import INVOICES_EACH, NOW, _fill, _times
from benchmarks.database import fresh_database

_FIGURES = """
    INSERT INTO metrics_accountfacts
    SELECT r.* FROM customers_account a JOIN metrics_accountfacts t ON t.account_id = %(first)s,
        LATERAL (SELECT (a.id * 7919 %% 20000)::numeric AS amount) m,
        LATERAL jsonb_populate_record(t, jsonb_build_object(
        'account_id', a.id, 'main_currency', 'USD', 'mixed_currencies', false,
        'mrr', jsonb_build_object('USD', m.amount::text), 'mrr_sort', m.amount, 'mrr_converted', m.amount,
        'past_due', CASE WHEN a.id %% 20 = 0 THEN jsonb_build_object('USD', m.amount::text) ELSE '{}' END,
        'past_due_sort', CASE WHEN a.id %% 20 = 0 THEN m.amount ELSE 0 END,
        'past_due_converted', CASE WHEN a.id %% 20 = 0 THEN m.amount ELSE 0 END,
        'past_due_count', CASE WHEN a.id %% 20 = 0 THEN 1 + a.id %% 4 ELSE 0 END,
        'plan_names', jsonb_build_array('Plan ' || a.id %% 40), 'plan_codes', jsonb_build_array('plan' || a.id %% 40),
        'subscription_status', CASE WHEN a.id %% 12 = 0 THEN 'expired' WHEN a.id %% 35 = 0 THEN 'cancelling' ELSE 'active' END,
        'next_renewal_date', (%(now)s::timestamptz + make_interval(days => (a.id %% 365)::int))::date,
        'as_of', %(now)s, 'updated_at', %(now)s)) r
    WHERE a.id <> %(first)s
"""
RULES = (
    ("", "-mrr"),
    ("mrr > 500", "-mrr"),
    ("mrr > 500 and past_due > 0", "-mrr"),
    ("mrr > 19990 and past_due > 0", "name"),
    ("past_due > 0", "-mrr"),
    ('plan = "Plan 7" and subscription_status = active', "-mrr"),
    ("next_renewal_date in next 30 days and mrr > 1000", "next_renewal"),
    ("any invoice (state = past_due and balance > 1000)", "-mrr"),
    ("count invoices (state = past_due) >= 1 and mrr > 100", "-past_due"),
    ("any subscription (state = failed)", "-mrr"),
    ('name contains "customer 777"', "-mrr"),
    ('past_due_count > 3 and plan = "Plan 7"', "-mrr"),
    ("mrr < 0", "-mrr"),
)


def main(words: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="./run bench filter")
    parser.add_argument("--accounts", type=int, default=100_000, help="with five invoices each")
    options = parser.parse_args(words)
    with fresh_database(durable=False):
        began = time.monotonic()
        _fill(options.accounts)
        _figures()
        print(f"filled in {time.monotonic() - began:.0f} s")
        _measure(options.accounts)
    return 0


def _figures() -> None:
    from django.db import connection  # noqa: PLC0415 - after the database is there

    from tenure.customers.models import Account  # noqa: PLC0415
    from tenure.metrics.refresh import measure  # noqa: PLC0415

    first = Account.objects.order_by("pk").values_list("pk", flat=True).first()
    assert first is not None
    measure([first], NOW)
    with connection.cursor() as db:
        db.execute(_FIGURES, {"now": NOW, "first": first})
        db.execute("VACUUM ANALYZE metrics_accountfacts")


def _measure(accounts: int) -> None:
    from tenure.health.listing import accounts_page  # noqa: PLC0415 - after Django is set up
    from tenure.metrics.read import capped_count, totals  # noqa: PLC0415
    from tenure.segments.question import question  # noqa: PLC0415

    load = os.getloadavg()[0]
    print(f"| {accounts:,} accounts, {accounts * INVOICES_EACH:,} invoices (load {load:.0f}) | sorted by | fit | first page p50 | p95 | count | sums |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for rule, sort in RULES:
        where = question(rule, NOW).where
        found = capped_count(where=where)
        first = _times(lambda where=where, sort=sort: accounts_page(where=where, sort=sort))
        count = _times(lambda where=where: capped_count(where=where), 3)
        sums = _times(lambda where=where: totals(where=where), 3)
        print(f"| `{rule or 'all'}` | {sort} | {found:,} | {first[0]:.0f} ms | {first[1]:.0f} ms | {count[0]:.0f} ms | {sums[0]:.0f} ms |")  # fmt: skip
