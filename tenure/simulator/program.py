"""The simulator as a program: its options, the world they describe, and serving it until told to stop."""

import argparse
import asyncio
import gc
import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tenure.core.clock import Clock, FastClock
from tenure.core.errors import ConfigurationError
from tenure.simulator.faults.plan import FaultPlan
from tenure.simulator.server import Served, running
from tenure.simulator.settings import Settings
from tenure.simulator.world.state import SiteSpec
from tenure.simulator.world.world import DEMO_SITES, World, build


@dataclass(frozen=True, slots=True)
class Options:
    """Everything the program can be told. ``eu_port`` None means the port after ``port``.

    Without a ``clock`` the world ends its past now and stands still until the control interface
    moves it; with one it begins at the clock's time and keeps up with it.
    """

    port: int = 0
    eu_port: int | None = None
    host: str = "127.0.0.1"
    sites: tuple[SiteSpec, ...] = DEMO_SITES
    seed: int = 1
    accounts: int = 400
    days: int = 548
    until: datetime | None = None
    clock: Path | None = None
    faults: Path | None = None
    settings: Settings = field(default_factory=Settings)


async def serve(options: Options, *, ready: Callable[[Served], None]) -> None:
    """Build the world, serve it, say so by ``ready``, and stay until SIGINT or SIGTERM.

    Raises ConfigurationError when a file cannot be used or a port is taken.
    """
    clock = _clock(options.clock)
    rules = _rules(options.faults)
    world = world_of(options, clock)
    # A big world is millions of objects that stay; the collector need not look at them again.
    gc.freeze()
    stopped = _stop_signal()
    try:
        async with running(
            world,
            settings=options.settings,
            host=options.host,
            port=options.port,
            eu_port=_eu_port(options),
            clock=clock,
        ) as served:
            for rule in rules:
                served.simulator.faults.add(rule)
            ready(served)
            await _until_stopped(stopped, served)
    except OSError as error:
        raise ConfigurationError(
            f"The simulator cannot listen on ports {options.port} and {_eu_port(options)}: "
            f"{error.strerror or error}.",
            next_step="Choose others with --port and --eu-port, or stop the program that has them.",
        ) from error


def world_of(options: Options, clock: Clock | None = None) -> World:
    """The world the options describe, with its past lived through."""
    until = options.until or (clock.now() if clock else datetime.now(UTC))
    return build(
        options.sites,
        seed=options.seed,
        accounts=options.accounts,
        start=until - timedelta(days=options.days),
        until=until,
    )


def announcement(served: Served) -> str:
    """One line of JSON that says where the simulator answers."""
    sites = [
        {"subdomain": name, "region": store.region, "url": served.address(store.region)}
        for name, store in served.simulator.world.sites.items()
    ]
    return json.dumps({"ready": True, "us": served.us, "eu": served.eu, "sites": sites})


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m tenure.simulator``; returns the exit status."""
    try:
        options = read_options(arguments)
        asyncio.run(serve(options, ready=_announce))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def read_options(arguments: Sequence[str] | None = None) -> Options:
    """Options from command line words. Exits with a usage message for words it does not know."""
    given = _parser().parse_args(arguments)
    sites = [_site(text, "us") for text in given.site] + [
        _site(text, "eu") for text in given.eu_site
    ]
    return Options(
        port=given.port,
        eu_port=given.eu_port,
        host=given.host,
        sites=tuple(sites) or DEMO_SITES,
        seed=given.seed,
        accounts=given.accounts,
        days=given.days,
        clock=given.clock,
        faults=given.faults,
        settings=Settings(
            latency=given.latency_ms / 1000,
            rate_limit=given.rate_limit,
            offsets=given.offset_cursors,
            gzip=given.gzip,
        ),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tenure simulator", description="A local stand-in for the Recurly v3 API."
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="port of the US address; 0 takes a free one")
    add("--eu-port", type=int, help="port of the EU address; the one after --port when not given")
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--site", action="append", default=[], metavar="SUBDOMAIN=KEY", help="a US site")
    add("--eu-site", action="append", default=[], metavar="SUBDOMAIN=KEY", help="an EU site")
    add("--seed", type=int, default=1, help="the same seed gives the same customers")
    add("--accounts", type=int, default=400, help="customers over all sites")
    add("--days", type=int, default=548, help="days of business before now")
    add("--latency-ms", type=float, default=0.0, help="wait before every answer")
    add("--rate-limit", type=int, help="requests per site in five minutes")
    add("--faults", type=Path, metavar="FILE", help="JSON list of fault rules")
    add("--clock", type=Path, metavar="FILE", help="file of a running virtual clock to follow")
    add("--offset-cursors", action="store_true", help="cursors that count records")
    add("--gzip", action="store_true", help="compress answers for clients that ask")
    return parser


def _site(text: str, region: str) -> SiteSpec:
    subdomain, sign, key = text.partition("=")
    if not (subdomain and sign and key):
        raise ConfigurationError(
            f"{text!r} names no site and key.", next_step="Write it as SUBDOMAIN=KEY."
        )
    return SiteSpec(subdomain, key, region)


def _eu_port(options: Options) -> int:
    if options.eu_port is not None:
        return options.eu_port
    return options.port + 1 if options.port else 0


def _clock(path: Path | None) -> Clock | None:
    if path is None:
        return None
    try:
        return FastClock.load(path)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"The clock file {path} cannot be used: {error}.",
            next_step="Leave out --clock, or name the file a running demo wrote.",
        ) from error


def _rules(path: Path | None) -> list[dict[str, object]]:
    """The fault rules of a file, checked."""
    if path is None:
        return []
    try:
        rules = msgspec.json.decode(path.read_bytes(), type=list[dict[str, object]])
        trial = FaultPlan()
        for rule in rules:
            trial.add(rule)
        return rules
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The fault file {path} cannot be used: {error}.",
            next_step="It holds a JSON list of rules; see tenure/simulator/README.md.",
        ) from error


def _stop_signal() -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped


async def _until_stopped(stopped: asyncio.Event, served: Served) -> None:
    """Wait for the signal; a world that can no longer follow its clock ends the program too."""
    waiting = asyncio.create_task(stopped.wait())
    tasks = {waiting, served.following} if served.following else {waiting}
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if served.following and served.following in done:
        served.following.result()


def _announce(served: Served) -> None:
    sys.stdout.write(announcement(served) + "\n")
    sys.stdout.flush()
