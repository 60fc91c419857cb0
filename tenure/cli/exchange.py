"""CSV in and out: ``tenure accounts import``, ``tenure contacts export``, ``tenure imports``."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click
from django.conf import settings
from rich.console import Group as Parts
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tenure import flow
from tenure.cli.command import NEEDS_ATTENTION, DatabaseCommand, List, now
from tenure.cli.screen import Column, Screen, facts, table
from tenure.cli.words import counted
from tenure.core import csvs
from tenure.core.errors import ConfigurationError
from tenure.customers.exchange import columns, formats, imports
from tenure.customers.exchange.outcome import OUTCOMES, OWNED
from tenure.customers.exchange.reading import DELIMITERS, ENCODINGS
from tenure.customers.models import Import, ImportReject, ImportState

PIECE = 1024 * 1024
SHOWN_REJECTS = 20
F = TypeVar("F", bound=Callable[..., Any])


def importing(kind: str) -> click.Command:
    """The command that brings a CSV file of this kind in."""

    @click.command("import", cls=DatabaseCommand)
    @click.argument("file", type=click.File("rb"))
    @click.option("--plan", is_flag=True, help="Say what would become of each row; write nothing.")
    @click.option(
        "--map",
        "maps",
        multiple=True,
        metavar="COLUMN=FIELD",
        help="What a column becomes; COLUMN= leaves it out. Others are recognised by their head.",
    )
    @click.option("--numbers", type=click.Choice(list(formats.NUMBERS)), help=_examples("numbers"))
    @click.option("--dates", type=click.Choice(list(formats.DATES)), help=_examples("dates"))
    @click.option("--encoding", type=click.Choice(list(ENCODINGS)), help="Found out when not said.")
    @click.option("--delimiter", help="What separates columns; found out when not said.")
    @click.option("--clear-empty", is_flag=True, help="Let an empty cell empty the value.")
    @click.option("--rejects", type=click.Path(dir_okay=False), help="Write refused rows there.")
    @click.pass_obj
    def bring(screen: Screen, /, file: BinaryIO, **how: Any) -> int:
        with _lively(screen) as watch:
            job = _checked(kind, file, how, watch)
            if not how["plan"] and job.state == ImportState.CHECKED:
                imports.begin_apply(job, now=now(), queued=False)
                job = flow.bring_in(job.pk, settings.TENURE_CLOCK, watch)
        return _told(screen, job, how["rejects"], planned=how["plan"])

    bring.help = f"Bring {columns.KINDS[kind].lower()} in from a CSV file; - is standard input."
    return bring


def _checked(kind: str, file: BinaryIO, how: dict[str, Any], watch: Any) -> Import:
    """The file taken in and every row looked at."""
    pieces = iter(lambda: file.read(PIECE), b"")
    delimiter = {"tab": "\t", "\\t": "\t"}.get(how["delimiter"], how["delimiter"]) or ""
    job = imports.upload(
        kind,
        Path(getattr(file, "name", "-") or "-").name,
        pieces,
        member=None,
        encoding=how["encoding"] or "",
        delimiter=delimiter,
    )
    try:
        imports.choose(
            job,
            _mapping(job, how["maps"]),
            numbers=how["numbers"] or "",
            dates=how["dates"] or "",
            clears=how["clear_empty"],
            queued=False,
        )
    except ConfigurationError:
        imports.discard(job)
        raise
    return flow.bring_in(job.pk, settings.TENURE_CLOCK, watch)


def _mapping(job: Import, maps: Sequence[str]) -> list[str]:
    chosen = list(job.mapping)
    for entry in maps:
        column, equals, field = entry.rpartition("=")
        if not equals or column not in job.columns:
            known = ", ".join(job.columns)
            raise click.UsageError(f"--map {entry}: the columns are {known}.")
        key = _field(job.kind, field.strip())
        # What a person says takes the place of what was recognised elsewhere.
        chosen = [columns.NOTHING if key and one == key else one for one in chosen]
        chosen[job.columns.index(column)] = key
    return chosen


def _field(kind: str, field: str) -> str:
    """``company`` for ``attributes.company``; every other field is called by its own key."""
    known = {target.key for target in columns.targets(kind)}
    named = f"{columns.ATTRIBUTE}{field}"
    return named if field not in known and named in known else field


def _told(screen: Screen, job: Import, rejects: str | None, *, planned: bool) -> int:
    """Print what became of the file; the exit status."""
    if job.state == ImportState.FAILED:
        imports.discard(job)
        raise ConfigurationError(job.reason)
    if rejects:
        _write(csvs.lines(imports.rejects(job)), rejects)
    document, page = _document(job), _page(job, planned=planned)
    if planned:
        imports.discard(job)
        document["import"] = None
    screen.answer(document, page)
    return NEEDS_ATTENTION if job.counts.get("rejected") else 0


def _document(job: Import) -> dict[str, Any]:
    """An import as scripts see one."""
    refused = ImportReject.objects.filter(of=job).order_by("line")[:SHOWN_REJECTS]
    return {
        "import": job.pk,
        "kind": job.kind,
        "file": job.file_name,
        "state": job.state,
        "encoding": job.encoding,
        "delimiter": job.delimiter,
        "numbers": job.numbers or None,
        "dates": job.dates or None,
        "mapping": dict(zip(job.columns, job.mapping, strict=True)),
        "rows": job.total_rows,
        **{name: job.counts.get(name, 0) for name in (*OUTCOMES, OWNED)},
        "change_set": job.change_set_id,
        "rejects": [{"row": one.line, "reason": one.reason} for one in refused],
    }


def _page(job: Import, *, planned: bool) -> Any:
    counts = job.counts
    found = table(
        ["Row", "Why it was refused"],
        [(one["row"], one["reason"]) for one in _document(job)["rejects"]],
        empty="No row was refused.",
    )
    read = f"{ENCODINGS[job.encoding]}, separated by {DELIMITERS[job.delimiter]}"
    used = [f"{c} → {k}" for c, k in zip(job.columns, job.mapping, strict=True) if k]
    head = facts(
        [
            ("File", f"{job.file_name}: {counted(job.total_rows, 'row')}, {read}"),
            ("Columns", ", ".join(used)),
            ("Numbers as", job.numbers and formats.NUMBERS[job.numbers].example),
            ("Dates as", job.dates and formats.DATES[job.dates].example),
            ("Would be created" if planned else "Created", counts.get("created", 0)),
            ("Would be changed" if planned else "Changed", counts.get("changed", 0)),
            ("Unchanged", counts.get("unchanged", 0)),
            ("Refused", counts.get("rejected", 0)),
            ("Daily Sync replaces", counts.get(OWNED) and counted(counts[OWNED], "value")),
            ("Import", "" if planned else f"{job.pk}: tenure imports undo {job.pk} takes it back"),
        ]
    )
    return Parts(head, "", found)


@click.group("imports", cls=List)
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.pass_obj
def listing(screen: Screen, limit: int) -> None:
    """List the files that were brought in, the newest first."""
    found = list(Import.objects.select_related("member").order_by("-pk")[:limit])
    rows = [
        (
            job.pk,
            job.file_name,
            columns.KINDS[job.kind],
            job.get_state_display(),
            job.total_rows,
            *(job.counts.get(name, 0) for name in OUTCOMES),
            job.member or "",
        )
        for job in found
    ]
    numbers = [Column(name.capitalize(), number=True) for name in ("rows", *OUTCOMES)]
    heads: list[Column | str] = ["Import", "File", "Kind", "State", *numbers, "By"]
    screen.answer([_document(job) for job in found], table(heads, rows, empty="No imports yet."))


@listing.command("undo")
@click.argument("number", type=int)
@click.pass_obj
def undo(screen: Screen, number: int) -> None:
    """Take an import back: old values return, what it made is hidden."""
    job = _of(number)
    imports.begin_undo(job, now=now(), queued=False)
    with _lively(screen) as watch:
        job = flow.bring_in(job.pk, settings.TENURE_CLOCK, watch)
    undone, stayed = job.counts.get("undone", 0), job.counts.get("stayed", 0)
    told = f"Import {job.pk} is taken back: {counted(undone, 'row')}."
    if stayed:
        told += f" {counted(stayed, 'row')} were changed since and stay as they are."
    screen.answer({"import": job.pk, "state": job.state, "undone": undone, "stayed": stayed}, told)


@listing.command("rejects")
@click.argument("number", type=int)
@click.option("--output", type=click.Path(dir_okay=False), help="A file; else standard output.")
@click.pass_obj
def rejected(screen: Screen, number: int, output: str | None) -> None:
    """Write the refused rows of an import, with the reason for each, as CSV."""
    write_out(screen, imports.rejects(_of(number)), output, "rejects")


def _of(number: int) -> Import:
    found = Import.objects.filter(pk=number).first()
    if found is None:
        raise ConfigurationError(
            f"There is no import {number}.", next_step="Look at tenure imports."
        )
    return found


def into_a_file(command: F) -> F:
    """Give an export the option to write into a file."""
    option = click.option(
        "--output", type=click.Path(dir_okay=False), help="A file; else standard output."
    )
    return option(command)


def write_out(screen: Screen, rows: Iterable[Sequence[Any]], output: str | None, what: str) -> None:
    """Write rows as CSV into a file or onto standard output, a row at a time."""
    if output:
        number = _write(csvs.lines(rows, marked=True), output) - 2  # the mark and the head
        told = f"Wrote {counted(number, 'row')} of {what} to {output}."
        screen.answer({"rows": number, "file": output}, told)
    elif screen.as_json:
        head, *found = [[csvs.cell(cell) for cell in row] for row in rows]
        screen.answer([dict(zip(head, row, strict=True)) for row in found], "")
    else:
        for line in csvs.lines(rows):
            sys.stdout.write(line)


def _write(lines: Iterable[str], path: str) -> int:
    number = 0
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        for line in lines:
            number += 1
            file.write(line)
    return number


@contextmanager
def _lively(screen: Screen) -> Iterator[Callable[[int, int], None]]:
    columns_shown = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns_shown, console=screen.err, disable=not screen.is_lively) as progress:
        task = progress.add_task("rows", total=None)

        def watch(done: int, total: int) -> None:
            told = f"{done:,} of {total:,} rows"
            progress.update(task, completed=done, total=total, description=told)

        yield watch


def _examples(what: str) -> str:
    known: Any = formats.NUMBERS if what == "numbers" else formats.DATES
    ways = ", ".join(f"{key} as in {one.example}" for key, one in known.items())
    return f"How the file writes {what}: {ways}. Needed where it can be read in two ways."
