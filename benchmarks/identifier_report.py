"""The identifier report on a million billing accounts of two sites: how long it takes, and whether it is exact.

The rows are written by COPY with faults planted in known numbers; the report must find exactly these.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.database import fresh_database

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BORN = datetime(2024, 1, 1, tzinfo=UTC)
ACCOUNT_COLUMNS = (
    "site_id upstream_id content_hash created_at updated_at code state email cc_emails username first_name"
    " last_name company vat_number billing_name address shipping_contacts custom_fields"
).split()
SUBSCRIPTION_COLUMNS = (
    "site_id upstream_id content_hash created_at updated_at uuid account_upstream_id plan_code state currency"
    " po_number add_ons coupon_redemptions ramp_intervals custom_fields"
).split()
EMPTY, TAKEN_TWICE, ON_BOTH, OTHER_CASE = 0.03, 0.002, 0.05, 0.001
WORDS = "North South Bright Calm Oak Łódź Clear Stone River Harbour Atelier Hill Meadow".split()


def spread(number: int) -> int:
    """A different number of 64 bits for every number: an odd factor loses nothing."""
    return (number * 0x9E3779B97F4A7C15 + 0x1234567) % 2**64


def upstream_id(number: int) -> str:
    """An id of letters and digits as vendors make them, different for every number."""
    left, text = spread(number), ""
    while left:
        left, digit = divmod(left, 36)
        text += "0123456789abcdefghijklmnopqrstuvwxyz"[digit]
    return f"r{text}"


class Plan:
    """Which account says which tenant, and how many faults that makes."""

    def __init__(self, accounts: int) -> None:
        self.accounts = accounts
        self.empty = int(accounts * EMPTY)
        self.pairs = int(accounts * TAKEN_TWICE)
        self.shared = int(accounts * ON_BOTH)
        self.cases = int(accounts * OTHER_CASE)

    def tenant(self, number: int) -> str | None:
        """The tenant of account ``number``. Even numbers are of the first site, odd of the second."""
        if number < self.empty:
            return None
        place = number - self.empty
        if place < 2 * self.pairs:  # number and number + 2 are of one site
            place = place // 4 * 4 + place % 2
        elif place < 2 * (self.pairs + self.shared):
            place -= place % 2
        elif place < 2 * (self.pairs + self.shared + self.cases):
            return f"{'Tn' if place % 2 else 'tn'}_{spread(place - place % 2):016x}"
        return f"tn_{spread(place):016x}"

    def expected(self) -> dict[str, int]:
        """What the report must say of ``account.custom_fields.tenant_id``."""
        return {
            "filled": self.accounts - self.empty,
            "collision groups": self.pairs,
            "collision records": 2 * self.pairs,
            "shared across sites": self.shared,
            "near by case": self.cases,
        }


def accounts(plan: Plan, sites: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """The billing accounts, one after the other."""
    for number in range(plan.accounts):
        word, other = WORDS[number // 2 % len(WORDS)], WORDS[number // 14 % len(WORDS)]
        company = f"{word} {other} {number // 2} Ltd"
        email = f"{word}.{number // 2}@example.com" if number % 20 else None
        custom = {"segment": "smb" if number % 3 else "enterprise", "owner": f"Rep {number % 40}"}
        tenant = plan.tenant(number)
        if tenant:
            custom["tenant_id"] = tenant
        if number % 4:
            custom["crm_id"] = f"{number:07d}"
        yield (
            sites[number % 2], upstream_id(number), b"0" * 16, BORN, NOW, f"AC-{number // 2 + number % 2 * 1000:07d}", "active", email,
            f"ap{number}@example.com, cfo{number}@example.com" if number % 10 == 0 else None,
            f"user{number}" if number % 5 else None, word, other, company,
            f"GB{number % 900_000:09d}" if number % 3 == 0 else None, company, "{}",
            json.dumps([{"first_name": word, "last_name": other, "email": email}]) if number % 9 == 0 else "[]",
            json.dumps(custom, ensure_ascii=False),
        )  # fmt: skip


def subscriptions(plan: Plan, sites: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """A subscription each, and a second one for some; a workspace on most."""
    for number in range(plan.accounts):
        payer = number if number % 10 else number // 2 // 10 * 10 + number % 2
        custom = (
            {"workspace": f"ws-{upstream_id(number)[::-1]}", "region": "eu"}
            if number % 8
            else {"region": "us"}
        )
        yield (
            sites[payer % 2], upstream_id(number), b"0" * 16, BORN, NOW, f"{number:032x}", upstream_id(payer), "pro",
            "active", "USD", f"PO-{number:06d}" if number % 50 == 0 else None, "[]", "[]", "[]", json.dumps(custom),
        )  # fmt: skip


def fill(plan: Plan) -> None:
    """Two sites with everything, and the statistics a live database has."""
    from django.db import connection  # noqa: PLC0415 - after the database is there

    from tenure.connections.models import Site  # noqa: PLC0415

    sites = [
        Site.objects.create(
            source="recurly", subdomain=f"bench-{region}", region=region, site_id=region, staged=True, key_sealed="x"
        ).pk
        for region in ("us", "eu")
    ]  # fmt: skip
    for table, columns, rows in (
        ("customers_billingaccount", ACCOUNT_COLUMNS, accounts(plan, sites)),
        ("customers_subscription", SUBSCRIPTION_COLUMNS, subscriptions(plan, sites)),
    ):
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(f"VACUUM ANALYZE {table}")


def main(words: Sequence[str]) -> int:
    """Print the table; 1 when a planted figure was not found."""
    parser = argparse.ArgumentParser(prog="./run bench identifier")
    parser.add_argument("--accounts", type=int, default=1_000_000)
    options = parser.parse_args(words)
    plan = Plan(options.accounts)
    with fresh_database():
        began = time.monotonic()
        fill(plan)
        print(f"filled in {time.monotonic() - began:.0f} s")
        return _measure(plan)


def _processor_time() -> float:
    """Seconds of this process and of the server with every connection it ever had, where Linux tells."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    ticks = os.sysconf("SC_CLK_TCK")
    own = _stat(backend)
    server = _stat(own[0])
    return time.process_time() + (sum(own[1:3]) + sum(server[1:])) / ticks


def _stat(pid: int) -> tuple[int, int, int, int, int]:
    """Parent, user, system, and user and system time of ended children."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[1]), int(words[11]), int(words[12]), int(words[13]), int(words[14])


def _measure(plan: Plan) -> int:
    """Count once afresh and once again, and hold what was planted against what was found."""
    from django.utils import timezone  # noqa: PLC0415

    from tenure.identity.report import report  # noqa: PLC0415

    began, used = time.monotonic(), _processor_time()
    made = report(now=timezone.now())
    counted, spent = time.monotonic() - began, _processor_time() - used
    again = time.monotonic()
    report(now=timezone.now())
    kept = time.monotonic() - again
    found = made.candidate("account.custom_fields.tenant_id")
    if found is None or made.recommendation is None:
        raise SystemExit("the report lacks the planted field")
    counts = {
        "filled": found.figures.filled,
        "collision groups": found.figures.collision_groups,
        "collision records": found.figures.collision_records,
        "shared across sites": found.figures.shared,
        "near by case": found.figures.near["case"].groups,
    }
    print("| what | |\n|---|---|")
    print(
        f"| billing accounts, subscriptions | {made.billing_accounts:,}, {made.subscriptions:,} |"
    )
    print(
        f"| candidates for accounts, for contacts | {len(made.candidates)}, {len(made.contacts)} |"
    )
    print(f"| counted | {counted:.1f} s |")
    print(f"| processor time of it, database and client | {spent:.1f} s |")
    print(f"| asked again, nothing changed | {kept:.1f} s |")
    for name, expected in plan.expected().items():
        print(f"| {name}: planted, found | {expected:,}, {counts[name]:,} |")
    print(f"| recommended | {made.recommendation.field} |")
    return 0 if counts == plan.expected() else 1
