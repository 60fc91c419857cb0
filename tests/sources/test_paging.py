"""Walking a list: to its very end, never in a circle, one page ahead when asked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest

from tenure.core.errors import PermanentError
from tenure.sources.base import By, Connection, Page, Stream, Window
from tenure.sources.paging import walk

NOW = datetime(2026, 3, 10, tzinfo=UTC)
WHOLE = Window(By.CREATED)


@dataclass
class Line:
    """Pages by cursor: each leads to the cursor named."""

    ways: Mapping[str | None, str | None]
    asked: list[str | None] = field(default_factory=list)

    async def page(self, stream: Stream, window: Window, cursor: str | None = None) -> Page:
        self.asked.append(cursor)
        return Page((), (), self.ways[cursor], NOW)


async def walked(line: Line, cursor: str | None = None, *, ahead: bool = False) -> Sequence[Page]:
    connection = cast("Connection", line)
    pages = walk(connection, Stream.ACCOUNTS, WHOLE, cursor, ahead=ahead)
    return [page async for page in pages]


@pytest.mark.parametrize("ahead", [True, False])
async def test_an_empty_page_is_not_the_end(ahead: bool) -> None:
    line = Line({None: "a", "a": "b", "b": None})
    assert len(await walked(line, ahead=ahead)) == 3
    assert line.asked == [None, "a", "b"]


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("ways", [{None: "a", "a": "a"}, {None: "a", "a": "b", "b": "a"}])
async def test_a_circle_ends_the_walk(ways: Mapping[str | None, str | None], ahead: bool) -> None:
    line = Line(ways)
    with pytest.raises(PermanentError, match="already read"):
        await walked(line, ahead=ahead)
    assert len(line.asked) <= len(ways) + 1


async def test_a_walk_from_a_cursor_knows_where_it_began() -> None:
    with pytest.raises(PermanentError):
        await walked(Line({"a": "b", "b": "a"}), "a")


async def test_the_next_page_is_fetched_while_one_is_worked_on() -> None:
    line = Line({None: "a", "a": None})
    pages = walk(cast("Connection", line), Stream.ACCOUNTS, WHOLE, ahead=True)
    await anext(pages)
    await asyncio.sleep(0)
    assert line.asked == [None, "a"]
    await pages.aclose()


async def test_a_walk_left_early_leaves_nothing_running() -> None:
    line = Line({None: "a", "a": None})
    pages = walk(cast("Connection", line), Stream.ACCOUNTS, WHOLE, ahead=True)
    await anext(pages)
    await pages.aclose()
    assert len(asyncio.all_tasks()) == 1
