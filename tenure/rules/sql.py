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


def joined(pieces: Iterable[Sql], separator: str) -> Sql:
    """The pieces with the separator between them."""
    listed = list(pieces)
    return Sql(
        separator.join(piece.text for piece in listed),
        tuple(value for piece in listed for value in piece.values),
    )
