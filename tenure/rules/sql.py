"""SQL text with its bound values, put together in order."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement. ``text`` has a ``%s`` for each of ``values``."""

    text: str
    values: tuple[Any, ...] = ()

    def __add__(self, other: "Sql | str") -> "Sql":
        piece = other if isinstance(other, Sql) else Sql(other)
        return Sql(self.text + piece.text, self.values + piece.values)

    def __radd__(self, other: str) -> "Sql":
        return Sql(other) + self


def bound(value: Any, kind: str) -> Sql:
    """A value of a PostgreSQL type, never part of the text."""
    return Sql(f"%s::{kind}", (value,))


def ids(numbers: Iterable[int]) -> Sql:
    """Many ids as one value: as text, which takes a fraction of the time that a list of them does."""
    return bound("{" + ",".join(map(str, numbers)) + "}", "bigint[]")


def joined(pieces: Iterable[Sql], separator: str) -> Sql:
    """The pieces with the separator between them."""
    listed = list(pieces)
    return Sql(
        separator.join(piece.text for piece in listed),
        tuple(value for piece in listed for value in piece.values),
    )


@dataclass(frozen=True, slots=True)
class Where(Sql):
    """A condition with what leads the database to the rows that meet it (see ``narrow.py``): ``full``
    holds wherever it does, and so does each of ``apart``, which cost nothing to test on a row.
    ``whole`` is the condition itself as it is best asked of all rows together."""

    full: Sql | None = None
    whole: Sql | None = None
    apart: tuple[Sql, ...] = ()


def all_of(conditions: Iterable[Sql]) -> Where:
    """Several conditions at once; one or more."""
    given = list(conditions)
    whole = joined(["(" + one + ")" for one in given], " AND ")
    ways = [one for one in given if isinstance(one, Where)]
    full = [one.full for one in ways if one.full]
    return Where(
        whole.text,
        whole.values,
        full=joined(full, " AND ") if full else None,
        whole=joined(["(" + (_whole(one) or one) + ")" for one in given], " AND "),
        apart=tuple(part for one in ways for part in one.apart),
    )


def _whole(condition: Sql) -> Sql | None:
    return condition.whole if isinstance(condition, Where) else None
