"""The orders of a long list, and what is read of one from a row onwards.

An order is read in parts: rows with a known value first, then those with an unknown one, then those
that have nothing to sort by. Each part is one range of one index, so no page reads what it skips.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tenure.metrics.paging import Place, UnusablePage


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a list: where it is read, by which id and value, and what ``{t}`` in filters means.

    Without a ``value`` it goes by the id alone. ``measured`` says that its rows have figures, ``cased``
    that those of each state have an index in its order. ``pieces`` are conditions that exclude each
    other and together are all of it, each with an index in its order, where the whole has none.
    """

    source: str
    key: str
    table: str
    value: str = ""
    condition: str = "TRUE"
    measured: bool = True
    cased: bool = False
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort a list."""

    key: str
    parse: Callable[[Any], Any]
    parts: tuple[Part, ...]
    descending: bool = False

    @property
    def phases(self) -> tuple[int, ...]:
        """The numbers of its parts."""
        return tuple(range(len(self.parts)))


def order_of(sort: str, orders: Mapping[str, Order], what: str) -> Order:
    """The order named like ``due`` or, descending, ``-due``. Raises UnusablePage."""
    order = orders.get(sort.removeprefix("-"))
    if order is None:
        raise UnusablePage(
            f"{what} cannot be sorted by “{sort}”.",
            next_step=f"Use one of {', '.join(sorted(orders))}; a minus sign in front reverses it.",
        )
    return replace(order, descending=sort.startswith("-"))


@dataclass(frozen=True, slots=True)
class Reading:
    """A part of a list from a place on: ``within`` is its condition without what was asked for."""

    part: Part
    descending: bool
    within: str
    values: Mapping[str, Any]

    def rows(self, condition: str, *more: str) -> str:
        """A selection of ids and values, as ``key`` and ``value``, in no order."""
        columns = (f"{self.part.key} AS key", f"{self.part.value or 'NULL'} AS value", *more)
        return (
            f"SELECT {', '.join(columns)} FROM {self.part.source}"  # noqa: S608
            f" WHERE {self.within} AND {condition}"
        )

    @property
    def by(self) -> str:
        """What its own rows are sorted by."""
        return self._by(self.part.key, self.part.value, self.descending)

    @property
    def by_name(self) -> str:
        """The same of rows that were selected from it."""
        return self._by("key", self.part.value and "value", self.descending)

    @property
    def backwards(self) -> str:
        """The same the other way round, the last row first."""
        return self._by("key", self.part.value and "value", not self.descending)

    def beyond(self, key: int, value: Any) -> "Reading":
        """What comes after a row."""
        by, at = self.part.key, "%(after_id)s"
        if self.part.value:
            by, at = f"{self.part.value}, {by}", f"%(after_value)s, {at}"
        within = f"{self.part.condition} AND ({by}) {'<' if self.descending else '>'} ({at})"
        values = {"after_value": value, "after_id": key}
        return Reading(self.part, self.descending, within, values)

    @staticmethod
    def _by(key: str, value: str, descending: bool) -> str:
        way = "DESC" if descending else "ASC"
        return ", ".join(f"{column} {way}" for column in (value, key) if column)


def reading(order: Order, phase: int, place: Place | None) -> Reading:
    """One part of the list, from ``place`` on when that lies in it."""
    part = order.parts[phase]
    descending = order.descending != bool(place and place.backwards)
    whole = Reading(part, descending, part.condition, {})
    if place and place.phase == phase:
        return whole.beyond(place.account_id, place.value)
    return whole
