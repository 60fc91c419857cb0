"""Rows in place of tables: statements that read the present answer about something else.

Within ``rows_of`` every statement that names one of these tables reads the rows given for it. They are
put in front of it as parts of its ``WITH``, under the tables' own names, so that there is one
statement for a figure and not another for its past. What is in front reads the tables themselves.
Tables are named plainly in such statements: one with its schema before it is refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

DOCUMENT = "{document}"
_OPENS = re.compile(r"\s*WITH\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rows:
    """The statements that answer the rows, by the table they stand for; one that reads a document
    names it DOCUMENT and has it, as JSON, under the same table."""

    statements: Mapping[str, str]
    documents: Mapping[str, str] = field(default_factory=dict)

    def before(self, statement: str, holder: Callable[[str], str]) -> tuple[str, list[str]]:
        """What to put in front of a statement, and whose documents it binds, in order."""
        named = [name for name in self.statements if re.search(rf"\b{name}\b", statement)]
        for name in named:
            _refuse_elsewhere(name, statement)
        parts = [
            f"{name} AS NOT MATERIALIZED ({self.statements[name].replace(DOCUMENT, holder(name))})"
            for name in named
        ]
        return ", ".join(parts), [name for name in named if name in self.documents]


def _refuse_elsewhere(name: str, statement: str) -> None:
    """A table that is named with its schema would be read itself: the present, and nobody would see."""
    if re.search(rf"""\.\s*"?{name}\b""", statement):
        raise ValueError(f"A statement about another time must name {name} plainly: {statement}")


@contextmanager
def rows_of(rows: Rows | None) -> Iterator[None]:
    """Have the statements within read these rows; with None they read the tables."""
    if rows is None:
        yield
        return
    with connection.execute_wrapper(_answering(rows)):
        yield


def _answering(rows: Rows) -> Callable[..., Any]:
    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        by_name = isinstance(params, Mapping)
        front, bound = rows.before(sql, lambda n: f"%(front_{n})s" if by_name else "%s")
        if not front or many:
            return run(sql, params, many, context)
        opened = _OPENS.match(sql)
        rest = f", {sql[opened.end() :]}" if opened else f" {sql}"
        documents = [rows.documents[name] for name in bound]
        if by_name:
            given: Any = {f"front_{n}": d for n, d in zip(bound, documents, strict=True)} | params
        else:
            given = [*documents, *(params or ())]
        return run(f"WITH {front}{rest}", given, many, context)

    return execute
