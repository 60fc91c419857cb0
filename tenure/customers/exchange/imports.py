"""An import from its upload to its end: what people and commands ask of it, each step once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.expressions import CombinedExpression, Value
from django.db.models.functions import Now
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from tenure.access.models import Member
from tenure.customers import fields
from tenure.customers.exchange import columns, formats
from tenure.customers.exchange.columns import ATTRIBUTE, NEW
from tenure.customers.exchange.formats import Ways
from tenure.customers.exchange.reading import (
    DELIMITERS,
    ENCODINGS,
    LARGEST_FILE,
    MOST_COLUMNS,
    MOST_ROWS,
    Form,
    Line,
    Unusable,
    delimiter_of,
    encoding_of,
    lines,
)
from tenure.customers.exchange.work import WORKING, lines_of, parts_of
from tenure.customers.history import open_set
from tenure.customers.models import (
    Attribute,
    AttributeKind,
    Import,
    ImportPart,
    ImportReject,
    ImportState,
    Origin,
)
from tenure.customers.revert import reverted_by
from tenure.customers.write import ValueRefused

JOB = "carry_out_import"
PART = 256 * 1024
LOOKED_AT = 2_000  # rows that tell how a column writes its values
KEPT_DAYS = 7
REJECTS_KEPT_DAYS = 30
STALE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Formats:
    """How the number and date columns of an import can be read."""

    numbers: Ways
    dates: Ways


def upload(
    kind: str,
    file_name: str,
    content: Iterable[bytes],
    *,
    member: Member | None,
    encoding: str = "",
    delimiter: str = "",
) -> Import:
    """Take a file in, find out how it is written and what its columns probably are.

    Raises Unusable, with nothing kept, for a file that is too large or no CSV.
    """
    with transaction.atomic():
        job = Import(kind=kind, file_name=file_name[:200], member=member, size=0, created_at=Now())
        job.save()
        job.size = _store(job, content)
        read_as(job, encoding, delimiter)
    return Import.objects.get(pk=job.pk)


def read_as(job: Import, encoding: str = "", delimiter: str = "") -> None:
    """Read the file with this encoding and separator; what is not said is found out again."""
    if encoding and encoding not in ENCODINGS:
        raise ValueRefused("encoding", f"There is no encoding {encoding!r}.")
    if delimiter and delimiter not in DELIMITERS:
        raise ValueRefused("delimiter", f"Columns cannot be separated by {delimiter!r}.")
    job.encoding = encoding or encoding_of(parts_of(job))
    job.delimiter = delimiter or delimiter_of(parts_of(job), job.encoding)
    found = lines(parts_of(job), Form(job.encoding, job.delimiter))
    head = next(found, None)
    if head is None:
        raise Unusable(
            "This file has no rows.", next_step="Upload one whose first row names its columns."
        )
    if len(head.cells) > MOST_COLUMNS:
        raise Unusable(f"This file has {len(head.cells)} columns; at most {MOST_COLUMNS} are read.")
    job.columns = [cell.strip() for cell in head.cells]
    job.total_rows = _counted(found)
    job.mapping = columns.suggested(job.kind, job.columns)
    job.numbers, job.dates, job.state = "", "", ImportState.UPLOADED
    job.save()


def _store(job: Import, content: Iterable[bytes]) -> int:
    held, number, size = b"", 0, 0
    for piece in content:
        held += piece
        size += len(piece)
        if size > LARGEST_FILE:
            raise Unusable(
                f"This file is larger than {LARGEST_FILE // 2**20} MB.",
                next_step="Split it into several files.",
            )
        while len(held) >= PART:
            ImportPart.objects.create(of=job, number=number, content=held[:PART])
            held, number = held[PART:], number + 1
    if held or not number:
        ImportPart.objects.create(of=job, number=number, content=held)
    return size


def _counted(found: Iterator[Line]) -> int:
    count = 0
    for _ in found:
        count += 1
        if count > MOST_ROWS:
            raise Unusable(
                f"This file has more than {MOST_ROWS:,} rows.",
                next_step="Split it into several files.",
            )
    if not count:
        raise Unusable("This file has only a head and no rows.")
    return count


def first_rows(job: Import, number: int = 5) -> list[Line]:
    """The first rows of the file, below its head."""
    return list(islice(lines_of(job), number))


def ways(job: Import, mapping: Sequence[str]) -> Formats:
    """How the columns that become numbers and dates can be read, told from the first rows."""
    kinds = columns.kinds_of(mapping)
    numeric = [place for place, kind in enumerate(kinds) if columns.is_numeric(kind)]
    dated = [place for place, kind in enumerate(kinds) if kind == AttributeKind.DATE]
    numbers: list[str] = []
    dates: list[str] = []
    if numeric or dated:
        for line in islice(lines_of(job), LOOKED_AT):
            numbers += [line.cells[place] for place in numeric if place < len(line.cells)]
            dates += [line.cells[place] for place in dated if place < len(line.cells)]
    return Formats(formats.number_ways(numbers), formats.date_ways(dates))


def choose(
    job: Import,
    mapping: Sequence[str],
    *,
    numbers: str = "",
    dates: str = "",
    clears: bool = False,
    queued: bool = True,
) -> None:
    """Settle what becomes of each column and how it is read, and ask for the check. Raises
    ValueRefused when it cannot be, or when numbers or dates can be read in two ways. What is not
    ``queued`` the caller carries out; a worker takes it up when the caller dies."""
    settled = columns.checked(job.kind, job.columns, mapping)
    found = ways(job, settled)
    job.mapping, job.clears = settled, clears
    job.numbers = _settled("numbers", numbers, found.numbers, formats.NUMBERS)
    job.dates = _settled("dates", dates, found.dates, formats.DATES)
    waiting = (ImportState.UPLOADED, ImportState.CHECKED)
    _begin(job, ImportState.CHECKING, of=waiting, queued=queued)


def _settled(field: str, said: str, found: Ways, known: Mapping[str, Any]) -> str:
    if said:
        if said not in known:
            raise ValueRefused(field, f"There is no such format: {said!r}.")
        return said
    if found.is_ambiguous:
        read = ", ".join(f"{r.value} as in {r.example}" for r in found.readings)
        raise ValueRefused(
            field,
            f"{found.readings[0].text!r} can be read in several ways: {read}.",
            f"Choose how the file writes its {field}.",
        )
    return found.chosen


def begin_apply(job: Import, *, now: datetime, queued: bool = True) -> None:
    """Ask for a checked import to be applied, as one change set. Raises ValueRefused otherwise."""
    with transaction.atomic():
        _hold(job, ImportState.CHECKED)
        job.change_set = open_set(Origin.CSV, now=now, member=job.member, reason=job.file_name)
        job.mapping = _with_new_attributes(job)
        _begin(job, ImportState.APPLYING, of=(ImportState.CHECKED,), queued=queued)


def begin_undo(job: Import, *, now: datetime, queued: bool = True) -> None:
    """Ask for an applied import to be taken back. Raises ValueRefused otherwise."""
    with transaction.atomic():
        _hold(job, ImportState.DONE)
        if job.change_set and reverted_by(job.change_set):
            raise ValueRefused(
                "state", f"{job.file_name} is taken back already.", "Reload the page."
            )
        undo = open_set(
            Origin.REVERT, now=now, member=job.member, reason=f"Undo of {job.file_name}"
        )
        undo.undoes = job.change_set
        undo.save(update_fields=["undoes"])
        job.undone_in, job.state, job.beat_at = undo, ImportState.UNDOING, Now()
        job.save()
        if queued:
            enqueue(job)


def discard(job: Import) -> None:
    """Forget an import that was not applied, with its file."""
    if job.change_set_id is None:
        job.delete()


def rejects(job: Import) -> Iterator[list[str]]:
    """The rows that were not taken as a file to correct and bring again: its head, then each row
    with its number and the reason behind it."""
    yield [*job.columns, "Row", "Reason"]
    width = len(job.columns)
    rows = ImportReject.objects.filter(of=job).order_by("line").iterator(chunk_size=1_000)
    for row in rows:
        cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
        yield [*cells, str(row.line), row.reason]


def revive() -> None:
    """Queue imports again whose worker is gone."""
    long_ago = _ago(seconds=STALE_SECONDS)
    stale = Import.objects.filter(state__in=WORKING).filter(Q(beat_at__lt=long_ago))
    for job in stale:
        enqueue(job)


def forget_old() -> None:
    """Delete files nobody applied, and rejects nobody came for."""
    waiting = Import.objects.filter(change_set=None, created_at__lt=_ago(days=KEPT_DAYS))
    waiting.exclude(state__in=WORKING).delete()
    over = Import.objects.filter(finished_at__lt=_ago(days=REJECTS_KEPT_DAYS))
    ImportReject.objects.filter(of__in=over).delete()
    ImportPart.objects.filter(of__in=over).delete()


def enqueue(job: Import) -> None:
    """Queue the work on this import, once; in the caller's transaction."""
    # As in ``sync.write``: over our own connection, so that the job is seen when we commit.
    ours = JobManager(DjangoConnector())
    task = configure_task(
        name=JOB, job_manager=ours, queue="sync", queueing_lock=f"import-{job.pk}"
    )
    with suppress(AlreadyEnqueued), transaction.atomic():
        task.defer(import_id=job.pk)


def _ago(**span: int) -> CombinedExpression:
    return Now() - Value(timedelta(**span))


def _hold(job: Import, state: str) -> None:
    """Lock the import and see that it is in this state. Raises ValueRefused otherwise."""
    held = Import.objects.select_for_update(no_key=True).get(pk=job.pk)
    if held.state != state:
        told = ImportState(held.state).label.lower()
        raise ValueRefused("state", f"{job.file_name} is {told}.", "Reload the page.")
    job.state = held.state


def _begin(job: Import, state: str, *, of: Sequence[str], queued: bool) -> None:
    with transaction.atomic():
        held = Import.objects.select_for_update(no_key=True).get(pk=job.pk)
        if held.state not in of:
            raise ValueRefused(
                "state", f"{job.file_name} is under way already.", "Reload the page."
            )
        ImportReject.objects.filter(of=job).delete()
        job.state, job.done_rows, job.counts, job.samples, job.reason = state, 0, {}, {}, ""
        job.beat_at = Now()
        job.save()
        if queued:
            enqueue(job)
    job.refresh_from_db()


def _with_new_attributes(job: Import) -> list[str]:
    """The mapping once the attributes it asks for are made."""
    settled = []
    for head, key in zip(job.columns, job.mapping, strict=True):
        if not key.startswith(NEW):
            settled.append(key)
            continue
        name = columns.name_of(head)
        Attribute.objects.get_or_create(
            object_kind=fields.ACCOUNT,
            name=name,
            defaults={"label": head[:120], "kind": key.removeprefix(NEW), "position": 200},
        )
        settled.append(f"{ATTRIBUTE}{name}")
    return settled
