"""Windows: the stretches a stream is read in, kept in the database so that any run can go on.

A large first load is shared out while it runs: whenever a reader is free, the window with most
time left is cut in two. That needs no guess about how records spread over the years, and costs at
most one part-filled page a cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from tenure.sources.base import By, Window
from tenure.sources.records import Record
from tenure.sync import lease
from tenure.sync.models import Phase, WindowRead

SECOND = timedelta(seconds=1)  # upstream's timestamps have no fractions (FACTS section 5)


@dataclass(slots=True)
class Reading:
    """A window in a reader's hands. ``fetched`` is the newest time fetched, ahead of the commit."""

    id: int
    by: By
    begin: datetime | None
    end: datetime
    last: bool
    cursor: str | None
    fetched: datetime | None

    def query(self) -> Window:
        """What to ask the source for. Both of its ends are inclusive; ``keep`` makes ours exact."""
        return Window(self.by, self.begin, self.end)

    def when(self, record: Record) -> datetime:
        """The time this window is cut by."""
        return record.created_at if self.by == By.CREATED else record.updated_at

    def keep(self, records: Sequence[Record]) -> list[Record]:
        """Those that belong to this window: the next one begins where it ends."""
        return [r for r in records if self.last or self.when(r) < self.end]

    def overran(self, records: Sequence[Record]) -> bool:
        """Whether the page went past the end, which a cut may have moved after it was asked for."""
        return not self.last and bool(records) and self.when(records[-1]) >= self.end

    def middle(self) -> datetime | None:
        """Where it can be cut, a whole second; None when too little is left, or nothing is known."""
        begin = self.fetched or self.begin
        if begin is None or self.end - begin < 4 * SECOND:
            return None
        middle = (begin + (self.end - begin) / 2).replace(microsecond=0)
        return middle if begin < middle < self.end else None


def unfinished(site_id: int, stream: str, phase: Phase) -> list[Reading]:
    """Windows of this phase still to be read on, oldest first."""
    rows = WindowRead.objects.filter(site_id=site_id, stream=stream, phase=phase, done=False)
    return [_reading(row) for row in rows]


def any_of(site_id: int, stream: str, phase: Phase) -> bool:
    """Whether this phase was begun and is not proved yet."""
    return WindowRead.objects.filter(site_id=site_id, stream=stream, phase=phase).exists()


def open_window(site_id: int, stream: str, phase: Phase, window: Window) -> Reading:
    """A new window over the whole of ``window``, which must have an end."""
    if window.end is None:
        raise ValueError("a window that is kept needs a frozen end")
    row = WindowRead.objects.create(
        site_id=site_id,
        stream=stream,
        phase=phase,
        by=window.by,
        begin=window.begin,
        end=window.end,
    )
    return _reading(row)


def cut(reading: Reading, middle: datetime, *, run_id: int, fence: int) -> Reading:
    """Shorten ``reading`` to end before ``middle`` and return the window that begins there."""
    with transaction.atomic():
        row = WindowRead.objects.select_for_update().get(pk=reading.id)
        rest = WindowRead.objects.create(
            site_id=row.site_id,
            stream=row.stream,
            phase=row.phase,
            by=row.by,
            begin=middle,
            end=row.end,
            last=row.last,
        )
        row.end, row.last = middle, False
        row.save(update_fields=["end", "last"])
        lease.guard(run_id, fence)  # after the window's lock, in the order pages take the two
    reading.end, reading.last = middle, False
    return _reading(rest)


def close(site_id: int, stream: str, phase: Phase) -> None:
    """The phase is proved; its windows are no longer needed."""
    WindowRead.objects.filter(site_id=site_id, stream=stream, phase=phase).delete()


def _reading(row: WindowRead) -> Reading:
    return Reading(
        id=row.pk,
        by=By(row.by),
        begin=row.begin,
        end=row.end,
        last=row.last,
        cursor=row.cursor,
        fetched=row.reached,
    )
