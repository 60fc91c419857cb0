"""Serving a world: one address per region, in this process or, for blocking code, in a thread."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeVar

from aiohttp import web

from tenure.core.clock import Clock
from tenure.simulator.control import add_control
from tenure.simulator.settings import Settings
from tenure.simulator.simulator import Simulator
from tenure.simulator.store import World

T = TypeVar("T")

# How often a world that follows a clock catches up with it.
TICK = 0.25


@dataclass(frozen=True, slots=True)
class Served:
    """A simulator that answers: its addresses, ``us`` and ``eu``, without a slash at the end.

    ``following`` keeps the world at a clock's time; it ends only by failing.
    """

    us: str
    eu: str
    simulator: Simulator
    loop: asyncio.AbstractEventLoop
    following: "asyncio.Task[None] | None" = None

    def address(self, region: str) -> str:
        """The address of a region."""
        return self.eu if region == "eu" else self.us

    def call(self, act: Callable[[Simulator], T]) -> T:
        """Run ``act`` between two requests; for code in another thread than the server's."""

        async def run() -> T:
            return act(self.simulator)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(timeout=60)


@asynccontextmanager
async def running(
    world: World,
    *,
    settings: Settings | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    eu_port: int = 0,
    clock: Clock | None = None,
) -> AsyncIterator[Served]:
    """Serve the world while the block runs; port 0 takes a free one.

    With a ``clock`` the world keeps up with it; should it fail to, that is logged at once and raised
    at the end. Raises OSError when a port is taken.
    """
    simulator = Simulator(world, settings)
    runners: list[web.AppRunner] = []
    following: asyncio.Task[None] | None = None
    try:
        addresses = []
        for region, wanted in (("us", port), ("eu", eu_port)):
            runner = web.AppRunner(
                _application(simulator, region),
                access_log=None,
                handler_cancellation=True,
                shutdown_timeout=0.5,
            )
            runners.append(runner)
            addresses.append(await _listen(runner, host, wanted))
        if clock:
            following = asyncio.create_task(_follow(world, clock))
            following.add_done_callback(_report)
        loop = asyncio.get_running_loop()
        yield Served(addresses[0], addresses[1], simulator, loop, following)
    finally:
        for runner in runners:
            await runner.cleanup()
        if following:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following


@contextmanager
def running_in_thread(
    world: World, *, settings: Settings | None = None, clock: Clock | None = None
) -> Iterator[Served]:
    """``running`` for blocking code: the server has a thread and an event loop of its own.

    Change the world through ``Served.call`` or the control interface while requests may arrive.
    """
    ready: SimpleQueue[Served | BaseException] = SimpleQueue()
    stop = asyncio.Event()

    async def serve() -> None:
        async with running(world, settings=settings, clock=clock) as served:
            ready.put(served)
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001 - whoever waits for the server must hear of it
            ready.put(error)

    thread = threading.Thread(target=run, name="recurly-simulator", daemon=True)
    thread.start()
    served = ready.get(timeout=60)
    if isinstance(served, BaseException):
        raise served
    try:
        yield served
    finally:
        served.loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=30)


def _application(simulator: Simulator, region: str) -> web.Application:
    app = web.Application()
    add_control(app, simulator)
    app.router.add_route("*", "/{path:.*}", simulator.handler(region))
    return app


async def _listen(runner: web.AppRunner, host: str, port: int) -> str:
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    bound = runner.addresses[0]
    return f"http://{host}:{bound[1]}"


async def _follow(world: World, clock: Clock) -> None:
    """Keep the world at the clock's time; a clock that stands behind is waited for."""
    while True:
        instant = clock.now()
        if instant > world.now():
            world.advance_to(instant)
        await asyncio.sleep(TICK)


def _report(following: "asyncio.Task[None]") -> None:
    """Say at once, not only at the end, that the world stands still from here on."""
    if not following.cancelled() and (error := following.exception()):
        message = "The simulated world failed to follow its clock and stands still"
        following.get_loop().call_exception_handler({"message": message, "exception": error})
