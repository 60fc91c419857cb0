"""From a row of cells to what it asks for: an identifier and typed values, or a reason why not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tenure.core import csvs
from tenure.customers.convert import Unreadable, plain, typed
from tenure.customers.exchange import columns
from tenure.customers.exchange.columns import ACCOUNT, ATTRIBUTE, IDENTIFIER, NEW, NOTHING, SITE
from tenure.customers.exchange.formats import DATES, NUMBERS
from tenure.customers.exchange.reading import Line
from tenure.customers.models import AttributeKind, Import


@dataclass(slots=True)
class Row:
    """What one row asks for. ``values`` are typed, by field; ``reason`` says why it cannot be had.

    ``new`` are the values of attributes that the import itself would make.
    """

    line: Line
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    new: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def site(self) -> str:
        """The site its identifier belongs to, as written; "" when the row does not say."""
        return self.names.get(SITE, "").lower()


class Reader:
    """Reads the rows of one import by its mapping and its formats."""

    def __init__(self, job: Import) -> None:
        self._width = len(job.columns)
        self._numbers = NUMBERS.get(job.numbers, NUMBERS["point"])
        self._dates = DATES.get(job.dates, DATES["iso"])
        self._clears = job.clears
        self._named = {ACCOUNT, IDENTIFIER, SITE}
        kinds = columns.kinds_of(job.mapping)
        self._columns = [
            (place, key, kind, job.columns[place])
            for place, (key, kind) in enumerate(zip(job.mapping, kinds, strict=True))
            if key != NOTHING
        ]

    def read(self, line: Line) -> Row:
        """The row with what it asks for."""
        row = Row(line)
        if len(line.cells) > self._width:
            row.reason = f"It has {len(line.cells)} cells where the head has {self._width}."
            return row
        for place, key, kind, head in self._columns:
            text = line.cells[place] if place < len(line.cells) else ""
            if key in self._named:
                row.names[key] = text.strip()
                continue
            if not text.strip() and not self._clears:
                continue
            try:
                self._put(row, key, head, self._typed(text, kind))
            except Unreadable as error:
                row.reason = f"{head}: {error}."
                return row
        return row

    def _put(self, row: Row, key: str, head: str, value: Any) -> None:
        if key.startswith(NEW):
            if value not in (None, "", []):
                row.new[columns.name_of(head)] = value
        elif key != "name" or value:  # a name is never emptied
            row.values[key.removeprefix(ATTRIBUTE)] = value

    def _typed(self, text: str, kind: str) -> Any:
        if not text.strip():
            return None
        if columns.is_numeric(kind):
            return plain(self._numbers.read(text))
        if kind == AttributeKind.DATE:
            return self._dates.read(text).isoformat()
        if kind == AttributeKind.LIST:
            return typed(csvs.items(text) or text, kind)
        return typed(text, kind) if kind else text.strip()


def cells_of(line: Line, width: int) -> Sequence[str]:
    """The row's cells, as many as the head has at least."""
    return [*line.cells, *[""] * (width - len(line.cells))]
