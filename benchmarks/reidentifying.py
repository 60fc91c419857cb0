"""Another identifier rule when many accounts exist: how long it takes, and in how much memory."""

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.database import fresh_database
from benchmarks.identifier_report import Plan, fill

TENANT = "account.custom_fields.tenant_id"


def main(argv: Sequence[str]) -> int:
    """Measure and print; the exit status."""
    options = argparse.ArgumentParser(prog="./run bench reidentify")
    options.add_argument("--accounts", type=int, default=100_000)
    accounts = options.parse_args(argv).accounts
    with fresh_database():
        _measure(accounts)
    return 0


def _measure(accounts: int) -> None:
    from django.utils import timezone  # noqa: PLC0415 - Django is set up by now

    from tenure.connections.models import Site  # noqa: PLC0415
    from tenure.customers.models import Account  # noqa: PLC0415
    from tenure.customers.write import By  # noqa: PLC0415
    from tenure.identity import reidentify  # noqa: PLC0415
    from tenure.sync.replay import end_staging, replay  # noqa: PLC0415

    fill(Plan(accounts))
    now, sites = timezone.now(), list(Site.objects.all())
    end_staging(sites)
    replay(sites, by=By(), now=now)
    _say("what", "wall", "of which this process", "peak of this process so far")
    _say(f"{Account.objects.count():,} accounts made by code", "", "", f"{_peak()} MiB")
    for field in (TENANT, "account.code"):
        told = _timed(f"preview of {field}", lambda f=field: reidentify.preview(f))
        words = f"{told.rekeyed:,} re-keyed, {told.joined:,} joined, {told.unidentified:,} nobody"
        _timed(
            f"{field}: {words}",
            lambda f=field: reidentify.apply(f, by=By(), now=timezone.now()),
        )


def _timed(what: str, act: Callable[[], Any]) -> Any:
    began, used = time.monotonic(), time.process_time()
    done = act()
    wall, own = time.monotonic() - began, time.process_time() - used
    _say(what, f"{wall:.1f} s", f"{own:.1f} s", f"{_peak()} MiB")
    return done


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _say(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()
