"""Reading the windows of one phase: pages in flight, committed in order, the next one on its way
while the last is applied."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tenure.core.errors import PermanentError
from tenure.sources.base import Connection, CursorRefused, Page, Stream
from tenure.sync.windows import Reading

READERS = 8
# Pages that are asked for or being read: more than the connection asks for at once, so that one which is
# being read takes no request's place.
IN_HAND = 12
PAGE = 200
WORTH_A_READER = 4  # pages left for each reader; fewer, and a cut costs more than it saves
RESTARTS = 3

Commit = Callable[[Reading, Page, bool], Coroutine[None, None, None]]
Cut = Callable[[Reading, datetime], Awaitable[Reading]]


@dataclass(slots=True)
class PhaseReader:
    """Reads a set of windows of one stream to their ends.

    ``commit(window, page, done)`` applies a page with its checkpoint; ``cut`` shares a window out,
    and is None where the order of reading matters. ``expected`` is how many records there are.
    """

    line: Connection
    stream: Stream
    commit: Commit
    slots: asyncio.Semaphore
    cut: Cut | None = None
    expected: int = 0
    read: int = 0
    active: dict[int, Reading] = field(default_factory=dict)
    sharing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, windows: Sequence[Reading]) -> None:
        """Returns when every window has been read and committed; raises the first failure."""
        async with asyncio.TaskGroup() as group:
            for window in windows:
                self._start(group, window)

    def _start(self, group: asyncio.TaskGroup, window: Reading) -> None:
        self.active[window.id] = window
        group.create_task(self._read(group, window))

    async def _read(self, group: asyncio.TaskGroup, window: Reading) -> None:
        applying: asyncio.Task[None] | None = None
        guard = _CursorGuard(self.stream)
        done = False
        while not done:
            page = await self._fetch(window, guard)
            guard.check(page)
            window.cursor = page.cursor
            if page.records:
                window.fetched = window.when(page.records[-1])
            self.read += len(page.records)
            if applying:
                await applying
            done = page.cursor is None or window.overran(page.records)
            applying = group.create_task(self.commit(window, page, done))
            if not done:
                await self._share(group)
        if applying:
            await applying
        del self.active[window.id]
        await self._share(group)

    async def _fetch(self, window: Reading, guard: "_CursorGuard") -> Page:
        while True:
            try:
                async with self.slots:
                    return await self.line.page(self.stream, window.query(), window.cursor)
            except CursorRefused:
                # The window is read again from its start; what is already here will not change.
                guard.restart()
                window.cursor = None

    async def _share(self, group: asyncio.TaskGroup) -> None:
        """Give free readers something to do, as long as there is enough left for each."""
        async with self.sharing:  # two cuts at once could take the same window
            while self.cut and self.active:
                pages_left = (self.expected - self.read) / PAGE
                if len(self.active) >= min(READERS, pages_left / WORTH_A_READER):
                    return
                longest = max(self.active.values(), key=_time_left)
                middle = longest.middle()
                if middle is None:
                    return
                self._start(group, await self.cut(longest, middle))


def _time_left(window: Reading) -> float:
    begin = window.fetched or window.begin
    return (window.end - begin).total_seconds() if begin else 0.0


class _CursorGuard:
    """Stops a list that leads in a circle (F7), and one that is read from its start for ever (F8)."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.met: set[str] = set()
        self.restarts = 0

    def restart(self) -> None:
        """The list begins again, and may lead past the same places. Raises PermanentError."""
        self.met.clear()
        self.restarts += 1
        if self.restarts > RESTARTS:
            raise PermanentError(
                f"{self.stream}: the cursor was refused, {self.restarts} times over.",
                next_step="Run the sync again later; if it stays, report it to the vendor.",
            )

    def check(self, page: Page) -> None:
        if page.cursor is None:
            return
        if page.cursor in self.met:
            raise PermanentError(
                f"{self.stream}: the list leads back to a page already read.",
                next_step="Run the sync again; if it stays, report it to the vendor.",
            )
        self.met.add(page.cursor)
