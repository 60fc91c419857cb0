"""What every part of a run works with."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ParamSpec, TypeVar

from tenure.connections.models import Site
from tenure.sources.base import Connection, Page, Stream
from tenure.sync.apply import Applier, Checkpoint
from tenure.sync.models import Phase, Run
from tenure.sync.streams import Outcome

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lane:
    """A thread with a database connection of its own, and the applier that works there."""

    thread: ThreadPoolExecutor
    applier: Applier


@dataclass(slots=True)
class Work:
    """A run in progress. The event loop reads; pages are applied in ``lanes``, each in a thread
    with a connection of its own, and everything else of the database goes through ``db``, in the
    first lane's. So the network never waits for the database, nor a page for another's answer.

    By upstream's clock: ``upstream_now`` is when this attempt started, ``latest`` the newest
    answer so far.
    """

    run: Run
    site: Site
    line: Connection
    first: Lane
    lanes: asyncio.Queue[Lane]
    slots: asyncio.Semaphore
    upstream_now: datetime
    latest: datetime

    @property
    def fence(self) -> int:
        """The fencing number every write transaction presents."""
        return self.first.applier.fence

    @property
    def now(self) -> datetime:
        """The run's instant by the deployment's clock."""
        return self.first.applier.now

    async def db(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``act`` in the first lane's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.first.thread, lambda: act(*args, **kwargs))

    async def apply(
        self, stream: Stream, phase: Phase, page: Page, checkpoint: Checkpoint | None
    ) -> Outcome:
        """Commit a page in whichever lane is free."""
        lane = await self.lanes.get()
        try:
            act = partial(lane.applier.apply, stream, phase, page, checkpoint)
            return await asyncio.get_running_loop().run_in_executor(lane.thread, act)
        finally:
            self.lanes.put_nowait(lane)
