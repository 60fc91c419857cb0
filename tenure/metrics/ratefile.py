"""Rates from a CSV file: a line each, with the two currencies, the day and the rate.

    from,to,date,rate
    EUR,USD,2026-06-01,1.0842

The head names the columns, in any order; a file is taken whole or, with a fault in any line, not at
all. Every fault is told with its line.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenure.core.errors import ConfigurationError
from tenure.customers.write import ValueRefused
from tenure.metrics.ratebook import Entry, entry

MOST = 100_000
NAMES: Mapping[str, str] = {
    "from": "from",
    "source": "from",
    "base": "from",
    "from_currency": "from",
    "to": "to",
    "target": "to",
    "quote": "to",
    "to_currency": "to",
    "date": "date",
    "day": "date",
    "valid_from": "date",
    "rate": "rate",
    "value": "rate",
}
COLUMNS = ("from", "to", "date", "rate")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line of the file; ``field`` is the column."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"Line {self.line}, {self.field}: {self.message}"


@dataclass(frozen=True, slots=True)
class Rated:
    """A file as it was read: the rates in it, and the lines that cannot be taken."""

    entries: Sequence[Entry]
    faults: Sequence[Fault]


def read(content: bytes) -> Rated:
    """The rates of a file. Raises ConfigurationError for one that is no such file at all."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(
            "The file is not UTF-8 text.", next_step="Save it as CSV in UTF-8."
        ) from None
    if not text.strip():
        raise ConfigurationError("The file is empty.", next_step=_EXAMPLE)
    rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    places = _places(rows[0])
    if len(rows) > MOST:
        raise ConfigurationError(
            f"The file has more than {MOST:,} lines.", next_step="Import it in parts."
        )
    entries: list[Entry] = []
    faults: list[Fault] = []
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            entries.append(_entry(row, places))
        except ValueRefused as refused:
            faults.append(Fault(line, refused.field, str(refused)))
    return Rated(entries, faults)


_EXAMPLE = "Its first line names the columns: from,to,date,rate."


def _delimiter(text: str) -> str:
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)


def _places(head: Sequence[str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(head):
        name = NAMES.get(cell.strip().lower().replace(" ", "_"))
        if name and name not in found:
            found[name] = place
    missing = [name for name in COLUMNS if name not in found]
    if missing:
        raise ConfigurationError(f"The file has no column “{missing[0]}”.", next_step=_EXAMPLE)
    return found


def _entry(row: Sequence[str], places: Mapping[str, int]) -> Entry:
    cells = {name: row[place] if place < len(row) else "" for name, place in places.items()}
    empty = next((name for name in COLUMNS if not cells[name].strip()), None)
    if empty:
        raise ValueRefused(empty, "It is empty.", "Every line needs all four.")
    return entry(cells["from"], cells["to"], cells["date"], cells["rate"])
