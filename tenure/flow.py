"""The order of the stages, and nothing else. Read this first.

    source ─▶ sync ─▶ identity ─▶ customers ─▶ metrics ─▶ health ─▶ segments ─▶ alerts ─▶ notify

Each stage reads what the one before it stored, stores its own, and stops.
"""

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event

from django.db import connection, transaction

from tenure.alerts import judge as alerts
from tenure.core.clock import Clock
from tenure.core.garbage import searched_seldom
from tenure.customers import bulk_work, comparisons, touched
from tenure.customers.exchange import work as exchange
from tenure.customers.models import BulkEdit, Import
from tenure.health import scoring as health
from tenure.health import staleness
from tenure.identity import joining
from tenure.metrics import basis, past_facts
from tenure.metrics import look_back as metrics_past
from tenure.metrics import refresh as metrics
from tenure.metrics.settings import current
from tenure.notify import collect, deliver
from tenure.segments import members as segments
from tenure.sync import activation, replays
from tenure.sync.models import Replay, Run
from tenure.sync.replay import Progress
from tenure.sync.run import perform
from tenure.tasks import write as tasks

CHUNK = 1_000
MANY = 2 * CHUNK


def pull(run_id: int, clock: Clock) -> Run:
    """Bring one site's changes in, then let everything that depends on them catch up."""
    run = perform(run_id, clock)
    catch_up(clock.now())
    return run


def activate(setup_id: int, clock: Clock) -> None:
    """Make the accounts of sites that were set up, then let everything catch up."""
    activation.carry_out(setup_id, clock)
    catch_up(clock.now())


def replay(replay_id: int, clock: Clock, progress: Progress | None = None) -> Replay:
    """Go through what is stored again, as a change of the mapping asks for, then catch up."""
    done = replays.perform(replay_id, clock, progress)
    catch_up(clock.now())
    return done


def bring_in(import_id: int, clock: Clock, watch: exchange.Watch = exchange.unwatched) -> Import:
    """Check, apply or undo an import, whichever was asked for, and measure the accounts again."""
    now = clock.now()

    def touch(accounts: set[int]) -> None:
        join(accounts, now)
        touched.touch(accounts, now)

    done = exchange.carry_out(import_id, now, touch=touch, watch=watch)
    catch_up(clock.now())
    return done


def edit_many(edit_id: int, clock: Clock) -> BulkEdit:
    """Change very many accounts, or take that back, whichever was asked for, then catch up."""
    now = clock.now()
    done = bulk_work.carry_out(edit_id, now, touch=lambda accounts: touched.touch(accounts, now))
    catch_up(clock.now())
    return done


def join(accounts: Collection[int], now: datetime) -> None:
    """Attach to accounts that people or programs just made what was read before they were there."""
    with transaction.atomic():
        joining.join(accounts, now)


@searched_seldom()
def catch_up(now: datetime) -> int:
    """Refresh the accounts that runs have touched, those that stood on other settings or rates, and
    those that time alone has moved; how many. What was imported is held against its source anew."""
    basis.settle(now)
    comparisons.settle()
    refreshed = _refresh_waiting(now)
    while due := metrics.due(now, limit=CHUNK):
        refresh(due, now)
        refreshed += len(due)
    health.begin_day(now)
    while due := health.due(now, limit=CHUNK):
        health.score(due, now)
        segments.place(due, now)
        alerts.judge(due, now)
        refreshed += len(due)
    segments.begin_day(now)
    alerts.begin_day(now)
    alerts.ripen(now)
    tasks.from_alerts(now)
    collect.collect(now)
    return refreshed


def announce(now: datetime) -> int:
    """Send what people are to be told, and try again what failed; how many tries. Never part of a
    sync: whoever is slow to listen holds up nobody else."""
    return deliver.deliver(now)


@searched_seldom()
def look_back(now: datetime) -> int:
    """Make out a little more of the time before the first sync; how many subscriptions or accounts
    it was, 0 when nothing is left to do."""
    settings = current()
    return metrics_past.look_back(now, settings) or past_facts.look_back(now, settings)


def age(real_now: datetime, clock: Clock) -> None:
    """Let what depends on how old a site's data is follow its age, which is by the real clock."""
    if staleness.watch(real_now, clock.now()):
        catch_up(clock.now())


def refresh(accounts: Iterable[int], now: datetime) -> None:
    """Everything that is computed from an account's records, in order."""
    chosen = list(accounts)
    metrics.measure(chosen, now)
    health.score(chosen, now)
    segments.place(chosen, now)
    alerts.judge(chosen, now)


def _refresh_waiting(now: datetime) -> int:
    """Refresh all that were touched; how many. Of very many, as after a first import, two chunks at a
    time: while the database works on one, we work on the other."""
    stop = Event()
    if connection.in_atomic_block or touched.count() <= MANY:
        return _refresh_in_turn(now, stop)
    with ThreadPoolExecutor(1, thread_name_prefix="refresh") as beside:
        other = beside.submit(_refresh_beside, now, stop)
        try:
            mine = _refresh_in_turn(now, stop)
        except BaseException:
            stop.set()
            raise
        return mine + other.result()


def _refresh_beside(now: datetime, stop: Event) -> int:
    """The same in a thread of its own, with a connection of its own."""
    try:
        return _refresh_in_turn(now, stop)
    finally:
        connection.close()


def _refresh_in_turn(now: datetime, stop: Event) -> int:
    refreshed = 0
    while not stop.is_set() and (count := _refresh_touched(now)):
        refreshed += count
    return refreshed


def _refresh_touched(now: datetime) -> int:
    # One transaction: the mark goes when the numbers are there, or neither does. So nobody need wait
    # for the disk: what a power cut takes away is made again, and nobody is told before a later
    # transaction is on the disk, and this one with it.
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        accounts = touched.take(CHUNK)
        refresh(accounts, now)
        touched.forget(accounts)
    return len(accounts)
