"""Where a command's words go: one JSON document or a page for people on standard output, the rest beside it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.table import Table

# Into a pipe there is no width to keep, and a cut column would be a lie.
PIPE_WIDTH = 240


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table for people; numbers stand to the right."""

    title: str
    number: bool = False


class Screen:
    """What a command prints with. ``as_json`` decides which of the two forms people get."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    @property
    def may_ask(self) -> bool:
        """Whether there is a person to ask; never when standard input is not a terminal."""
        return sys.stdin.isatty() and not self.as_json

    @property
    def is_lively(self) -> bool:
        """Whether a progress bar would be seen by somebody."""
        return self.err.is_terminal

    def answer(self, document: Any, page: RenderableType) -> None:
        """Print the result: the document with ``--json``, the page without. Once a command."""
        if self.as_json:
            click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            self.out.print(page, soft_wrap=isinstance(page, str))

    def note(self, text: str) -> None:
        """A word beside the result, on standard error."""
        self.err.print(text, soft_wrap=True, markup=False)


def table(
    columns: Sequence[Column | str], rows: Sequence[Sequence[Any]], *, empty: str
) -> RenderableType:
    """Rows under their titles, or the sentence ``empty`` when there are none."""
    if not rows:
        return empty
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        title, number = (
            (column, False) if isinstance(column, str) else (column.title, column.number)
        )
        grid.add_column(title, justify="right" if number else "left", overflow="fold")
    for row in rows:
        grid.add_row(*("" if cell is None else _cell(cell) for cell in row))
    return grid


def facts(pairs: Sequence[tuple[str, Any]]) -> Table:
    """Names and values in two columns; a pair without a value is left out."""
    grid = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        if value not in (None, ""):
            grid.add_row(name, _cell(value))
    return grid


def _cell(value: Any) -> RenderableType:
    # A customer's name may hold square brackets, which are markup to rich.
    return str(value).replace("[", "\\[") if not hasattr(value, "__rich_console__") else value


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(stderr=stderr, highlight=False, width=width, emoji=False)
