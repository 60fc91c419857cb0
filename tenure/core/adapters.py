"""How values travel between Python and PostgreSQL where it is done by the million: the driver's own way,
only quicker. What is sent and what comes back is the same."""

from datetime import UTC
from typing import Any

import psycopg
from psycopg.abc import AdaptContext
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.types.array import ListDumper

_compiled = psycopg.adapters.get_loader(psycopg.adapters.types["timestamptz"].oid, Format.TEXT)


class Times(Loader):
    """The driver's compiled reader of instants, for connections whose zone is UTC. Django's own is
    written in Python: reading a row's instants took it longer than the database took for the row."""

    timezone = UTC  # Django asks whether it is the connection's

    def __new__(cls, oid: int, context: AdaptContext | None = None) -> Any:
        assert _compiled is not None  # noqa: S101 - the driver has one
        return _compiled(oid, context)


class Lists(ListDumper):
    """Arrays of whole numbers and of texts written at once and not element by element."""

    def dump(self, obj: list[Any]) -> Any:
        """The array as PostgreSQL writes it."""
        kinds = set(map(type, obj))
        if kinds == {int}:
            return f"{{{','.join(map(str, obj))}}}".encode()
        if kinds == {str}:
            written = text_array(obj)
            if "\0" not in written:  # the driver says what is wrong with that
                return written.encode()
        return super().dump(obj)


def text_array(texts: list[str] | tuple[str, ...]) -> str:
    """Texts as PostgreSQL writes an array of them, every element in quotes."""
    if not texts:
        return "{}"
    together = "".join(texts)
    if "\\" in together or '"' in together:
        texts = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return '{"' + '","'.join(texts) + '"}'


def suit(connection: AdaptContext) -> None:
    """Let a connection that has just been opened read and write this way."""
    connection.adapters.register_dumper(list, Lists)
    connection.adapters.register_loader("timestamptz", Times)  # type: ignore[type-abstract]
