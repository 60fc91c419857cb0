"""What stands in the cells of attributes: the value, and a small mark of where it came from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.customers.deciding import is_pinned
from tenure.health.read import Standing
from tenure.metrics.account_rows import AccountRow
from tenure.web.accounts.columns import Column
from tenure.web.badges import Badge, source_badge
from tenure.web.values import EMPTY


@dataclass(frozen=True, slots=True)
class Cell:
    """A column's value in one row. ``mark`` says where the value came from; None without a value."""

    column: Column
    value: Any = None
    mark: Badge | None = None
    pinned: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is no value to show."""
        return self.value in EMPTY


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list with its cells in the order of the columns."""

    row: AccountRow
    cells: list[Cell]
    health: Standing | None = None


def lines(
    rows: Iterable[AccountRow],
    columns: Sequence[Column],
    now: datetime,
    scores: Mapping[int, Standing],
) -> list[Line]:
    """The rows as drawn, each with its score where there is one."""
    return [
        Line(row, [_cell(row, column, now) for column in columns], scores.get(row.id))
        for row in rows
    ]


def _cell(row: AccountRow, column: Column, now: datetime) -> Cell:
    if not column.attribute:
        return Cell(column)
    value = row.attributes.get(column.attribute)
    entry = row.sources.get(column.attribute, {})
    if value in EMPTY and not entry.get("pin"):
        return Cell(column, value)
    return Cell(column, value, _mark(row, entry), is_pinned(entry, now))


def _mark(row: AccountRow, entry: dict[str, Any]) -> Badge:
    """The badge of the source with its words: the site where it is one's, who where it is somebody's."""
    look = source_badge(entry.get("source") or "sync")
    whose = entry.get("set_by") or entry.get("site")
    if not whose and look.words == source_badge("sync").words and len(row.sites) == 1:
        whose = row.sites[0]
    return Badge(f"{look.words}, {whose}" if whose else look.words, look.tone, look.shape)
