"""The demo's Recurly: two simulated sites that follow the demo's clock. A program of its own."""

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from tenure.core.clock import FastClock
from tenure.demo.folder import Demo, load
from tenure.processes.claim import CLOCK
from tenure.simulator.server import running
from tenure.simulator.world import DEMO_SITES, SPARE_SITE, build


def main(home: Path) -> None:
    """Serve the world of the demo in this folder until SIGTERM."""
    demo = load(home)
    if demo is None:
        raise SystemExit(f"{home} holds no demo.")
    asyncio.run(_serve(demo, FastClock.load(home / CLOCK)))


async def _serve(demo: Demo, clock: FastClock) -> None:
    first_day = demo.first_day
    sites = (*DEMO_SITES, SPARE_SITE) if demo.spare else DEMO_SITES
    world = build(sites, accounts=demo.accounts, start=demo.opened, until=first_day)
    if clock.now() > first_day + timedelta(seconds=1):
        world.advance_to(clock.now())
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    us, eu = (urlsplit(demo.urls[region]).port or 0 for region in ("us", "eu"))
    async with running(world, port=us, eu_port=eu, clock=clock):
        await asked.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
