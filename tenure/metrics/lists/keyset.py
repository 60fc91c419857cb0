"""Walking a long list in one of its orders, from a row onwards, by index.

An order is read in parts: rows with a known value first, then those with an unknown one, then those
that have nothing to sort by. Each part is one range of one index, so no page reads what it skips.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from tenure.metrics.lists.filters import Wanted
from tenure.metrics.paging import Place, UnusablePage


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a list: where it is read, by which id and value, and what ``{t}`` in filters means.

    Without a ``value`` it goes by the id alone. ``measured`` says that its rows have figures.
    """

    source: str
    key: str
    table: str
    value: str = ""
    condition: str = "TRUE"
    measured: bool = True


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


def walk(order: Order, place: Place | None, asked: Wanted, limit: int) -> list[Place]:
    """The next ``limit`` places beyond ``place``, nearest first."""
    phases = order.phases[::-1] if place and place.backwards else order.phases
    if place:
        phases = phases[phases.index(place.phase) :]
    found: list[Place] = []
    for phase in phases:
        if asked.measured and not order.parts[phase].measured:
            continue
        statement, values = _read(order, phase, place, asked)
        with connection.cursor() as db:
            db.execute(f"{statement} LIMIT %(limit)s", {**values, "limit": limit - len(found)})
            # Where rows go by their id alone, the id is the value, as far as a cursor is concerned.
            by_id = phase == 0 and not order.parts[phase].value
            found += [Place(phase, key if by_id else value, key) for key, value in db.fetchall()]
        if len(found) >= limit:
            break
    return found


def _read(
    order: Order, phase: int, place: Place | None, asked: Wanted
) -> tuple[str, dict[str, Any]]:
    """One part of the list, from ``place`` on when that lies in it."""
    part, values = order.parts[phase], asked.values
    descending = order.descending != bool(place and place.backwards)
    way, sign = ("DESC", "<") if descending else ("ASC", ">")
    by = f"{part.value}, {part.key}" if part.value else part.key
    condition = f"{part.condition} AND {asked.condition(part.table, part.key)}"
    if place and place.phase == phase:
        at = "(%(after_value)s, %(after_id)s)" if part.value else "%(after_id)s"
        condition += f" AND ({by}) {sign} {at}"
        values |= {"after_value": place.value, "after_id": place.account_id}
    ordered = ", ".join(f"{column} {way}" for column in by.split(", "))
    chosen = f"SELECT {part.key}, {part.value or 'NULL'} FROM {part.source}"  # noqa: S608
    return f"{chosen} WHERE {condition} ORDER BY {ordered}", values
