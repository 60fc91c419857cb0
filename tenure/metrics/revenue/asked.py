"""Which revenue: of one currency or the converted total, of one site or all, over how many months."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tenure.connections.models import Site
from tenure.metrics.conversion import Conversion, to_workspace_currency
from tenure.metrics.inputs import Settings
from tenure.metrics.lists.filters import At, UnusableFilter, a_day, a_whole
from tenure.metrics.movements import Movement
from tenure.metrics.steps_known import as_known

TOTAL = "total"
MOST_MONTHS = 60
WINDOW = 365  # days of a retention window


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about revenue. ``currency`` None is every currency in the workspace's, where all
    rates are known; ``chosen`` says that somebody asked for just that, or for one currency."""

    at: At
    settings: Settings
    currency: str | None = None
    site: Site | None = None
    months: int = 12
    chosen: bool = False

    @property
    def conversion(self) -> Conversion | None:
        """Into the workspace's currency, when the total is asked for."""
        return None if self.currency else to_workspace_currency(self.settings)

    @property
    def scope(self) -> dict[str, Any]:
        """What the functions of ``series`` take."""
        return {
            "currency": self.currency,
            "conversion": self.conversion,
            "site": self.site.pk if self.site else None,
            "pause_as_churn": self.settings.pause_as_churn,
        }

    def known(self) -> AbstractContextManager[None]:
        """Have the statements within read how MRR moved as it was known at the end of the day."""
        return as_known(self.at.today, self.at.then)

    @property
    def first_month(self) -> date:
        """The first day of the first month shown; the last is the present one."""
        today = self.at.today
        whole = today.year * 12 + today.month - self.months
        return date(whole // 12, whole % 12 + 1, 1)

    @property
    def year_ago(self) -> date:
        """The day at whose end a retention window starts that ends today."""
        return self.at.today - timedelta(days=WINDOW)


@dataclass(frozen=True, slots=True)
class Behind:
    """The accounts behind a movement: which one, in which days, counted day by day or by the ends."""

    first: date
    last: date
    movement: Movement | None = None
    reason: str | None = None
    gross: bool = True

    @property
    def start(self) -> date:
        """The day at whose end the range starts."""
        return self.first - timedelta(days=1)


def asked(given: Mapping[str, Any], at: At, settings: Settings) -> Asked:
    """What these values ask for. Raises UnusableFilter."""
    currency = _text(given, "currency")
    months = _text(given, "months")
    number = a_whole("months", months, most=MOST_MONTHS) if months else 12
    if number < 1:
        raise UnusableFilter(
            "months", "At least one month is needed.", next_step="Ask for 1 to 60."
        )
    if currency and currency != TOTAL and not (len(currency) == 3 and currency.isalpha()):
        raise UnusableFilter(
            "currency",
            f"“{currency}” is no currency.",
            next_step="Use a code such as EUR, or total.",
        )
    return Asked(
        at,
        settings,
        None if not currency or currency == TOTAL else currency.upper(),
        _site(_text(given, "site")),
        number,
        chosen=bool(currency),
    )


def behind(given: Mapping[str, Any], at: At) -> Behind:
    """Which movement these values name. Raises UnusableFilter."""
    month = _text(given, "month")
    first, last = _text(given, "from"), _text(given, "to")
    if month:
        begin = a_day("month", f"{month}-01")
        end = min(_month_end(begin), at.today)
    else:
        end = a_day("to", last) if last else at.today
        begin = a_day("from", first) if first else end.replace(day=1)
    if begin > end:
        raise UnusableFilter("from", "It starts after it ends.", next_step="Turn the days round.")
    name = _text(given, "movement")
    if name and name not in set(Movement):
        raise UnusableFilter(
            "movement", f"“{name}” is no movement.", next_step=f"Use one of {', '.join(Movement)}."
        )
    return Behind(
        begin,
        end,
        Movement(name) if name else None,
        _text(given, "reason") or None,
        gross=_text(given, "count") != "ends",
    )


def _text(given: Mapping[str, Any], name: str) -> str:
    return str(given.get(name) or "").strip().replace("\x00", "")[:80]


def _site(subdomain: str) -> Site | None:
    if not subdomain:
        return None
    found = Site.objects.filter(subdomain=subdomain).first()
    if found is None:
        raise UnusableFilter(
            "site", f"There is no site “{subdomain}”.", next_step="List them with tenure site list."
        )
    return found


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
