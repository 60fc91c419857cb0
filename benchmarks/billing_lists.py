"""The lists of subscriptions and invoices across accounts: how long the first page of each takes.

Rows are made inside the database, with states, currencies and plans in uneven shares, so that common
and rare values are both asked for.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks.database import fresh_database

NOW = datetime(2026, 6, 30, tzinfo=UTC)
INVOICES_EACH = 5
REPEATS = 20

_ACCOUNTS = """
    INSERT INTO customers_account (identifier, name, search, state, attributes, sources, created_at, updated_at)
    SELECT 'c' || n, 'Customer ' || n, 'customer ' || n || ' c' || n, 'active', '{}', '{}',
           %(now)s::timestamptz - make_interval(days => n %% 900), %(now)s
    FROM generate_series(1, %(accounts)s) n
"""
_SUBSCRIPTIONS = """
    INSERT INTO customers_subscription (site_id, upstream_id, content_hash, created_at, updated_at,
        account_id, account_upstream_id, plan_upstream_id, plan_code, plan_name, state, currency,
        unit_amount, quantity, add_ons, coupon_redemptions, ramp_intervals, custom_fields,
        current_period_ends_at, current_term_ends_at, activated_at)
    SELECT CASE WHEN n %% 10 = 0 THEN %(eu)s ELSE %(us)s END, 's' || n, '\\x00', a.created_at, %(now)s, a.id,
        'p' || n, 'plan' || n %% 40, 'plan' || n %% 40, 'Plan ' || n %% 40,
        CASE WHEN n %% 12 = 0 THEN 'expired' WHEN n %% 35 = 0 THEN 'canceled' WHEN n %% 4000 = 0 THEN 'failed' ELSE 'active' END,
        CASE WHEN n %% 1000 = 0 THEN 'KWD' WHEN n %% 7 = 0 THEN 'EUR' ELSE 'USD' END,
        n * 7919 %% 2000, (1 + n %% 9)::int, '[]', '[]', '[]', '{}',
        %(now)s::timestamptz + make_interval(days => (n %% 31)::int), %(now)s::timestamptz + make_interval(days => (n %% 365)::int),
        a.created_at
    FROM (SELECT id, created_at, row_number() OVER (ORDER BY id) AS n FROM customers_account) a
"""
_FACTS = """
    INSERT INTO metrics_subscriptionfacts (subscription_id, account_id, site_id, currency, plan_code, status,
        flags, mrr, monthly, quantity, past_due_days, started_on, renews_on, bills_on, ends_on, trial_ends_on)
    SELECT id, account_id, site_id, currency, plan_code,
        CASE state WHEN 'canceled' THEN 'cancelling' ELSE CASE WHEN id %% 50 = 0 AND state = 'active' THEN 'trial' ELSE state END END,
        '{}', CASE WHEN state IN ('active', 'canceled') THEN unit_amount * quantity ELSE 0 END, unit_amount * quantity,
        quantity, CASE WHEN id %% 30 = 0 THEN 10 ELSE 0 END, activated_at::date,
        CASE state WHEN 'active' THEN current_term_ends_at::date END,
        CASE state WHEN 'active' THEN current_period_ends_at::date END,
        CASE state WHEN 'canceled' THEN current_term_ends_at::date END, CASE WHEN id %% 50 = 0 THEN current_period_ends_at::date END
    FROM customers_subscription
"""
_INVOICES = f"""
    INSERT INTO customers_invoice (site_id, upstream_id, content_hash, created_at, updated_at, account_id,
        account_upstream_id, number, type, origin, state, subscription_upstream_ids, collection_method,
        currency, subtotal, total, paid, balance, due_at, closed_at, custom_fields)
    SELECT s.site_id, 'i' || s.id || '-' || k, '\\x00', at, at, s.account_id, s.account_upstream_id,
        (s.id * {INVOICES_EACH} + k)::text, CASE WHEN s.id %% 25 = 0 AND k = 1 THEN 'credit' ELSE 'charge' END, 'renewal',
        CASE WHEN s.id %% 25 = 0 AND k = 1 THEN 'closed' WHEN k = 5 AND s.id %% 8 = 0 THEN 'past_due' WHEN k = 5 AND s.id %% 9 = 0 THEN 'pending'
             WHEN k = 3 AND s.id %% 400 = 0 THEN 'failed' WHEN k = 2 AND s.id %% 500 = 0 THEN 'voided' ELSE 'paid' END,
        ARRAY[s.upstream_id], 'automatic', s.currency, s.unit_amount, s.unit_amount,
        CASE WHEN k = 5 AND (s.id %% 8 = 0 OR s.id %% 9 = 0) THEN 0 ELSE s.unit_amount END,
        CASE WHEN k = 5 AND (s.id %% 8 = 0 OR s.id %% 9 = 0) THEN s.unit_amount ELSE 0 END,
        at + interval '15 days', CASE WHEN k = 5 AND (s.id %% 8 = 0 OR s.id %% 9 = 0) THEN NULL ELSE at + interval '3 days' END, '{{}}'
    FROM customers_subscription s CROSS JOIN generate_series(1, {INVOICES_EACH}) k
    CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - make_interval(days => (30 * ({INVOICES_EACH} - k) + s.id %% 30)::int, secs => (s.id %% 86400)::int)) AS t (at)
    ORDER BY at
"""

Asked = tuple[str, str, dict[str, str]]
ASKED: tuple[Asked, ...] = (
    ("subscriptions", "-mrr", {}),
    ("subscriptions", "renewal", {}),
    ("subscriptions", "-mrr", {"status": "active"}),
    ("subscriptions", "-mrr", {"status": "trial"}),
    ("subscriptions", "-mrr", {"status": "failed"}),
    ("subscriptions", "renewal", {"renews_within": "30"}),
    ("subscriptions", "renewal", {"renews_within": "30", "mrr_from": "5000"}),
    ("subscriptions", "-mrr", {"plan": "plan7", "status": "active"}),
    ("subscriptions", "-mrr", {"currency": "KWD"}),
    ("subscriptions", "-mrr", {"site": "eu"}),
    ("subscriptions", "-mrr", {"overdue": "yes"}),
    ("subscriptions", "-mrr", {"q": "customer 77"}),
    ("subscriptions", "-mrr", {"q": "customer"}),
    ("invoices", "-issued", {}),
    ("invoices", "-total", {}),
    ("invoices", "due", {"status": "past_due"}),
    ("invoices", "-balance", {"status": "past_due"}),
    ("invoices", "-issued", {"status": "past_due"}),
    ("invoices", "-total", {"status": "past_due"}),
    ("invoices", "due", {"status": "due", "due_within": "7"}),
    ("invoices", "-issued", {"status": "failed"}),
    ("invoices", "-issued", {"status": "voided"}),
    ("invoices", "-total", {"status": "failed"}),
    ("invoices", "-issued", {"currency": "KWD"}),
    ("invoices", "-issued", {"site": "eu", "status": "open"}),
    ("invoices", "-balance", {"late_from": "31", "late_to": "60"}),
    ("invoices", "-issued", {"total_from": "1990", "status": "paid"}),
    ("invoices", "-issued", {"q": "1234567"}),
    ("invoices", "-issued", {"q": "customer 77"}),
    ("invoices", "-paid_on", {"paid_from": "2026-06-01", "paid_to": "2026-06-07"}),
)


def main(words: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="./run bench lists")
    parser.add_argument("--accounts", type=int, default=100_000, help="with five invoices each")
    options = parser.parse_args(words)
    with fresh_database():
        began = time.monotonic()
        _fill(options.accounts)
        print(f"filled in {time.monotonic() - began:.0f} s")
        _measure(options.accounts)
    return 0


def _fill(accounts: int) -> None:
    from django.db import connection  # noqa: PLC0415 - after the database is there

    from tenure.connections.models import Site  # noqa: PLC0415

    us, eu = (
        Site.objects.create(
            source="recurly", subdomain=name, region=name, site_id=name, key_sealed="x"
        ).pk
        for name in ("us", "eu")
    )
    values = {"accounts": accounts, "us": us, "eu": eu, "now": NOW}
    with connection.cursor() as db:
        for statement in (_ACCOUNTS, _SUBSCRIPTIONS, _FACTS, _INVOICES):
            db.execute(statement, values)
        for table in ("customers_account", "customers_subscription", "metrics_subscriptionfacts", "customers_invoice"):  # fmt: skip
            db.execute(f"VACUUM ANALYZE {table}")


def _measure(accounts: int) -> None:
    from tenure.metrics.inputs import UTC_ZONE  # noqa: PLC0415 - after Django is set up
    from tenure.metrics.lists import invoices, subscriptions  # noqa: PLC0415
    from tenure.metrics.lists.filters import At  # noqa: PLC0415

    lists: dict[str, Any] = {"subscriptions": subscriptions, "invoices": invoices}
    print(f"| {accounts:,} accounts, {accounts * INVOICES_EACH:,} invoices | sorted by | first page p50 | p95 | next page p95 | count, sums |")  # fmt: skip
    print("|---|---|---|---|---|---|")
    for name, sort, given in ASKED:
        what, shown = lists[name], ", ".join(f"{k} {v}" for k, v in given.items()) or "all"
        asked = what.asked_for(given, At(NOW, UTC_ZONE))
        page = what.page(asked, sort=sort)
        first = _times(lambda what=what, asked=asked, sort=sort: what.page(asked, sort=sort))
        after = page.next
        later = _times(lambda what=what, asked=asked, sort=sort, after=after: what.page(asked, sort=sort, cursor=after))  # fmt: skip
        sums = _times(lambda what=what, asked=asked: (what.capped_count(asked), what.sums(asked)), 2)  # fmt: skip
        print(f"| {name}: {shown} | {sort} | {first[0]:.0f} ms | {first[1]:.0f} ms | {later[1]:.0f} ms | {sums[0]:.0f} ms |")  # fmt: skip


def _times(ask: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float]:
    """The median and the 95th percentile, in milliseconds."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[min(len(taken) - 1, int(len(taken) * 0.95))]
