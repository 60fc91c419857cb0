"""The list of accounts under rules that managers write, the pages of segments, and the lists of
subscriptions and invoices: through Django's own client, so that everything but the network is in it,
and what comes after the page apart from it.
"""

import argparse
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlencode

from benchmarks import seeding
from benchmarks.billing_lists import ASKED
from benchmarks.database import filled_database, processor_seconds

_NEXT = re.compile(r'data-key="next" rel="next" href="([^"]*)"')
BAR_MILLISECONDS, BAR_COUNT = 100, 1000
PAGE = 50
SORTS = ("-mrr", "name", "-past_due", "next_renewal", "health")
# What is typed, from what nearly everybody fits to what nobody does.
RULES = (
    "mrr > 50",
    "mrr > 500",
    "mrr > 50000",
    "mrr < 20",
    "mrr > 1000 and past_due > 0",
    "mrr > 20000 and past_due > 0",
    "past_due > 0",
    "past_due_count > 2",
    "oldest_past_due_days > 30",
    'plan = "Plan 0"',
    'plan = "Plan 40"',
    'plan = "Plan 7" and subscription_status = active',
    "subscription_status = cancelling",
    "subscription_status = failed",
    "next_renewal_date in next 30 days and mrr > 1000",
    "last_paid_date more than 60 days ago and mrr > 0",
    "any invoice (state = past_due and balance > 1000)",
    "count invoices (state = past_due) >= 2",
    "no invoice (state = paid) and mrr > 0",
    "any subscription (state = failed)",
    'any contact (title = "CFO") and mrr > 500',
    "health = red",
    "health_score < 40 and mrr > 500",
    'region = "EMEA" and industry = "finance"',
    'partner = "Kestrel"',
    "nps <= 3 and mrr > 200",
    "go_live in last 30 days",
    'tag = "vip"',
    'tag = "pilot"',
    'name contains "logistics"',
    'name contains "granite labs 77"',
    'owner = "owner1@example.com"',
    'segment = "Owing" and health = red',
    'segment = "Pilots" or tag = "pilot"',
    "created in last 30 days and subscription_status = trial",
    '(mrr > 2000 or plan = "Plan 3") and not (health = red or tag = "vip")',
    "past_due_count > 2 and nps <= 2 and mrr > 5000",
    "mrr < 0",
    "mrr fell by 20 % in 30 days",
    "mrr rose by 500 in 30 days and past_due > 0",
    "mrr was > 1000 30 days ago and mrr < 500",
    "past_due > 0 for 30 days",
    "past_due rose by 100000 in 30 days",
    "subscription_status changed in 14 days",
    "health changed in 30 days and mrr > 500",
    "health_score fell by 30 in 30 days",
)

# What is typed to find somebody, by the list's two usual orders.
SEARCHES = ("granite", "labs", "granite labs 77", "granite 77", "cus-777", "emea retail", "zzz")


@dataclass(frozen=True, slots=True)
class Took:
    """How long answers took, in milliseconds, the quickest first; what of a processor each used, the
    database's part included."""

    taken: tuple[float, ...]
    used: tuple[float, ...]

    @property
    def median(self) -> float:
        return self.taken[len(self.taken) // 2]

    @property
    def p95(self) -> float:
        return self.taken[min(len(self.taken) - 1, int(len(self.taken) * 0.95))]


def main(words: Sequence[str]) -> int:
    """Print the tables; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="./run bench filter", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000, help="with five invoices each")
    parser.add_argument("--home", help="a folder to keep the filled database in, for the next time")
    parser.add_argument("--times", type=int, default=4, help="how often each address is asked for")
    parser.add_argument("--only", default="", help="rules, segments and lists with this text")
    options = parser.parse_args(words)
    with filled_database(options.home, lambda: seeding.fill(options.accounts, history=True)):
        return _measure(options.accounts, options.times, options.only)


def _measure(accounts: int, times: int, only: str) -> int:
    client = member_client()
    load = os.getloadavg()[0]
    print(
        f"{accounts:,} accounts, {accounts * seeding.INVOICES_EACH:,} invoices; load {load:.0f}\n"
    )
    _headed("list under | fit | first page, median | p95 | slowest order | processor, median | most | next page, p95 | count | sums")  # fmt: skip
    lists: list[float] = []
    counts: list[float] = []
    for rule in ("", *RULES):
        if only in rule:
            pages, count = _rule(client, rule, times)
            lists += pages
            counts.append(count)
    _headed("page | fit | first page, median | p95 | processor, ours | the database's | next page, p95 | sums")  # fmt: skip
    segments = [
        one for name, _ in seeding.SEGMENTS if only in name for one in _segment(client, name, times)
    ]
    billing = [
        one
        for name, sort, given in ASKED
        if only in f"{name} {given}"
        for one in _billing(client, name, sort, given, times)
    ]
    searches = [
        one
        for words in SEARCHES
        for sort in ("-mrr", "name")
        if only in f"search {words}"
        for one in _search(client, words, sort, times)
    ]
    kept = all(
        [
            _said("first pages of filtered lists", lists, BAR_MILLISECONDS),
            _said("first pages of segments", segments, BAR_MILLISECONDS),
            _said("first pages of billing lists", billing, BAR_MILLISECONDS),
            _said("first pages of searches", searches, BAR_MILLISECONDS),
            _said("counts", counts, BAR_COUNT),
        ]
    )
    return int(not kept)


def _headed(columns: str) -> None:
    print(f"\n| {columns} |\n{'|---' * (columns.count('|') + 1)}|", flush=True)


def _said(what: str, taken: list[float], bar: float) -> bool:
    """Whether the 95th percentile keeps the bar; says so."""
    if not taken:
        return True
    every = sorted(taken)
    p95, over = every[min(len(every) - 1, int(len(every) * 0.95))], sum(one > bar for one in every)
    print(f"\nAll {len(every)} {what}: median {every[len(every) // 2]:.0f} ms, p95 {p95:.0f} ms, slowest {every[-1]:.0f} ms, {over} over {bar:.0f} ms: {'kept' if p95 <= bar else 'missed'}", flush=True)  # fmt: skip
    return p95 <= bar


def _rule(client: Any, rule: str, times: int) -> tuple[list[float], float]:
    """Every order of the list under a rule, its next page, its count and sums; the first pages' times."""
    asked = {"rule": rule} if rule else {"all": "1"}
    every, used, slowest, worst, later = [], [], "", 0.0, 0.0
    for sort in SORTS:
        address = f"/accounts/?{urlencode(asked | {'sort': sort})}"
        took = timed(client, address, times)
        every += took.taken
        used.append(took.used[len(took.used) // 2])
        if took.p95 > worst:
            slowest, worst = sort, took.p95
        if following := _following(client, address):
            later = max(later, timed(client, following, times).p95)
    query = urlencode(asked)
    count = timed(client, f"/accounts/count/?{query}", 2).p95
    sums = timed(client, f"/accounts/totals/?{query}", 1).p95
    both = Took(tuple(sorted(every)), tuple(sorted(used)))
    cells = (f"`{rule or 'all'}`", _fit(rule), _ms(both.median), _ms(both.p95), f"{slowest} {_ms(worst)}", _ms(both.used[len(used) // 2]), _ms(both.used[-1]), _ms(later), _ms(count), _ms(sums))  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)
    return every, count


def _search(client: Any, words: str, sort: str, times: int) -> Sequence[float]:
    query = urlencode({"q": words, "sort": sort})
    return _page(client, f"search {words}, by {sort}", "", f"/accounts/?{query}", f"/accounts/totals/?{query}", times)  # fmt: skip


def _segment(client: Any, name: str, times: int) -> Sequence[float]:
    from tenure.segments.models import Segment  # noqa: PLC0415 - after Django is set up

    found = Segment.objects.get(name=name)
    size, rule = found.memberships.count(), urlencode({"rule": f'segment = "{name}"'})
    return _page(client, f"segment {name}", f"{size:,}", f"/segments/{found.pk}/", f"/accounts/totals/?{rule}", times)  # fmt: skip


def _billing(
    client: Any, name: str, sort: str, given: Mapping[str, str], times: int
) -> Sequence[float]:
    shown = ", ".join(f"{key} {value}" for key, value in given.items()) or "all"
    query = urlencode({**given, "sort": sort})
    return _page(client, f"{name}: {shown}, by {sort}", "", f"/billing/{name}/?{query}", f"/billing/{name}/totals/?{query}", times)  # fmt: skip


def _page(
    client: Any, what: str, size: str, address: str, sums: str, times: int
) -> Sequence[float]:
    took = timed(client, address, times)
    following = _following(client, address)
    later = _ms(timed(client, following, times).p95) if following else ""
    own = _own_milliseconds(client, address)
    used = took.used[len(took.used) // 2]
    cells = (what, size, _ms(took.median), _ms(took.p95), _ms(own), _ms(max(0.0, used - own)), later, _ms(timed(client, sums, 1).p95))  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)
    return took.taken


def _own_milliseconds(client: Any, address: str) -> float:
    began = time.process_time()
    client.get(address)
    return (time.process_time() - began) * 1000


def _following(client: Any, address: str) -> str | None:
    """The address of the next page, if there is one."""
    leads = _NEXT.search(client.get(address).content.decode())
    return address.partition("?")[0] + unescape(leads[1]) if leads else None


def _fit(rule: str) -> str:
    from tenure.metrics.read import capped_count  # noqa: PLC0415 - after Django is set up
    from tenure.segments.question import question  # noqa: PLC0415

    found = capped_count(where=question(rule, seeding.NOW).where)
    return f"{found:,}" if found < 10_000 else "10,000+"


def member_client() -> Any:
    """Somebody signed in, on the day the rows were made for."""
    from django.conf import settings  # noqa: PLC0415 - after Django is set up
    from django.test import Client  # noqa: PLC0415

    from tenure.access.models import Member, Role  # noqa: PLC0415
    from tenure.cli.serving import settle  # noqa: PLC0415
    from tenure.core.clock import FrozenClock  # noqa: PLC0415

    settings.TENURE_CLOCK = FrozenClock(seeding.NOW)
    settings.ALLOWED_HOSTS = ["*"]
    member, _ = Member.objects.get_or_create(
        email="bench@example.com", defaults={"role": Role.ADMINISTRATOR}
    )
    client = Client()
    client.force_login(member)
    client.get("/accounts/?all=1")
    settle()  # as a web process does once it has loaded its pages
    return client


def timed(client: Any, address: str, times: int) -> Took:
    """The page asked for once unmeasured, then so many times."""
    taken, used = zip(*_asked(client, address, times), strict=True)
    return Took(tuple(sorted(taken)), tuple(sorted(used)))


def _asked(client: Any, address: str, times: int) -> Iterator[tuple[float, float]]:
    for turn in range(times + 1):
        used, began = processor_seconds(), time.perf_counter()
        answer = client.get(address)
        took = (time.perf_counter() - began) * 1000
        assert answer.status_code in (200, 504), (address, answer.status_code)  # 504: given up
        if turn:
            yield took, (processor_seconds() - used) * 1000


def _ms(value: float) -> str:
    return f"{value:.0f} ms"
