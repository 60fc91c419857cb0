"""When and in what money a rule is asked: the same for the database and for the reference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Context:
    """``now`` is the instant asked about, days are those of ``zone``. ``currency`` is what amounts of
    related rows are converted to, ``rates`` what one unit of each known currency is worth in it
    (itself included). ``past`` asks stored versions instead of live rows."""

    now: datetime
    zone: str = "UTC"
    currency: str = ""
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    past: bool = False

    @property
    def today(self) -> date:
        """The local day of ``now``."""
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    def days_ago(self, days: int) -> datetime:
        """The instant so many times 24 hours before ``now``."""
        return self.now - timedelta(days=days)
