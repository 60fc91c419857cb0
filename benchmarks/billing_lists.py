"""The lists of subscriptions and invoices across accounts: how long the first page of each takes.

The pages are those the lists are made of, without the drawing of them; common and rare values are both
asked for.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import seeding
from benchmarks.database import filled_database
from benchmarks.seeding import INVOICES_EACH, NOW

REPEATS = 10

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
    ("subscriptions", "-mrr", {"q": "granite 77"}),
    ("subscriptions", "-mrr", {"q": "logistics"}),
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
    ("invoices", "-issued", {"q": "granite 77"}),
    ("invoices", "-paid_on", {"paid_from": "2026-06-01", "paid_to": "2026-06-07"}),
)


def main(words: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="./run bench lists", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000, help="with five invoices each")
    parser.add_argument("--home", help="a folder to keep the filled database in, for the next time")
    options = parser.parse_args(words)
    with filled_database(options.home, lambda: seeding.fill(options.accounts, history=True)):
        _measure(options.accounts)
    return 0


def _measure(accounts: int) -> None:
    from tenure.metrics.inputs import UTC_ZONE  # noqa: PLC0415 - after Django is set up
    from tenure.metrics.lists import invoices, subscriptions  # noqa: PLC0415
    from tenure.metrics.lists.filters import At  # noqa: PLC0415

    lists: dict[str, Any] = {"subscriptions": subscriptions, "invoices": invoices}
    print(f"| {accounts:,} accounts, {accounts * INVOICES_EACH:,} invoices (load {os.getloadavg()[0]:.0f}) | sorted by | first page p50 | p95 | next page p95 | count, sums |")  # fmt: skip
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
