"""Reading a list to its end, whatever the vendor: never short, never in a circle."""

import asyncio
from collections.abc import AsyncGenerator

from tenure.core.errors import PermanentError
from tenure.sources.base import Connection, Page, Stream, Window


class Circle:
    """Notices a list that leads back to where it has been (F7)."""

    def __init__(self, stream: Stream, cursor: str | None = None) -> None:
        self._stream = stream
        self._met = {cursor}

    def check(self, page: Page) -> None:
        """Raises PermanentError when the page leads to one already read."""
        if page.cursor is None:
            return
        if page.cursor in self._met:
            raise PermanentError(
                f"{self._stream}: the list leads back to a page already read.",
                next_step="Run the sync again; if it stays, report it to the vendor.",
            )
        self._met.add(page.cursor)


async def walk(
    connection: Connection,
    stream: Stream,
    window: Window,
    cursor: str | None = None,
    *,
    ahead: bool = False,
) -> AsyncGenerator[Page, None]:
    """The pages of a window from its start, or from a cursor kept earlier. An empty page with a
    cursor is passed on like any other; only a page without one is the last.

    ``ahead`` fetches the next page while the caller works on this one. Raises what
    ``Connection.page`` raises, and PermanentError when the list goes round in a circle.
    """
    circle = Circle(stream, cursor)
    coming: asyncio.Task[Page] | None = None
    try:
        while True:
            page = await (coming or connection.page(stream, window, cursor))
            circle.check(page)
            cursor, coming = page.cursor, None
            if cursor is not None and ahead:
                coming = asyncio.ensure_future(connection.page(stream, window, cursor))
            yield page
            if cursor is None:
                return
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
