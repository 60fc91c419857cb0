"""What a run reads, in which order, and when a stream's mark may move.

First load: everything by age, shared out among several readers, then a pass over what changed
since it began. Every later run: what changed since the mark, minus the overlap (RELIABILITY rules
2.1 and 2.2; DESIGN 3.4).
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from tenure.connections.models import Site
from tenure.customers import payers, tables
from tenure.customers.touched import touch
from tenure.identity import disagreement, recognition
from tenure.sources.base import By, Page, Stream, StreamUnavailable, Window
from tenure.sync import definitions, edits, lease, read, streams, windows, write
from tenure.sync.apply import Checkpoint
from tenure.sync.models import Mark, Phase, StreamState
from tenure.sync.reading import PAGE, PhaseReader
from tenure.sync.windows import Reading
from tenure.sync.work import Work

OVERLAP = timedelta(minutes=10)

# Accounts come before what refers to them; transactions and credits last, because most of them
# have arrived inside their invoices by then.
ORDER: tuple[tuple[Stream, ...], ...] = (
    (Stream.CUSTOM_FIELDS, Stream.PLANS),
    (Stream.ACCOUNTS,),
    (Stream.SUBSCRIPTIONS, Stream.INVOICES),
    (Stream.TRANSACTIONS, Stream.CREDIT_PAYMENTS),
)
ANALYSED = {4**power for power in range(10)}
NESTED = {Stream.TRANSACTIONS, Stream.CREDIT_PAYMENTS}


async def read_everything(work: Work) -> None:
    """Bring every stream of the site up to date; a stream the site lacks is noted, not fatal."""
    for together in ORDER:
        async with asyncio.TaskGroup() as group:
            for stream in together:
                group.create_task(_read_stream(work, stream))
        if Stream.ACCOUNTS in together:
            await edits.override(work)
        if Stream.SUBSCRIPTIONS in together:
            await edits.override_subscriptions(work)
    await _adopt(work)


async def _read_stream(work: Work, stream: Stream) -> None:
    await work.db(write.stream_state, work.run.pk, stream, StreamState.READING)
    try:
        mark = await work.db(write.mark, work.site, stream)
        if _needs_load(work, mark):
            await _load(work, stream, mark.load_began_at)
        await _changes(work, stream)
    except StreamUnavailable as error:
        await work.db(
            write.stream_state, work.run.pk, stream, StreamState.UNAVAILABLE, note=str(error)
        )
        return
    await work.db(write.stream_state, work.run.pk, stream, StreamState.DONE)


def _needs_load(work: Work, mark: Mark) -> bool:
    """Never loaded, or asked to load in full and not yet done by this very run."""
    if mark.loaded_at is None:
        return True
    return work.run.full and mark.loaded_by_id != work.run.pk


async def _load(work: Work, stream: Stream, began: datetime | None) -> None:
    """Everything the stream holds, once. Goes on where an earlier run stopped."""
    begun = await work.db(windows.any_of, work.site.pk, stream, Phase.LOAD)
    began = began if begun and began else await work.db(_beginning, work, stream)
    whole = Window(By.CREATED, None, began)
    count = await work.line.count(stream, whole)
    await work.db(write.asked, work.run.pk, stream, count.requests)
    if not begun:
        nested = stream in NESTED and not work.run.full
        if nested and await _all_nested(work, stream, count.total, began):
            return
        await work.db(write.load_begins, work.site, stream, began, work.run.pk, work.fence)
    here = await work.db(read.local_count, work.site.pk, stream, began) if begun else 0
    await work.db(write.expect, work.run.pk, stream, count.total - here)
    parts = await work.db(windows.unfinished, work.site.pk, stream, Phase.LOAD)
    reading = reader(work, stream, Phase.LOAD, expected=count.total, shared=True)
    await reading.run(parts)
    await work.db(_prove, work, stream, began, count.total)


def _beginning(work: Work, stream: Stream) -> datetime:
    """The end of a first load, frozen. What arrived inside the invoices is as old as their load,
    which may have begun with an earlier run."""
    if stream not in NESTED or work.run.full:
        return work.upstream_now
    return write.mark(work.site, Stream.INVOICES).load_began_at or work.upstream_now


async def _all_nested(work: Work, stream: Stream, total: int, began: datetime) -> bool:
    """Whether upstream counts no more than already arrived inside the invoices: then the count is
    the proof, and reading them all again would only spend the site's rate limit."""
    held = await work.db(read.local_count, work.site.pk, stream, began)
    if held != total:
        return False
    note = f"All {total:,} arrived with their invoices."
    await work.db(_prove, work, stream, began, total)
    await work.db(write.stream_state, work.run.pk, stream, StreamState.READING, note=note)
    return True


def _prove(work: Work, stream: Stream, began: datetime, total: int) -> None:
    """The load is done; where upstream's count equals ours, the day's count is done with it."""
    held = read.local_count(work.site.pk, stream, began) if stream in read.COUNTED else None
    write.load_proved(
        work.site,
        stream,
        began,
        counts=(total, held) if held == total else None,
        run_id=work.run.pk,
        fence=work.fence,
    )


async def _changes(work: Work, stream: Stream) -> None:
    """What changed since the mark. A window left by an earlier run is read to its end first."""
    left = await work.db(windows.unfinished, work.site.pk, stream, Phase.CHANGES)
    for window in left:
        await _read_changes(work, stream, window)
    mark = await work.db(write.mark, work.site, stream)
    since = mark.mark - OVERLAP if mark.mark else None
    # After a first load the end is where the load ended, so that one run catches up whole.
    # What a person was shown ends where it was worked out again, before anything was applied.
    end = work.upstream_now if work.run.plan_id else work.latest
    fresh = Window(By.UPDATED, since, end)
    if stream == Stream.CUSTOM_FIELDS:
        fresh = Window(By.CREATED, None, end)  # whole, by the time that never moves
    window = await work.db(windows.open_window, work.site.pk, stream, Phase.CHANGES, fresh)
    await _read_changes(work, stream, window)
    if stream == Stream.CUSTOM_FIELDS:
        await work.db(definitions.settle, work.site, work.run.pk, work.fence, work.now)


async def _read_changes(work: Work, stream: Stream, window: Reading) -> None:
    reading = reader(work, stream, Phase.CHANGES, expected=0, shared=False)
    await reading.run([window])
    await work.db(write.changes_proved, work.site, stream, window.end, work.run.pk, work.fence)


async def _acquaint(work: Work, stream: Stream, pages: int) -> None:
    """Let the planner know a table that grows from nothing, ever less often as it grows."""
    if pages in ANALYSED:
        for table in streams.grown_by(stream):
            await work.db(tables.analyse, table)


def reader(work: Work, stream: Stream, phase: Phase, *, expected: int, shared: bool) -> PhaseReader:
    counted = phase == Phase.LOAD
    pages = 0

    async def commit(window: Reading, page: Page, done: bool) -> None:
        nonlocal counted, pages
        if not counted:
            counted = True
            await _expect(work, stream, window, page)
        work.latest = max(work.latest, page.upstream_now)
        kept = window.keep(page.records)
        mine = replace(page, records=kept)
        reached = window.when(page.records[-1]) if page.records else window.fetched
        checkpoint = Checkpoint(window.id, page.cursor, reached, done)
        await work.apply(stream, phase, mine, checkpoint)
        pages += 1
        if phase == Phase.LOAD:
            await _acquaint(work, stream, pages)

    async def cut(window: Reading, middle: datetime) -> Reading:
        return await work.db(windows.cut, window, middle, run_id=work.run.pk, fence=work.fence)

    return PhaseReader(
        line=work.line,
        stream=stream,
        commit=commit,
        slots=work.slots,
        cut=cut if shared else None,
        expected=expected,
    )


async def _expect(work: Work, stream: Stream, window: Reading, page: Page) -> None:
    """How much there is to read: the page itself says when it is the only one; else upstream is
    asked, so that a quiet night costs no request for a count."""
    total, requests = len(page.records), 0
    if page.cursor is not None:
        count = await work.line.count(stream, window.query())
        total, requests = max(count.total, PAGE), count.requests
    await work.db(write.asked, work.run.pk, stream, requests)
    await work.db(write.expect, work.run.pk, stream, total)


async def _adopt(work: Work) -> None:
    """Link what arrived before its payer; fetch payers that are missing by name."""
    missing = await work.db(payers.missing_payers, work.site.pk)
    if missing:
        page = await work.line.by_ids(Stream.ACCOUNTS, missing)
        await work.apply(Stream.ACCOUNTS, Phase.CHANGES, page, None)
    await work.db(_adopt_orphans, work.site.pk, work.run.pk, work.fence, work.now)


def _adopt_orphans(site_id: int, run_id: int, fence: int, now: datetime) -> None:
    with transaction.atomic():  # linked and to be refreshed, or neither
        touch(recognition.adopt_orphans(site_id), now)
        disagreement.review_open(Site.objects.get(pk=site_id), now)
        lease.guard(run_id, fence)
