"""``tenure worker``: the background jobs, until told to stop, and always stopped within ten seconds."""

import asyncio
import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import click
import psycopg
from django.db import DatabaseError, connection
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from tenure import jobs
from tenure.cli import database
from tenure.cli.command import Command
from tenure.cli.screen import Screen
from tenure.sync import lease

log = logging.getLogger(__name__)

SYNC_QUEUE, TICK_QUEUE, NOTIFY_QUEUE = jobs.pull.queue, jobs.tick.queue, jobs.announce.queue
GRACE_SECONDS = 4.0
LAST_SECONDS = 9.0
RECONNECT_SECONDS = 2.0
TICKS = 2


@click.command(cls=Command)
@click.option(
    "--sites",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="How many sites are read at the same time.",
)
@click.pass_obj
def worker(screen: Screen, sites: int) -> None:
    """Run syncs and other background jobs until stopped."""
    with database.opened():
        screen.note("The worker is ready. Ctrl-C stops it.")
        _work(sites)
    screen.answer({"stopped": True}, "The worker has stopped.")
    sys.stdout.flush()
    if threading.active_count() > 1:
        # A job that is deep in a long read would keep the interpreter waiting for its thread.
        os._exit(0)


def _work(sites: int) -> None:
    loop = asyncio.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(sites + TICKS + 3, thread_name_prefix="job"))
    # The loop is left as it is at the end: closing it would wait for threads without a limit.
    loop.run_until_complete(_until_stopped(sites))


async def _until_stopped(sites: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _stop, stop)
    while not stop.is_set():
        try:
            await _one_life(stop, sites)
        except (ConnectorException, DatabaseError, psycopg.Error) as error:
            log.warning("The database went away (%s); trying again.", str(error).strip())
        if not stop.is_set():
            await _wait(stop, RECONNECT_SECONDS)


def _stop(stop: asyncio.Event) -> None:
    if not stop.is_set():
        watchdog = threading.Timer(LAST_SECONDS, os._exit, [0])
        watchdog.daemon = True
        watchdog.start()
    stop.set()


async def _one_life(stop: asyncio.Event, sites: int) -> None:
    """Work until told to stop or until the database goes away."""
    connector: DjangoConnector = app.connector  # type: ignore[assignment]
    with app.replace_connector(connector.get_worker_connector()) as connected:
        async with connected.open_async():
            # Ticks have a worker of their own, so that many long syncs never hold them up.
            workers = [
                _worker(connected, SYNC_QUEUE, sites),
                _worker(connected, TICK_QUEUE, TICKS),
                # Whoever listens slowly to what we tell holds up neither syncs nor ticks.
                _worker(connected, NOTIFY_QUEUE, 1),
            ]
            running = [asyncio.create_task(_run(one)) for one in workers]
            asked = asyncio.create_task(stop.wait())
            await asyncio.wait([*running, asked], return_when=asyncio.FIRST_COMPLETED)
            for one in workers:
                one.stop()  # type: ignore[no-untyped-call]
            asked.cancel()
            # Runs stop at their next page, keeping what they have; the next worker goes on from there.
            await asyncio.to_thread(_let_go)
            done, _ = await asyncio.wait(running, timeout=GRACE_SECONDS)
            for task in done:
                task.result()


def _let_go() -> None:
    try:
        lease.let_go()
    finally:
        connection.close()


def _worker(connected: App, queue: str, concurrency: int) -> Worker:
    return Worker(
        connected,
        queues=[queue],
        name=f"{lease.holder()} {queue}",
        concurrency=concurrency,
        install_signal_handlers=False,
        shutdown_graceful_timeout=GRACE_SECONDS - 1,
        delete_jobs="successful",
    )


async def _run(one: Worker) -> None:
    await one.run()  # type: ignore[no-untyped-call]


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
