"""A site's first import from the simulator: records a second and client CPU a record.

The same run measures, against the same simulator, what reading alone costs: the bytes and nothing
else (the floor), and the vendor's official client reading the first pages of each list.
"""

import argparse
import base64
import http.client
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.database import fresh_database
from benchmarks.upstream import SITE, UNTIL, serving

STREAMS = ("accounts", "subscriptions", "invoices")
VERSION = "application/vnd.recurly.v2021-02-25"


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of reading: how many records, in what time, for how much CPU of this process."""

    what: str
    records: int
    wall: float
    cpu: float
    note: str = ""

    def row(self) -> str:
        """A line of the table in ``benchmarks/README.md``."""
        rate = self.records / self.wall
        each = self.cpu / self.records * 1e6
        return f"| {self.what} | {self.records:,} | {self.wall:.1f} s | {rate:,.0f} | {each:.0f} µs | {self.note} |"


def cpu() -> float:
    """User and system seconds of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def bytes_alone(address: str) -> Measured:
    """Every page of the three lists fetched one after another and thrown away."""
    host = urlsplit(address)
    line = http.client.HTTPConnection(host.hostname or "", host.port, timeout=30)
    key = base64.b64encode(f"{SITE.key}:".encode()).decode()
    headers = {"Authorization": f"Basic {key}", "Accept": VERSION}
    began, used, pages = time.monotonic(), cpu(), 0
    for stream in STREAMS:
        path: str | None = f"/{stream}?limit=200&order=asc&sort=created_at"
        while path:
            line.request("GET", path, headers=headers)
            body = line.getresponse().read()
            pages += 1
            path = _next(body)
    return Measured("bytes alone, no decoding", pages * 200, time.monotonic() - began, cpu() - used)


def _next(body: bytes) -> str | None:
    import msgspec  # noqa: PLC0415 - not part of what is timed at start

    class Envelope(msgspec.Struct):
        next: str | None = None
        has_more: bool = False

    page = msgspec.json.decode(body, type=Envelope)
    return page.next if page.has_more else None


def official_client(address: str, pages: int) -> Measured:
    """The vendor's client making objects of the first pages of each list, storing nothing."""
    import recurly  # noqa: PLC0415 - a development dependency

    host = urlsplit(address)
    client = recurly.Client(SITE.key)
    client._BaseClient__conn = http.client.HTTPConnection(host.hostname, host.port, timeout=30)
    began, used, records = time.monotonic(), cpu(), 0
    for lister in (client.list_accounts, client.list_subscriptions, client.list_invoices):
        for record in lister(params={"limit": 200}).items():
            records += bool(record.id)
            if records % (pages * 200) == 0:
                break
    return Measured(
        f"official client, first {pages} pages a list",
        records,
        time.monotonic() - began,
        cpu() - used,
        "stores nothing",
    )


def whole_import(address: str, what: str) -> list[Measured]:
    """The real thing: a site connected, its first run, and the refresh of every account."""
    from django.conf import settings  # noqa: PLC0415 - after the database is there

    from tenure import flow  # noqa: PLC0415
    from tenure.connections.write import add_site  # noqa: PLC0415
    from tenure.core.clock import FrozenClock  # noqa: PLC0415
    from tenure.core.secrets import Secret  # noqa: PLC0415
    from tenure.sync.run import perform  # noqa: PLC0415
    from tenure.sync.write import request_run  # noqa: PLC0415

    settings.TENURE_RECURLY_URLS = {"us": address, "eu": address}
    clock = FrozenClock(UNTIL)
    site = add_site("recurly", SITE.subdomain, "us", Secret(SITE.key), now=UNTIL)
    run, _ = request_run(site, "cli")
    began, used = time.monotonic(), cpu()
    run = perform(run.pk, clock)
    pulled, pulled_cpu = time.monotonic() - began, cpu() - used
    flow.catch_up(UNTIL)
    wall, spent = time.monotonic() - began, cpu() - used
    streams = {row.stream: row for row in run.streams.all()}
    records = sum(streams[name].read for name in STREAMS)
    requests = ", ".join(f"{name} {streams[name].requests}" for name in STREAMS)
    print(f"{what}: {run.state} {run.reason}; requests: {requests}")
    return [
        Measured(f"{what}: pull and load", records, pulled, pulled_cpu),
        Measured(f"{what}: with every account's facts", records, wall, spent, _memory()),
    ]


def _memory() -> str:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"peak {peak:.0f} MiB"


def main(words: Sequence[str]) -> int:
    """Print the table; the exit status."""
    parser = argparse.ArgumentParser(prog="./run bench import")
    parser.add_argument("--accounts", type=int, default=20_000, help="invoices are twice as many")
    parser.add_argument("--latency-ms", type=float, nargs="*", default=[0.0, 250.0])
    parser.add_argument("--compare", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args(words)
    rows: list[Measured] = []
    if options.compare:
        with serving(options.accounts, latency_ms=0) as address:
            rows += [bytes_alone(address), official_client(address, 20)]
    for latency in options.latency_ms:
        rows += _in_its_own_process(options.accounts, latency)
    print("| what | records | wall | records/s | client CPU a record | |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print(row.row())
    return 0


def _in_its_own_process(accounts: int, latency: float) -> list[Measured]:
    """Each import starts cold: its own process, its own empty database."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with serving(accounts, latency_ms=latency) as address, fresh_database():
                measured = whole_import(address, f"import at {latency:g} ms")
            os.write(
                writer,
                repr([(m.what, m.records, m.wall, m.cpu, m.note) for m in measured]).encode(),
            )
            status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as said:
        text = said.read()
    os.waitpid(child, 0)
    return [Measured(*values) for values in _literal(text)]


def _literal(text: str) -> list[tuple[str, int, float, float, str]]:
    import ast  # noqa: PLC0415

    return list(ast.literal_eval(text or "[]"))
