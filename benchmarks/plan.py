"""A plan of a large site: everything read over HTTP and compared, then from what is stored, then the
plan of a night on which some accounts were edited by hand.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.database import fresh_database
from benchmarks.first_import import cpu
from benchmarks.upstream import SITE, UNTIL, serving

EDITED_EVERY = 100


def measured(what: str, make: Callable[[], Any]) -> Any:
    """Make a plan and print its row of the table."""
    began, used = time.monotonic(), cpu()
    plan = make()
    wall, spent = time.monotonic() - began, cpu() - used
    entries = plan.entries.count()
    sys.stdout.write(
        f"| {what} | {plan.counts['read']:,} | {entries:,} | {wall:.1f} s | {spent:.1f} s |\n"
    )
    sys.stdout.flush()
    return plan


def plans(address: str, *, stored: bool) -> None:
    """The plans, one after another, on one database."""
    from django.conf import settings  # noqa: PLC0415 - after the database is there

    from tenure.connections.write import add_site  # noqa: PLC0415
    from tenure.core.clock import FrozenClock  # noqa: PLC0415
    from tenure.core.secrets import Secret  # noqa: PLC0415
    from tenure.customers import write  # noqa: PLC0415
    from tenure.customers.models import Account  # noqa: PLC0415
    from tenure.customers.write import By  # noqa: PLC0415
    from tenure.sync.planning.making import make_plan  # noqa: PLC0415
    from tenure.sync.replay import activate  # noqa: PLC0415
    from tenure.sync.run import perform  # noqa: PLC0415
    from tenure.sync.write import request_run  # noqa: PLC0415

    settings.TENURE_RECURLY_URLS = {"us": address, "eu": address}
    site = add_site("recurly", SITE.subdomain, "us", Secret(SITE.key), now=UNTIL)
    make = lambda **more: make_plan(site, member=None, now=UNTIL, **more)  # noqa: E731
    measured("nothing stored: all read for the plan", lambda: make(read_all=True))
    if not stored:
        return
    site.staged = True
    site.save(update_fields=["staged"])
    perform(request_run(site, "cli")[0].pk, FrozenClock(UNTIL))
    measured("staged: from what was pulled", make)
    activate(site, by=By(), now=UNTIL)
    ids = list(Account.objects.order_by("pk").values_list("pk", flat=True))[::EDITED_EVERY]
    write.edit(ids, {"company": "By hand"}, By(), now=UNTIL)
    measured(f"a quiet night, {len(ids):,} accounts edited by hand", make)
    measured("the same, everything looked at", lambda: make(whole=True))


def main(words: Sequence[str]) -> int:
    """Print the table; the exit status."""
    parser = argparse.ArgumentParser(prog="./run bench plan")
    parser.add_argument("--accounts", type=int, default=100_000, help="subscriptions are as many")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--stored", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args(words)
    print("| plan | records read | entries | wall | CPU |")
    print("|---|---|---|---|---|")
    with serving(options.accounts, latency_ms=options.latency_ms) as address, fresh_database():
        plans(address, stored=options.stored)
    return 0
