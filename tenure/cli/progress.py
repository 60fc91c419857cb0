"""Runs carried out while somebody watches: a thread for each site, a bar with real totals for each."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connections
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from tenure import flow
from tenure.cli.command import INTERRUPTED
from tenure.cli.screen import Screen
from tenure.sync import lease, read
from tenure.sync.models import Run, StreamState

TICK_SECONDS = 0.25
TAKE_UP_SECONDS = 5.0
LEAVE_SECONDS = 3.0
LAST_SECONDS = 8.0


@dataclass
class _Carrier:
    """One run in a thread of its own; ``trouble`` is what stopped the thread, if anything did."""

    run_id: int
    trouble: BaseException | None = None
    thread: threading.Thread = field(init=False)

    def start(self) -> None:
        # A daemon, so that Ctrl-C ends the command at once; the run goes on from its last page later.
        self.thread = threading.Thread(target=self._carry, name=f"run-{self.run_id}", daemon=True)
        self.thread.start()

    def _carry(self) -> None:
        try:
            # A run that another process holds is waited for, and taken up when that one dies.
            while flow.pull(self.run_id, settings.TENURE_CLOCK).is_active:
                time.sleep(TAKE_UP_SECONDS)
        except Exception as error:  # noqa: BLE001  # raised again in the thread that waits
            self.trouble = error
        finally:
            connections.close_all()


def carry_out(screen: Screen, run_ids: Sequence[int]) -> list[Run]:
    """Carry the runs out side by side, or wait for those that somebody else is doing."""
    carriers = [_Carrier(run_id) for run_id in run_ids]
    for carrier in carriers:
        carrier.start()
    try:
        _watch(screen, run_ids, carriers)
    except KeyboardInterrupt:
        _leave(screen, carriers)
        raise
    for carrier in carriers:
        if carrier.trouble:
            raise carrier.trouble
    return [read.get_run(run_id) for run_id in run_ids]


def _watch(screen: Screen, run_ids: Sequence[int], carriers: Sequence[_Carrier]) -> None:
    with _bars(screen, run_ids) as show:
        while any(carrier.thread.is_alive() for carrier in carriers):
            time.sleep(TICK_SECONDS)
            show()
        show()


def _leave(screen: Screen, carriers: Sequence[_Carrier]) -> None:
    """Let our runs go at their next page, so that whoever comes next need not wait for us.

    A thread that waits for an answer upstream or in the database would keep the interpreter at its
    end; it is not waited for longer than a person who stopped us does.
    """
    watchdog = threading.Timer(LAST_SECONDS, os._exit, [INTERRUPTED])
    watchdog.daemon = True
    watchdog.start()
    lease.let_go()
    for carrier in carriers:
        carrier.thread.join(LEAVE_SECONDS)
    screen.note("What was read is kept. A worker, or the next tenure sync, goes on from there.")


@contextmanager
def bar(screen: Screen, what: str) -> Iterator[Callable[[int, int], None]]:
    """One bar on standard error; the function it gives is told how much is done, of how much."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), _Counted())
    with Progress(*columns, console=screen.err, disable=not screen.is_lively) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


class _Counted(ProgressColumn):
    """``1,200 of 9,526``; the first number alone while no total is known."""

    def render(self, task: Task) -> Text:
        total = f" of {task.total:,.0f}" if task.total is not None else ""
        return Text(f"{task.completed:,.0f}{total}")


class _Bars:
    """One bar a run, on standard error."""

    def __init__(self, progress: Progress, run_ids: Sequence[int]) -> None:
        self._progress = progress
        self._tasks: dict[int, TaskID] = {
            run_id: progress.add_task("waiting", total=None) for run_id in run_ids
        }

    def __call__(self) -> None:
        for run_id, task in self._tasks.items():
            run = read.get_run(run_id)
            done, total = read.progress(run)
            self._progress.update(
                task,
                description=f"{run.site.subdomain}: {_doing(run)}",
                completed=done,
                # The total grows while streams are counted; a bar must not run past its end.
                total=max(total, done) if total else None,
            )


@contextmanager
def _bars(screen: Screen, run_ids: Sequence[int]) -> Iterator["_Bars"]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _Counted(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen.err, disable=not screen.is_lively) as progress:
        yield _Bars(progress, run_ids)


def _doing(run: Run) -> str:
    if not run.is_active:
        return run.get_state_display().lower()
    if run.waiting_until:
        return f"waiting for the rate limit until {run.waiting_until:%H:%M:%S} UTC"
    reading = [row.stream for row in run.streams.all() if row.state == StreamState.READING]
    return reading[0].replace("_", " ") if reading else run.get_state_display().lower()
