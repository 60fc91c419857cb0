"""An uploaded file as rows of cells: in which alphabet, with which separator, a row at a time. Pure.

Nothing is guessed in silence: what was found out is shown, and whoever uploads may say otherwise.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from tenure.core.csvs import plain
from tenure.core.errors import ConfigurationError

LARGEST_FILE = 50 * 1024 * 1024
MOST_ROWS = 500_000
MOST_COLUMNS = 200
LONGEST_CELL = 100_000
SAMPLE = 256 * 1024

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16, little-endian",
    "utf-16-be": "UTF-16, big-endian",
    "cp1252": "Windows-1252",
}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


class Unusable(ConfigurationError):
    """A file that cannot be read as CSV."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a file's bytes are rows."""

    encoding: str
    delimiter: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file; ``number`` counts from 1 for the head, as a spreadsheet does."""

    number: int
    cells: list[str]


def encoding_of(parts: Iterable[bytes]) -> str:
    """The alphabet the whole file is written in. Raises Unusable when it is none we know."""
    decoders: dict[str, codecs.IncrementalDecoder] | None = None
    for part in parts:
        if decoders is None:
            decoders = {name: _decoder(name) for name in _candidates(part)}
        for name in [name for name, one in decoders.items() if not _decodes(one, part)]:
            del decoders[name]
    for name, decoder in (decoders or {}).items():
        if _decodes(decoder, b"", final=True):
            return name
    raise Unusable(
        "This file is empty." if decoders is None else "This file is not text we can read.",
        next_step="Save it as CSV in UTF-8 and upload it again.",
    )


def _candidates(start: bytes) -> Sequence[str]:
    if start.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    head = start[:400]
    # Text without a mark: nearly every second byte of two-byte letters is nothing.
    if head[1::2].count(0) > len(head) // 4:
        return ("utf-16-le",)
    if head[0::2].count(0) > len(head) // 4:
        return ("utf-16-be",)
    return ("utf-8", "cp1252")


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding)()


def _decodes(decoder: codecs.IncrementalDecoder, part: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(part, final)
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(parts: Iterable[bytes], encoding: str) -> str:
    """The separator under which the first rows have the same number of cells, the more the better."""
    start = next(iter(parts), b"")[:SAMPLE]
    text = _decoder(encoding).decode(start)
    hint = text.split("\n", 1)[0].strip()
    if hint.lower().startswith("sep=") and hint[4:5] in DELIMITERS:
        return hint[4]
    return max(DELIMITERS, key=lambda delimiter: _evenness(text, delimiter))


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        widths = [len(row) for row in islice(rows, 50) if row]
    except csv.Error:
        return (0, 0)
    if not widths:
        return (0, 0)
    width, times = Counter(widths).most_common(1)[0]
    return (times / len(widths) if width > 1 else 0, width)


def lines(parts: Iterable[bytes], form: Form) -> Iterator[Line]:
    """The rows of the file, the head first; empty rows are left out. The apostrophe that our own
    export puts before a risky cell is taken off again. Raises Unusable where the file breaks."""
    csv.field_size_limit(LONGEST_CELL)
    text = io.TextIOWrapper(
        io.BufferedReader(cast("Any", _Parts(iter(parts)))), encoding=form.encoding, newline=""
    )
    reader = csv.reader(text, delimiter=form.delimiter)
    number = 0
    try:
        for cells in reader:
            if number == 0 and len(cells) <= 2 and cells and cells[0].lower().startswith("sep="):
                continue
            number += 1
            if any(cell.strip() for cell in cells):
                yield Line(number, [plain(cell) for cell in cells])
    except csv.Error:
        raise Unusable(
            f"Row {number + 1} has a cell of more than {LONGEST_CELL:,} characters.",
            next_step="A quotation mark is probably not closed there. Correct it and upload again.",
        ) from None
    except UnicodeDecodeError:
        raise Unusable(
            f"Row {number + 1} is not {ENCODINGS.get(form.encoding, form.encoding)}.",
            next_step="Choose another encoding.",
        ) from None


class _Parts(io.RawIOBase):
    """The stored stretches of a file as one stream."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: bytearray) -> int:  # type: ignore[override]
        while not self._left:
            following = next(self._parts, None)
            if following is None:
                return 0
            self._left = bytes(following)
        taken = self._left[: len(into)]
        into[: len(taken)] = taken
        self._left = self._left[len(taken) :]
        return len(taken)
