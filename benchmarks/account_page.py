"""Account 360 of one account with a hundred thousand invoices: server time and queries of each tab.

The account stands among ten thousand others. Each page is asked for through Django's own client, so
that everything but the network is in it.
"""

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.database import fresh_database
from benchmarks.refreshing import NOW, fill

OTHERS = 10_000
BAR_MILLISECONDS, BAR_QUERIES = 100, 15
TABS = ("", "subscriptions/", "invoices/", "attributes/", "users/", "timeline/", "raw/")
_INVOICES = """
    INSERT INTO customers_invoice (site_id, upstream_id, content_hash, created_at, updated_at, account_id,
        account_upstream_id, number, type, state, subscription_upstream_ids, collection_method,
        currency, total, paid, balance, due_at, closed_at, custom_fields)
    SELECT 1, 'many' || n, '\\x00', at, at, 1, 'p1', 'M-' || n, 'charge',
        CASE WHEN n %% 40 = 0 THEN 'past_due' ELSE 'paid' END, ARRAY['s1'], 'automatic', 'USD', 25,
        CASE WHEN n %% 40 = 0 THEN 0 ELSE 25 END, CASE WHEN n %% 40 = 0 THEN 25 ELSE 0 END,
        at + interval '10 days', CASE WHEN n %% 40 > 0 THEN at + interval '9 days' END, '{}'
    FROM generate_series(1, %(invoices)s) n
    CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - make_interval(mins => 15 * n::int) AS at) t
"""


def main(words: Sequence[str]) -> int:
    """Print the table; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="./run bench page", description=__doc__)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=60)
    options = parser.parse_args(words)
    with fresh_database():
        fill(OTHERS)
        return _measure(options.invoices, options.times)


def _measure(invoices: int, times: int) -> int:
    from django.conf import settings  # noqa: PLC0415 - after the database is there
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from tenure import flow  # noqa: PLC0415
    from tenure.access.models import Member, Role  # noqa: PLC0415
    from tenure.core.clock import FrozenClock  # noqa: PLC0415

    settings.TENURE_CLOCK = FrozenClock(NOW)
    settings.ALLOWED_HOSTS = ["*"]
    with connection.cursor() as db:
        db.execute(_INVOICES, {"now": NOW, "invoices": invoices})
        db.execute("VACUUM ANALYZE customers_invoice")
    began = time.monotonic()
    flow.refresh([1], NOW)
    print(f"figures and score of the account: {(time.monotonic() - began) * 1000:.0f} ms\n")
    member = Member.objects.create(email="bench@example.com", role=Role.ADMINISTRATOR)
    client = Client()
    client.force_login(member)
    load = os.getloadavg()[0]
    print(f"Load average at the start: {load:.1f}\n")
    print(f"| page, {invoices:,} invoices | median | p95 | our own CPU | queries |\n|{'---|' * 5}")
    worst, most = 0.0, 0
    for tab in TABS:
        p95, queries = _asked(client, f"/accounts/1/{tab}", times)
        worst, most = max(worst, p95), max(most, queries)
    kept = worst <= BAR_MILLISECONDS and most <= BAR_QUERIES
    print(
        f"\nBar: p95 {BAR_MILLISECONDS} ms, {BAR_QUERIES} queries: {'kept' if kept else 'missed'}"
    )
    return int(not kept)


def _asked(client: Any, address: str, times: int) -> tuple[float, int]:
    """The 95th percentile in milliseconds, and how many queries the page asks."""
    from django.db import connection  # noqa: PLC0415

    asked: list[str] = []

    def counted(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, values, many, context)

    with connection.execute_wrapper(counted):
        answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    took, own = [], []
    for _ in range(times):
        began, used = time.perf_counter(), time.process_time()
        client.get(address)
        took.append((time.perf_counter() - began) * 1000)
        own.append((time.process_time() - used) * 1000)
    p95 = statistics.quantiles(took, n=20)[18]
    name = address.removeprefix("/accounts/1/").rstrip("/") or "overview"
    cpu = statistics.median(own)
    cells = (name, *(f"{one:.0f} ms" for one in (statistics.median(took), p95, cpu)), len(asked))
    print(f"| {' | '.join(map(str, cells))} |", flush=True)
    return p95, len(asked)
