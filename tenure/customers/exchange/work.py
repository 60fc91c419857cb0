"""An import at work, a chunk at a time. Each chunk commits with how far it is, so that whoever takes
the import up after a crash goes on from there and nothing is done twice."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from types import ModuleType

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from tenure.core.chunks import chunks
from tenure.core.errors import TenureError
from tenure.customers.exchange import accounts, contacts, undoing
from tenure.customers.exchange.accounts import Act
from tenure.customers.exchange.columns import ACCOUNTS, CONTACTS
from tenure.customers.exchange.outcome import FIRST, Outcome
from tenure.customers.exchange.reading import Form, Line, lines
from tenure.customers.exchange.rows import Reader, Row
from tenure.customers.models import Import, ImportPart, ImportReject, ImportState, Origin
from tenure.customers.write import By

CHUNK = 500
ATTEMPTS = 3
WORKING = (ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING)
_KINDS: dict[str, ModuleType] = {ACCOUNTS: accounts, CONTACTS: contacts}

Touch = Callable[[set[int]], None]
Watch = Callable[[int, int], None]


def unwatched(done: int, total: int) -> None:  # nobody looks
    """For work that nobody watches."""


class Elsewhere(Exception):
    """Another worker has this import, or somebody stopped it."""


def carry_out(import_id: int, now: datetime, *, touch: Touch, watch: Watch) -> Import:
    """Check, apply or undo an import, whichever was asked for, to its end.

    ``touch`` is told the accounts of each chunk in its transaction; ``watch`` how far it is.
    """
    job = Import.objects.select_related("member", "change_set").get(pk=import_id)
    if job.state not in WORKING:
        return job
    try:
        if job.state == ImportState.UNDOING:
            undoing.carry_out(job, now, touch=touch, watch=watch)
        else:
            _patiently(job, now, touch, watch)
    except Elsewhere:
        pass
    except TenureError as error:
        Import.objects.filter(pk=job.pk, state=job.state).update(
            state=ImportState.FAILED, reason=str(error), finished_at=Now()
        )
    return Import.objects.get(pk=import_id)


def parts_of(job: Import) -> Iterator[bytes]:
    """The uploaded file, a stretch at a time."""
    numbers = ImportPart.objects.filter(of=job).order_by("number").values_list("pk", flat=True)
    for part in list(numbers):
        yield bytes(ImportPart.objects.values_list("content", flat=True).get(pk=part))


def lines_of(job: Import) -> Iterator[Line]:
    """The rows of the file without its head."""
    found = lines(parts_of(job), Form(job.encoding, job.delimiter))
    next(found, None)
    return found


def _patiently(job: Import, now: datetime, touch: Touch, watch: Watch) -> None:
    for attempt in range(ATTEMPTS):
        try:
            return _rows_through(job, now, touch, watch)
        except IntegrityError:  # a sync made one of the accounts between our looking and our making
            if attempt == ATTEMPTS - 1:
                raise
            job.refresh_from_db()
    return None


def _rows_through(job: Import, now: datetime, touch: Touch, watch: Watch) -> None:
    reader, seen = Reader(job), set[int]()
    found = (reader.read(line) for line in lines_of(job))
    for done in chunks(islice(found, job.done_rows), CHUNK):
        _weigh(job, done, seen)  # only to know again which accounts they were about
    for chunk in chunks(found, CHUNK):
        _one(job, chunk, seen, now, touch)
        watch(job.done_rows, job.total_rows)
    _finish(job)


def _weigh(job: Import, chunk: list[Row], seen: set[int]) -> None:
    with transaction.atomic():
        _KINDS[job.kind].weigh(chunk, seen)


def _one(job: Import, chunk: list[Row], seen: set[int], now: datetime, touch: Touch) -> None:
    with transaction.atomic():
        claim(job)
        kind = _KINDS[job.kind]
        weighed = kind.weigh(chunk, seen)
        if job.state == ImportState.APPLYING:
            by = By(Origin.CSV, job.member, job.file_name)
            touch(kind.apply(weighed, by, Act(job.change_set, now)))
        _keep(job, weighed.outcome)
        job.done_rows += len(chunk)
        job.beat_at = Now()
        job.save(update_fields=["counts", "samples", "done_rows", "beat_at"])


def claim(job: Import) -> None:
    """Hold the import until the transaction ends. Raises Elsewhere when it is not where we left it."""
    held = Import.objects.select_for_update(no_key=True).get(pk=job.pk)
    if (held.state, held.done_rows) != (job.state, job.done_rows):
        raise Elsewhere


def _keep(job: Import, outcome: Outcome) -> None:
    job.counts = {name: job.counts.get(name, 0) + n for name, n in outcome.counts.items()}
    job.samples = {
        name: [*job.samples.get(name, []), *rows][:FIRST] for name, rows in outcome.samples.items()
    }
    ImportReject.objects.bulk_create(
        [
            ImportReject(of=job, line=row.line.number, cells=row.line.cells, reason=row.reason)
            for row in outcome.rejected
        ],
        ignore_conflicts=True,
    )


def _finish(job: Import) -> None:
    applied = job.state == ImportState.APPLYING
    with transaction.atomic():
        claim(job)
        job.state = ImportState.DONE if applied else ImportState.CHECKED
        job.finished_at = Now() if applied else None
        job.save(update_fields=["state", "finished_at"])
        if applied:
            ImportPart.objects.filter(of=job).delete()  # kept no longer than it is needed
