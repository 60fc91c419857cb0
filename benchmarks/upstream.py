"""A bulk site on the wire in a process of its own, so that its CPU is not counted as ours."""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from tenure.simulator.server import running
from tenure.simulator.settings import Settings
from tenure.simulator.world import SiteSpec
from tenure.simulator.world.bulk import bulk

SITE = SiteSpec("brightwharf-bulk", "benchmark-key-brightwharf", "us")
UNTIL = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def serve(accounts: int, latency_ms: float, rate_limit: int) -> None:
    """Serve until standard input closes; say the address in one line of JSON."""
    world = bulk(SITE, accounts=accounts, until=UNTIL)
    settings = Settings(latency=latency_ms / 1000, rate_limit=rate_limit)
    async with running(world, settings=settings) as served:
        sys.stdout.write(json.dumps({"us": served.us, "eu": served.eu}) + "\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextmanager
def serving(accounts: int, *, latency_ms: float, rate_limit: int = 10**9) -> Iterator[str]:
    """The address of such a site in another process, for the length of a block."""
    words = [str(accounts), str(latency_ms), str(rate_limit)]
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.upstream", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the upstream process has no output")
            yield json.loads(process.stdout.readline())["us"]
        finally:
            process.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("accounts", type=int)
    parser.add_argument("latency_ms", type=float)
    parser.add_argument("rate_limit", type=int)
    options = parser.parse_args()
    asyncio.run(serve(options.accounts, options.latency_ms, options.rate_limit))
