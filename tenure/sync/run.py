"""One run of one site, from claiming it to the word it ends with."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ParamSpec, TypeVar

import psycopg
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from tenure.connections import write as connections
from tenure.connections.models import Site
from tenure.connections.read import endpoint
from tenure.core.clock import Clock
from tenure.core.errors import ConfigurationError, TemporaryError, TenureError
from tenure.core.garbage import searched_seldom
from tenure.sources import registry
from tenure.sources.base import SiteFacts, Stream
from tenure.sync import coupons, lease, phases, proof, read, write
from tenure.sync.apply import Applier
from tenure.sync.models import Run, RunState
from tenure.sync.payloads import PayloadKeeper
from tenure.sync.planning import holding
from tenure.sync.reading import IN_HAND
from tenure.sync.watch import watching
from tenure.sync.work import Lane, Work

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

RETRY_AFTER = timedelta(minutes=5)
RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0)  # a server that restarts is back by then
# Inside COPY the driver's own errors come through.
LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
LANES = 2  # more only wait for each other on two cores, and a small server has few connections


@dataclass(frozen=True, slots=True)
class Ending:
    """The word a run ends with, why, what a person can do, and when it will be tried again."""

    state: RunState
    reason: str = ""
    next_step: str = ""
    retry_at: datetime | None = None


class KeyOfAnotherSite(ConfigurationError):
    """The stored key now opens a site other than the one it was saved for (F19)."""


def perform(run_id: int, clock: Clock) -> Run:
    """Carry a run out in this process and return it as it ended.

    When another process holds it, nothing is done and it comes back as it is. Every kind of
    trouble ends as a state with a reason and a next step on the run; none is raised.
    """
    fence = lease.claim(run_id)
    if fence is not None:
        with searched_seldom():
            asyncio.run(_carry_out(run_id, fence, clock))
        close_old_connections()  # ours may have been cut off while the threads worked
    return read.get_run(run_id)


async def _carry_out(run_id: int, fence: int, clock: Clock) -> None:
    with ExitStack() as stack:
        threads = [
            stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix=f"run-{run_id}-{lane}"))
            for lane in range(LANES)
        ]
        run_in = asyncio.get_running_loop().run_in_executor
        ending: Ending | None
        try:
            try:
                ending = await _work(run_id, fence, clock, threads)
            except Exception as error:  # noqa: BLE001 - a run always ends with a word
                ending = await _with_database(threads[0], _ending, _first(error), run_id)
            await _with_database(threads[0], _end, run_id, fence, ending)
        finally:
            for thread in threads:
                await run_in(thread, _close)


async def _with_database(
    thread: ThreadPoolExecutor, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run ``act`` in the thread, again over a new connection when the database went away."""
    run_in = asyncio.get_running_loop().run_in_executor
    for wait in RECONNECT_SECONDS:
        try:
            return await run_in(thread, partial(act, *args, **kwargs))
        except LOST:
            await run_in(thread, _close)
            await asyncio.sleep(wait)
    return await run_in(thread, partial(act, *args, **kwargs))


def _close() -> None:
    connection.close()  # looked up here: each thread has a connection of its own


def _end(run_id: int, fence: int, ending: Ending | None) -> None:
    if ending is None:
        return
    write.end(
        run_id,
        fence,
        ending.state,
        reason=ending.reason,
        next_step=ending.next_step,
        retry_at=ending.retry_at,
    )


async def _work(
    run_id: int, fence: int, clock: Clock, threads: Sequence[ThreadPoolExecutor]
) -> Ending:
    in_thread = partial(asyncio.get_running_loop().run_in_executor, threads[0])
    now = clock.now()
    run, change_set = await in_thread(partial(write.begin, run_id, now=now))
    site = run.site
    source = registry.source(site.source)
    async with source.connect(await in_thread(endpoint, site)) as line:
        facts = await line.identify()
        await in_thread(_recognise, site, facts)
        await in_thread(write.first_start, run_id, facts.upstream_now)
        quarantined: dict[Stream, set[str]] = {}
        lanes = []
        for thread in threads:
            keeper = PayloadKeeper(site.pk, run_id, now)
            applier = Applier(site, run_id, fence, change_set, now, keeper, quarantined)
            lanes.append(Lane(thread, applier))
        work = Work(
            run=run,
            site=site,
            line=line,
            first=lanes[0],
            lanes=asyncio.Queue(),
            slots=asyncio.Semaphore(IN_HAND),
            upstream_now=facts.upstream_now,
            latest=facts.upstream_now,
        )
        for lane in lanes:
            work.lanes.put_nowait(lane)
        async with watching(work):
            await holding.hold(work)
            await phases.read_everything(work)
            differences = await proof.reconcile(work)
            ending = _proved([*differences, *await coupons.follow(work)])
            return await _as_shown(work, ending)


async def _as_shown(work: Work, ending: Ending) -> Ending:
    """The ending, with a word where what was applied is not what a plan had shown."""
    reason, next_step = await work.db(holding.settle, work.run)
    if not reason:
        return ending
    return replace(
        ending,
        reason=f"{ending.reason} {reason}".strip(),
        next_step=f"{ending.next_step} {next_step}".strip(),
    )


def _recognise(site: Site, facts: SiteFacts) -> None:
    if facts.site_id != site.site_id:
        raise KeyOfAnotherSite(
            f"{site.subdomain}: the stored key now belongs to {facts.subdomain}; nothing was read.",
            next_step=f"Replace the key of {site.subdomain} under Settings > Integrations.",
        )
    connections.seen(site, facts)


def _proved(differences: Sequence[proof.Difference]) -> Ending:
    if not differences:
        return Ending(RunState.COMPLETE)
    return Ending(
        RunState.INCOMPLETE,
        reason=" ".join(d.sentence for d in differences),
        next_step=" ".join(dict.fromkeys(d.next_step for d in differences)),
    )


def _first(error: BaseException) -> BaseException:
    """The cause a person should see: groups of concurrent failures start with the first one."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _ending(error: BaseException, run_id: int) -> Ending | None:
    """What an error means for the run; None when the run is somebody else's now."""
    match error:
        case lease.LostLease():
            log.info("%s; this process lets it go", error)
            return None
        case lease.StopAsked():
            return Ending(RunState.CANCELLED, "Stopped on request; what was read is kept.")
        case ConfigurationError():
            connections.needs_attention(read.get_run(run_id).site, error)
            return Ending(RunState.FAILED, error.message, error.next_step)
        case TemporaryError():
            later = error.retry_at or datetime.now(UTC) + RETRY_AFTER
            step = error.next_step or f"It goes on by itself after {later:%H:%M} UTC."
            return Ending(RunState.INCOMPLETE, error.message, step, later)
        case TenureError():
            return Ending(RunState.FAILED, error.message, error.next_step)
        case _ if isinstance(error, LOST):
            later = datetime.now(UTC) + RETRY_AFTER
            log.warning("run %s lost its database", run_id, exc_info=error)
            return Ending(
                RunState.INCOMPLETE,
                "The database broke off in mid-run; the page in hand was rolled back.",
                f"What was read is kept. It goes on by itself after {later:%H:%M} UTC.",
                later,
            )
        case _:
            log.error("run %s met something unforeseen", run_id, exc_info=error)
            return Ending(
                RunState.INCOMPLETE,
                f"Something unforeseen happened: {type(error).__name__}: {error}",
                "What was read is kept and the next run goes on from there; the log has the details.",
                datetime.now(UTC) + RETRY_AFTER,
            )
