"""When a value set by hand will be replaced, and by which site: what a popover says beforehand."""

from dataclasses import dataclass
from datetime import datetime

from tenure.core.clock import SystemClock
from tenure.customers.outlook import Outlook
from tenure.sync.standing import standings
from tenure.web.runs.cards import card


@dataclass(frozen=True, slots=True)
class Forecast:
    """``at`` is the next run of the site that replaces; None with ``waits`` saying why it is not
    known. ``site`` None means that nothing will replace the value."""

    outlook: Outlook
    site: str | None
    at: datetime | None = None
    waits: str = ""

    @property
    def may_pin(self) -> bool:
        """Whether a pin has something to hold against, and is allowed to."""
        return self.site is not None and self.outlook.allows_pins


def forecast(told: Outlook) -> Forecast:
    """What becomes of a value set by hand now."""
    if told.follows is None:
        return Forecast(told, None)
    now = SystemClock().now()
    known = next(s for s in standings() if s.site.subdomain == told.follows)
    shown = card(known, now)
    if shown.next_at:
        return Forecast(told, told.follows, max(shown.next_at, now))
    return Forecast(told, told.follows, None, _waits(shown.state, shown.planned))


def _waits(state: str, planned: str) -> str:
    if state == "paused":
        return "once the site, which is paused, is resumed"
    if state == "inactive":
        return "once the site, which is disconnected, is connected again"
    if state == "needs_key":
        return "once the site has a new key"
    return planned
