"""The proof behind ``complete``: the daily re-read, the daily count, the sweep by ids.

A count that differs starts a sweep; only what its own address denies is removed here, and a
stream that seems to lose more than a few per cent at once is left alone until a person looks
(RELIABILITY rule 2.5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenure.sources.base import LISTED, By, Stream, Window
from tenure.sync import phases, read, sweep, windows, write
from tenure.sync.models import Mark, Phase
from tenure.sync.work import Work

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
BY_IDS = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """What keeps a run from being complete, in a sentence, and what a person can do about it."""

    sentence: str
    next_step: str


async def reconcile(work: Work) -> list[Difference]:
    """Do the checks that are due. The differences that remain; none is the proof."""
    differences: list[Difference] = []
    for stream in LISTED:
        mark = await work.db(write.mark, work.site, stream)
        if mark.loaded_at is None:
            continue  # the site does not offer it
        await _volatile(work, stream, mark)
        differences += await _counted(work, stream, mark)
    return differences


def volatile_is_due(mark: Mark, upstream_now: datetime) -> bool:
    """Whether a day has passed since what time alone may change was last read again."""
    return mark.volatile_at is None or upstream_now - mark.volatile_at >= DAY


async def _volatile(work: Work, stream: Stream, mark: Mark) -> None:
    """Re-read what time alone may have changed, once a day by upstream's clock."""
    if not volatile_is_due(mark, work.upstream_now):
        return
    met: set[str] = set()
    page = await work.line.volatile(stream)
    while page:
        await work.apply(stream, Phase.VOLATILE, page, None)
        met |= {r.upstream_id for r in page.records}
        page = await work.line.volatile(stream, page.cursor) if page.cursor else None
    left = [i for i in await work.db(read.unsettled, work.site.pk, stream) if i not in met]
    await _by_ids(work, stream, Phase.VOLATILE, left)
    await work.db(write.checked, mark, volatile_at=work.upstream_now)


async def _by_ids(work: Work, stream: Stream, phase: Phase, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), BY_IDS):
        page = await work.line.by_ids(stream, ids[start : start + BY_IDS])
        await work.apply(stream, phase, page, None)


async def _counted(work: Work, stream: Stream, mark: Mark) -> list[Difference]:
    asked = work.run.sweep or await work.db(windows.any_of, work.site.pk, stream, Phase.SWEEP)
    if asked or mark.swept_at is None or work.upstream_now - mark.swept_at >= WEEK:
        # The first load read every id; the weekly sweep counts from there.
        if asked or mark.swept_at:
            return await _sweep(work, stream, mark)
        await work.db(write.checked, mark, swept_at=mark.loaded_at)
    if mark.counted_at and work.upstream_now - mark.counted_at < DAY:
        return []
    if await _equal(work, stream, mark):
        return []
    return await _sweep(work, stream, mark)


async def _equal(work: Work, stream: Stream, mark: Mark) -> bool:
    """Compare upstream's count with ours, both of what existed at the frozen end."""
    if stream not in read.COUNTED:
        return True
    until = Window(By.CREATED, None, work.upstream_now)
    count = await work.line.count(stream, until)
    held = await work.db(read.local_count, work.site.pk, stream, work.upstream_now)
    await work.db(write.asked, work.run.pk, stream, count.requests)
    await work.db(
        write.checked,
        mark,
        counted_at=work.upstream_now,
        upstream_count=count.total,
        local_count=held,
    )
    return count.total == held


async def _sweep(work: Work, stream: Stream, mark: Mark) -> list[Difference]:
    """Read every id, then ask by name for what is here and was not met."""
    if stream not in read.COUNTED:
        return []
    end = work.upstream_now
    if not await work.db(windows.any_of, work.site.pk, stream, Phase.SWEEP):
        await work.db(sweep.forget, work.site.pk, stream)
        whole = Window(By.CREATED, None, end)
        await work.db(windows.open_window, work.site.pk, stream, Phase.SWEEP, whole)
    parts = await work.db(windows.unfinished, work.site.pk, stream, Phase.SWEEP)
    count = await work.line.count(stream, Window(By.CREATED, None, end))
    await work.db(write.asked, work.run.pk, stream, count.requests)
    await work.db(write.expect, work.run.pk, stream, count.total)
    await phases.reader(work, stream, Phase.SWEEP, expected=count.total, shared=True).run(parts)
    vanished = await work.db(sweep.vanished, work.site.pk, stream)
    refused = await _remove(work, stream, vanished)
    await work.db(windows.close, work.site.pk, stream, Phase.SWEEP)
    await work.db(sweep.forget, work.site.pk, stream)
    await work.db(write.checked, mark, swept_at=end)
    if refused:
        return [refused]
    return [] if await _equal(work, stream, mark) else [_difference(work, stream, mark)]


async def _remove(work: Work, stream: Stream, vanished: Sequence[str]) -> Difference | None:
    held = await work.db(read.local_count, work.site.pk, stream, work.upstream_now)
    name = work.site.subdomain
    if sweep.too_many(len(vanished), held) and not work.run.remove_missing:
        return Difference(
            f"{name}: {len(vanished):,} of {held:,} {_spoken(stream)} are no longer listed; none"
            " was removed, because so many at once is more likely a fault than the truth.",
            f"Look at {name} itself. If they are gone for good, say so with:"
            f" tenure sweep {name} --remove-missing.",
        )
    gone = [i for i in vanished if not await work.line.exists(stream, i)]
    await work.db(sweep.remove, work.site.pk, stream, gone, work.first.applier, work.upstream_now)
    return None


def _difference(work: Work, stream: Stream, mark: Mark) -> Difference:
    name = work.site.subdomain
    return Difference(
        f"{name}: upstream counts {mark.upstream_count:,} {_spoken(stream)},"
        f" here are {mark.local_count:,}.",
        f"Run tenure sweep {name}; if it says the same again, look at its quarantine.",
    )


def _spoken(stream: Stream) -> str:
    return stream.replace("_", " ")
