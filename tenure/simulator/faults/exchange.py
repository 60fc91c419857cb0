"""One request on its way through the simulator, as a fault sees it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tenure.simulator.store import SiteStore
from tenure.simulator.wire.answers import Answer
from tenure.simulator.wire.filters import wire_time
from tenure.simulator.wire.pages import View


@dataclass(slots=True)
class Exchange:
    """The request, and the knobs a fault may turn before it is answered.

    ``address`` is the path and query as they came; ``path`` has no query and no leading
    ``/sites/…``. ``late`` hides records updated within that time before now; ``shows`` hides records
    by id; ``miscount`` is added to counts; ``date`` is what the ``Date`` header will say. ``lifted``
    is set once the rule of the fault that is being asked is no longer in force.
    """

    method: str
    path: str
    address: str
    query: tuple[tuple[str, str], ...]
    site: SiteStore | None
    now: datetime
    late: timedelta | None = None
    shows: Callable[[str], bool] | None = None
    miscount: int = 0
    cursor_age: float | None = None
    lifted: asyncio.Event = field(default_factory=asyncio.Event)
    date: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.date = self.now

    def parameter(self, name: str) -> str | None:
        """The value of a query parameter, or None."""
        return next((text for key, text in self.query if key == name), None)

    def narrowed(self, view: View) -> View:
        """What this request may see of a list while the faults on it last."""
        until = wire_time(self.now - self.late) if self.late is not None else None
        return View(view.table, view.within, until, self.shows)


Proceed = Callable[[], Awaitable[Answer]]
# A fault answers itself, or lets the request proceed and changes what comes back. Beside the
# exchange and ``proceed`` it takes the arguments its rule names.
Fault = Callable[..., Awaitable[Answer]]
