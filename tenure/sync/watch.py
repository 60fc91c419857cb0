"""Beside a run: the lease is renewed while it waits, and what it waits for is shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.db import transaction

from tenure.sources.base import Headroom
from tenure.sync import lease
from tenure.sync.models import Run
from tenure.sync.work import Work

LOOK_SECONDS = 1.0


@asynccontextmanager
async def watching(work: Work) -> AsyncIterator[None]:
    """Renew the lease, and publish the rate limit's headroom and trouble that is being retried
    (F2: visible after the third failed try), for the length of the block.

    A lost lease or a stop cancels the block, even while it waits for the network.
    """
    async with asyncio.TaskGroup() as group:
        watcher = group.create_task(_watch(work))
        yield
        watcher.cancel()


async def _watch(work: Work) -> None:
    shown: Headroom | None = None
    for beat in range(1_000_000_000):
        await asyncio.sleep(LOOK_SECONDS)
        headroom = work.line.headroom
        if headroom != shown or beat % lease.RENEW_SECONDS == 0:
            await work.db(_renew, work.run.pk, work.fence, headroom)
            shown = headroom


def _renew(run_id: int, fence: int, headroom: Headroom) -> None:
    with transaction.atomic():
        lease.guard(run_id, fence)
        Run.objects.filter(pk=run_id).update(
            reason=headroom.trouble or "",
            waiting_until=headroom.waiting_until,
            rate_limit=headroom.limit,
            rate_remaining=headroom.remaining,
        )
