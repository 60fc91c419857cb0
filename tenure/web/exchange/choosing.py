"""What becomes of each column, as a form: its head, its first values, and a menu."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.http import QueryDict

from tenure.core.errors import ConfigurationError
from tenure.customers.exchange import columns, imports
from tenure.customers.exchange.columns import Target
from tenure.customers.exchange.formats import Reading, Ways
from tenure.customers.models import Import
from tenure.customers.write import ValueRefused

LOOKED_AT = 3


@dataclass(frozen=True, slots=True)
class Said:
    """What a person has chosen so far."""

    mapping: Sequence[str]
    numbers: str
    dates: str
    clears: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One column of the file: its place, head and first values, and the menu with what is chosen."""

    place: int
    head: str
    values: Sequence[str]
    chosen: str
    menu: Sequence[tuple[str, Sequence[Target]]]


@dataclass(frozen=True, slots=True)
class Format:
    """The ways to read numbers or dates. ``chosen`` is "" while a person must say; ``error`` tells
    that they have not."""

    field: str
    title: str
    readings: Sequence[Reading]
    chosen: str
    is_ambiguous: bool
    error: str = ""


def said_in(data: QueryDict, width: int) -> Said:
    """What a posted form says."""
    return Said(
        [data.get(f"column-{place}", "") for place in range(width)],
        data.get("numbers", ""),
        data.get("dates", ""),
        data.get("clears") == "on",
    )


def choices(job: Import, said: Said) -> list[Choice]:
    """The columns of the file with their menus."""
    found = columns.targets(job.kind)
    menu = [(group, list(several)) for group, several in groupby(found, key=lambda t: t.group)]
    rows = imports.first_rows(job, LOOKED_AT)
    return [
        Choice(
            place,
            head or f"Column {place + 1}",
            [row.cells[place] for row in rows if place < len(row.cells) and row.cells[place]],
            said.mapping[place] if place < len(said.mapping) else columns.NOTHING,
            menu,
        )
        for place, head in enumerate(job.columns)
    ]


def formats_of(job: Import, said: Said, error: ConfigurationError | None = None) -> list[Format]:
    """How the chosen columns' numbers and dates can be read; nothing where there are none."""
    found = imports.ways(job, said.mapping)
    at = error.field if isinstance(error, ValueRefused) else ""
    told = str(error) if error else ""
    parts = (("numbers", "Numbers", found.numbers), ("dates", "Dates", found.dates))
    return [
        _format(field, title, ways, getattr(said, field), told if at == field else "")
        for field, title, ways in parts
        if ways.readings
    ]


def _format(field: str, title: str, ways: Ways, said: str, error: str) -> Format:
    known = {reading.key for reading in ways.readings}
    chosen = said if said in known else ways.chosen
    return Format(field, title, ways.readings, chosen, ways.is_ambiguous, error)
