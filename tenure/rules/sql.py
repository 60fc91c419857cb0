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
    """A condition with what leads the database to the rows that meet it.

    ``brief`` is what of it an account's brief tells (see ``brief.py``), which holds wherever the
    condition does; ``rest`` is what must be asked besides, none where the brief tells all of it.
    Each of ``apart`` holds wherever the condition does too, and is told by one column of the brief.
    ``whole`` is the condition as it is best asked of all rows together, ``full`` what of it an index
    leads to (see ``narrow.py``).
    """

    brief: Sql | None = None
    rest: Sql | None = None
    whole: Sql | None = None
    full: Sql | None = None
    apart: tuple[Sql, ...] = ()


def all_of(conditions: Iterable[Sql]) -> Where:
    """Several conditions at once; one or more."""
    given = list(conditions)
    ways = [
        one if isinstance(one, Where) else Where(one.text, one.values, rest=one) for one in given
    ]
    whole = joined(["(" + one + ")" for one in given], " AND ")
    return Where(
        whole.text,
        whole.values,
        brief=together(one.brief for one in ways),
        rest=together(one.rest for one in ways),
        whole=together(one.whole or one for one in ways),
        full=together(one.full for one in ways),
        apart=tuple(part for one in ways for part in one.apart),
    )


def together(conditions: Iterable[Sql | None]) -> Sql | None:
    """All that are given at once; none where none is."""
    given = ["(" + one + ")" for one in conditions if one]
    return joined(given, " AND ") if given else None
