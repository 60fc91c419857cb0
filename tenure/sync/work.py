"""What every part of a run works with."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec, TypeVar

from tenure.connections.models import Site
from tenure.sources.base import Connection
from tenure.sync.apply import Applier
from tenure.sync.models import Run

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Work:
    """A run in progress. Database work goes through ``db``, one piece at a time, in the one
    thread that owns the run's connection, so the network never waits for it nor it for the
    network. By upstream's clock: ``upstream_now`` is when this attempt started, ``latest`` the newest
    answer so far."""

    run: Run
    site: Site
    line: Connection
    applier: Applier
    fence: int
    thread: ThreadPoolExecutor
    slots: asyncio.Semaphore
    upstream_now: datetime
    latest: datetime

    async def db(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``act`` in the database thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.thread, lambda: act(*args, **kwargs))
