"""Reading what changed upstream as a run would: the same windows, pages and pacing, nothing kept.

Invoices, transactions and credits follow in every mode, whatever a plan says; of these only the
number that changed is asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace

from tenure.connections.models import Site
from tenure.customers import landing
from tenure.customers.landing import Pending
from tenure.sources.base import By, Connection, Page, Rejected, Stream, StreamUnavailable, Window
from tenure.sources.records import BillingAccount, CustomFieldDefinition, Record, Subscription
from tenure.sync import phases, proof, read
from tenure.sync.models import Mark
from tenure.sync.reading import IN_HAND, PhaseReader
from tenure.sync.streams import TABLES
from tenure.sync.windows import Reading

T = TypeVar("T")

# Read in this order, as a run does; the others are facts that follow in every mode.
PLANNED = (Stream.CUSTOM_FIELDS, Stream.ACCOUNTS, Stream.SUBSCRIPTIONS)
FOLLOWING = (Stream.PLANS, Stream.INVOICES, Stream.TRANSACTIONS, Stream.CREDIT_PAYMENTS)


class Database(Protocol):
    """Runs a function where there is a database connection, outside the event loop."""

    def __call__(self, act: Callable[..., T], /, *args: Any) -> Awaitable[T]: ...


# asyncio puts what its main task returned into words, twice: of a million records that takes minutes.
@dataclass(slots=True, repr=False)
class Upstream:
    """What upstream holds that a run would write, by upstream id; ``known`` are the ids that are
    here already. ``has_definitions`` once the custom fields were read whole. ``end`` is how far it
    was read, ``following`` how many records of the facts
    changed, ``notes`` what a person should know about the reading."""

    end: datetime
    definitions: list[CustomFieldDefinition] = field(default_factory=list)
    has_definitions: bool = False
    accounts: dict[str, BillingAccount] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    known: dict[Stream, set[str]] = field(default_factory=dict)
    rejected: dict[tuple[Stream, str], Rejected] = field(default_factory=dict)
    following: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    read: int = 0
    requests: int = 0


@dataclass(slots=True)
class ChangesReader:
    """Reads one site's changes into an ``Upstream``."""

    line: Connection
    site: Site
    db: Database
    found: Upstream
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_HAND))

    async def read_everything(self, marks: dict[str, Mark]) -> Upstream:
        """Read the planned streams to ``found.end`` and count the others."""
        for stream in PLANNED:
            try:
                await self._stream(stream, marks.get(stream))
            except StreamUnavailable as error:
                self.found.notes.append(str(error))
        for stream in FOLLOWING:
            await self._count(stream, marks.get(stream))
        return self.found

    async def _stream(self, stream: Stream, mark: Mark | None) -> None:
        window = self._window(mark)
        if stream == Stream.CUSTOM_FIELDS:
            window = Window(By.CREATED, None, self.found.end)  # whole, as every run reads them
        whole = window.begin is None
        expected = 0
        if whole:
            counted = await self.line.count(stream, window)
            expected = counted.total
            self.found.requests += counted.requests
        ids = count(2)
        end = self.found.end
        first = Reading(1, window.by, window.begin, end, last=True, cursor=None, fetched=None)

        async def commit(window: Reading, page: Page, done: bool) -> None:  # noqa: ARG001
            await self._take(stream, page, window.keep(page.records))

        async def cut(window: Reading, middle: datetime) -> Reading:
            rest = Reading(next(ids), window.by, middle, window.end, window.last, None, None)
            window.end, window.last = middle, False
            return rest

        reader = PhaseReader(
            self.line, stream, commit, self.slots, cut if whole else None, expected
        )
        await reader.run([first])
        self.found.has_definitions |= stream == Stream.CUSTOM_FIELDS
        if mark and not whole and proof.volatile_is_due(mark, end):
            await self._volatile(stream)

    def _window(self, mark: Mark | None) -> Window:
        """What a run would read: everything by age, or what changed since the mark."""
        if mark is None or mark.loaded_at is None or mark.mark is None:
            return Window(By.CREATED, None, self.found.end)
        return Window(By.UPDATED, mark.mark - phases.OVERLAP, self.found.end)

    async def _volatile(self, stream: Stream) -> None:
        met: set[str] = set()
        page = await self.line.volatile(stream)
        while page:
            await self._take(stream, page, page.records)
            met |= {record.upstream_id for record in page.records}
            page = await self.line.volatile(stream, page.cursor) if page.cursor else None
        unsettled = await self.db(read.unsettled, self.site.pk, stream)
        left = [i for i in unsettled if i not in met]
        for start in range(0, len(left), proof.BY_IDS):
            page = await self.line.by_ids(stream, left[start : start + proof.BY_IDS])
            await self._take(stream, page, page.records)

    async def _count(self, stream: Stream, mark: Mark | None) -> None:
        try:
            counted = await self.line.count(stream, self._window(mark))
        except StreamUnavailable as error:
            self.found.notes.append(str(error))
            return
        self.found.requests += counted.requests
        self.found.following[stream] = counted.total

    async def _take(self, stream: Stream, page: Page, records: Sequence[Record]) -> None:
        found = self.found
        found.requests += page.requests
        found.read += len(page.records) + len(page.rejected)
        found.notes += [notice for notice in page.notices if notice not in found.notes]
        for one in page.rejected:
            found.rejected[stream, one.upstream_id or one.payload.hex()[:64]] = one
        if stream == Stream.CUSTOM_FIELDS:
            found.definitions += [r for r in records if isinstance(r, CustomFieldDefinition)]
        elif records:
            args = (TABLES[stream], records, self.site.pk)
            self._keep(stream, await self.db(landing.pending, *args))

    def _keep(self, stream: Stream, pending: Pending) -> None:
        self.found.known.setdefault(stream, set()).update(pending.known)
        for record in pending.fresh:
            kept = self._kept(record)
            before = kept.get(record.upstream_id)
            if before is None or before.updated_at <= record.updated_at:
                # The payload is most of a record and decides nothing here.
                kept[record.upstream_id] = replace(record, payload=b"")

    def _kept(self, record: Record) -> dict[str, Any]:
        found: dict[type[Record], dict[str, Any]] = {
            BillingAccount: self.found.accounts,
            Subscription: self.found.subscriptions,
        }
        return found[type(record)]
