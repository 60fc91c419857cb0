"""The page transaction: rows, effects, counts and checkpoint commit together or not at all."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from tenure.connections.models import Site
from tenure.customers import attributes
from tenure.customers.landing import Batch
from tenure.customers.models import ChangeSet
from tenure.customers.touched import touch
from tenure.sources.base import Page, Rejected, Stream
from tenure.sources.records import Record
from tenure.sync import lease, quarantine, write
from tenure.sync.models import Phase, Seen
from tenure.sync.payloads import PayloadKeeper
from tenure.sync.streams import Outcome, land_page

log = logging.getLogger(__name__)
TIMES_GIVEN_UP = 5  # a page that is given up more often than that has another trouble


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a window is once the page is in: its next cursor, the newest time seen, the end."""

    window_id: int
    cursor: str | None
    reached: datetime | None
    done: bool


@dataclass(slots=True)
class Applier:
    """Commits pages for one run of one site, presenting the run's fencing number each time.

    ``quarantined`` is shared among the run's lanes: what one put there another may take away.
    """

    site: Site
    run_id: int
    fence: int
    change_set: ChangeSet
    now: datetime
    payloads: PayloadKeeper
    quarantined: dict[Stream, set[str]] = field(default_factory=dict)

    def apply(
        self,
        stream: Stream,
        phase: Phase,
        page: Page,
        checkpoint: Checkpoint | None,
    ) -> Outcome:
        """Commit one page. LostLease when another worker has taken over: then nothing is written.

        When the database gives the page up to end a deadlock, it is committed anew at once: whoever
        it stood against has gone on.
        """
        for _ in range(TIMES_GIVEN_UP):
            try:
                return self._apply(stream, phase, page, checkpoint)
            except (OperationalError, psycopg.OperationalError) as error:
                if not isinstance(error.__cause__ or error, psycopg.errors.DeadlockDetected):
                    raise
                log.info("run %s: a page of %s met a deadlock", self.run_id, stream)
                self.payloads.forget(stream)
        return self._apply(stream, phase, page, checkpoint)

    def _apply(
        self, stream: Stream, phase: Phase, page: Page, checkpoint: Checkpoint | None
    ) -> Outcome:
        with transaction.atomic():
            _tuned_for_a_page()
            if self.site.staged:
                _look_whether_activated(self.site)
            outcome, rejected = self._land(stream, page.records)
            rejected = [*page.rejected, *rejected]
            written = [r for r in page.records if r.upstream_id in outcome.written]
            self.payloads.keep(stream, written)
            bad, better = self._quarantine(stream, rejected, page.records)
            touch(outcome.accounts, self.now)
            if phase == Phase.SWEEP:
                _see(self.site.pk, stream, page.records, rejected)
            if checkpoint:
                _save(checkpoint)
            self._count(stream, phase, page, outcome, len(rejected))
            if page.notices:
                write.note(self.run_id, stream, page.notices)
            # Last, because its lock keeps every other page of the run from committing meanwhile.
            lease.guard(self.run_id, self.fence)
        self.quarantined[stream].difference_update(better)
        self.quarantined[stream].update(bad)
        return outcome

    def _land(
        self, stream: Stream, records: Sequence[Record]
    ) -> tuple[Outcome, Sequence[Rejected]]:
        batch = Batch(self.site.pk, self.change_set, self.now)
        try:
            with transaction.atomic():
                return land_page(stream, self.site, records, batch), ()
        except (DataError, IntegrityError):
            return self._land_one_by_one(stream, records, batch)

    def _land_one_by_one(
        self, stream: Stream, records: Sequence[Record], batch: Batch
    ) -> tuple[Outcome, Sequence[Rejected]]:
        """One record the tables cannot hold must not stop the page (FACTS section 18.7)."""
        total, rejected = Outcome(), []
        for record in records:
            try:
                with transaction.atomic():
                    total.add(land_page(stream, self.site, [record], batch))
            except (DataError, IntegrityError) as error:
                reason = str(error).strip().splitlines()[0]
                rejected.append(Rejected(record.upstream_id, reason, record.payload))
        return total, rejected

    def _quarantine(
        self, stream: Stream, rejected: Sequence[Rejected], records: Sequence[Record]
    ) -> tuple[set[str], set[str]]:
        """Keep what could not be read; the ids that are in quarantine now, and that are no longer."""
        if stream not in self.quarantined:
            known = quarantine.open_ids(self.site.pk, stream)
            self.quarantined.setdefault(stream, known)  # another lane may have been first
        held = self.quarantined[stream]
        bad = {r.upstream_id for r in rejected if r.upstream_id}
        good = {r.upstream_id for r in records} - bad
        if held & good:
            quarantine.resolve(self.site.pk, stream, held & good, self.now)
        if rejected:
            quarantine.keep(self.site.pk, stream, rejected, run_id=self.run_id, now=self.now)
        return bad, good

    def _count(
        self, stream: Stream, phase: Phase, page: Page, outcome: Outcome, rejected: int
    ) -> None:
        values: dict[str, Any] = {
            "run": self.run_id,
            "stream": str(stream),
            "phase": str(phase),
            "read": len(page.records) + len(page.rejected),
            "created": outcome.created,
            "updated": outcome.updated,
            "unchanged": outcome.unchanged,
            "overridden": outcome.overridden,
            "quarantined": rejected,
            "requests": page.requests,
        }
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, values)


# What every page does is written out: to compose such statements anew takes as long as to run them.
_COUNTED = "read created updated unchanged overridden quarantined requests".split()
_COUNT = (
    f"UPDATE sync_streamrun SET phase = %(phase)s, {', '.join(f'{n} = {n} + %({n})s' for n in _COUNTED)}"  # noqa: S608
    " WHERE run_id = %(run)s AND stream = %(stream)s"
)
_CHECKPOINT = "UPDATE sync_windowread SET cursor = %s, reached = %s, done = %s, pages = pages + 1 WHERE id = %s"

# A page lost with its checkpoint to a power cut is read again, so waiting for the disk on every
# page buys nothing. A page only looks rows up by key; where a table has just grown, the planner does
# not know that yet and would read all of it instead.
_FOR_A_PAGE = "; ".join(
    f"SET LOCAL {name} = off"
    for name in ("synchronous_commit", "enable_seqscan", "enable_hashjoin", "enable_mergejoin")
)


def _tuned_for_a_page() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FOR_A_PAGE)


def _look_whether_activated(site: Site) -> None:
    """A run that began while its site was staged makes accounts from the page on that comes after
    the activation, by the modes chosen then: its own were of no consequence so far."""
    attributes.hold()  # activation waits for pages that still take the site for staged
    now = Site.objects.filter(pk=site.pk).first()
    if now and not now.staged:
        site.staged = False
        site.accounts_mode, site.subscriptions_mode = now.accounts_mode, now.subscriptions_mode


def _save(checkpoint: Checkpoint) -> None:
    values = (checkpoint.cursor, checkpoint.reached, checkpoint.done, checkpoint.window_id)
    with connection.cursor() as cursor:
        cursor.execute(_CHECKPOINT, values)


def _see(
    site_id: int, stream: Stream, records: Sequence[Record], rejected: Sequence[Rejected]
) -> None:
    ids = {r.upstream_id for r in records} | {r.upstream_id for r in rejected if r.upstream_id}
    Seen.objects.bulk_create(
        [Seen(site_id=site_id, stream=stream, upstream_id=i) for i in ids], ignore_conflicts=True
    )
