"""A change of the mapping over many accounts, and the end of a site's staging, from what is stored."""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Any

from benchmarks.database import fresh_database

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAGE = 1_000


def main(argv: Sequence[str]) -> int:
    """Measure and print; the exit status."""
    options = argparse.ArgumentParser(prog="./run bench replay")
    options.add_argument("--accounts", type=int, default=100_000)
    accounts = options.parse_args(argv).accounts
    with fresh_database():
        _measure(accounts)
    return 0


def _measure(accounts: int) -> None:
    from django.db import connection, transaction  # noqa: PLC0415 - Django is set up by now

    from tenure.connections.models import Site  # noqa: PLC0415
    from tenure.customers.history import open_set  # noqa: PLC0415
    from tenure.customers.landing import Batch  # noqa: PLC0415
    from tenure.customers.models import Attribute, Origin  # noqa: PLC0415
    from tenure.customers.write import By  # noqa: PLC0415
    from tenure.sources.base import Stream  # noqa: PLC0415
    from tenure.sync.replay import activate, replay  # noqa: PLC0415
    from tenure.sync.streams import land_page  # noqa: PLC0415

    site = Site.objects.create(
        source="recurly", subdomain="bench", region="us", site_id="bench", staged=True
    )
    batch = Batch(site.pk, open_set(Origin.SYNC, now=NOW), NOW)
    Attribute.objects.create(
        name="po",
        object_kind="subscription",
        label="Order",
        kind="text",
        source_field="subscription.po_number",
    )
    _say("what", "wall", "of which this process", "each account")
    began = time.monotonic()
    for stream, records in ((Stream.ACCOUNTS, _accounts), (Stream.SUBSCRIPTIONS, _subscriptions)):
        rows = records(accounts)
        while page := list(islice(rows, PAGE)):
            with transaction.atomic():
                land_page(stream, site, page, batch)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    _say("landing, for comparison", f"{time.monotonic() - began:.1f} s", "", "")
    _timed("activating a staged site", accounts, lambda: activate(site, by=By(), now=NOW))
    again = NOW + timedelta(hours=1)
    _timed(
        "a replay that finds nothing to do", accounts, lambda: replay([site], by=By(), now=again)
    )
    Attribute.objects.create(
        name="tier", label="Tier", kind="text", source_field="account.custom_fields.tier_level"
    )
    _timed(
        "one attribute more, every account changed",
        accounts,
        lambda: replay([site], by=By(), now=again),
    )
    Attribute.objects.filter(name="po").update(source_field="subscription.collection_method")
    _timed(
        "an attribute of every subscription changed",
        accounts,
        lambda: replay([site], by=By(), now=again),
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"peak {peak} MiB\n")


def _timed(what: str, accounts: int, act: Callable[[], Any]) -> None:
    began, used = time.monotonic(), time.process_time()
    done = act()
    wall, own = time.monotonic() - began, time.process_time() - used
    counts = (
        f"{done.created:,} made, {done.updated:,} changed, {done.subscriptions:,} subscriptions"
    )
    each = wall / accounts * 1e6
    _say(f"{what} ({counts})", f"{wall:.1f} s", f"{own:.1f} s", f"{each:.0f} µs")


def _say(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def _base(name: str) -> dict[str, Any]:
    text = name.encode()
    born = NOW - timedelta(days=400)
    return {
        "upstream_id": name,
        "created_at": born,
        "updated_at": born,
        "payload": text,
        "content_hash": blake2b(text, digest_size=16).digest(),
    }


def _accounts(count: int) -> Iterator[Any]:
    from tenure.sources import records  # noqa: PLC0415

    for i in range(count):
        yield records.BillingAccount(
            **_base(f"a{i:08}"),
            code=f"C-{i}",
            state="active",
            email=f"billing{i}@company{i}.example",
            company=f"Company {i} Works",
            first_name="Robin",
            last_name=f"Hale {i}",
            preferred_locale="en-US",
            vat_number=f"GB{i:09}",
            address=b'{"street1": "1 Quay", "city": "Leeds", "country": "GB"}',
            custom_fields=b'{"tenant_id": "T-%d", "tier_level": "gold-%d", "seats": "%d"}'
            % (i, i % 5, i % 90),
        )


def _subscriptions(count: int) -> Iterator[Any]:
    from tenure.sources import records  # noqa: PLC0415

    for i in range(count):
        yield records.Subscription(
            **_base(f"s{i:08}"),
            account_upstream_id=f"a{i:08}",
            state="active",
            currency="USD",
            quantity=3,
            plan_code="pro",
            po_number=f"PO-{i}",
            collection_method="automatic",
        )
