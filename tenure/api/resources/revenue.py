"""Revenue: MRR by month with its movements, the accounts behind each number, and what is owed."""

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import BaseModel, Field

from tenure.api import across, answers, finding
from tenure.api.listing import AS_OF, LIMIT
from tenure.api.resource import Resource
from tenure.api.schemas import Money, PageOf, Shape
from tenure.metrics.lists.filters import a_day
from tenure.metrics.movements import Movement
from tenure.metrics.revenue import accounts, report, shapes
from tenure.metrics.revenue import asked as asking
from tenure.metrics.revenue import receivables as owed_by
from tenure.metrics.settings import current

resource = Resource("revenue")
CURSOR = Field(None, max_length=200, description="The “next” of the page before.")
A_DAY = "A day, such as 2026-03-31."


class Scope(BaseModel):
    """Of which currency and which site."""

    currency: str | None = Field(
        None,
        max_length=10,
        description="One currency, or “total”; else the total in the workspace's currency where every"
        " rate is known, and the largest currency where one is not.",
    )
    site: str | None = Field(None, max_length=120, description="Only of this site.")
    as_of: str | None = AS_OF


class Months(Scope):
    """Over how many months."""

    months: int = Field(12, ge=1, le=asking.MOST_MONTHS)


class Behind(Scope):
    """Behind which movement, in which days."""

    first: str = Field("", alias="from", max_length=10, description=f"The first day. {A_DAY}")
    last: str = Field("", alias="to", max_length=10, description=f"The last day. {A_DAY}")
    movement: Movement | None = None
    reason: str | None = Field(None, max_length=40, description="Only for this reason.")
    count: Literal["days", "ends"] = Field(
        "days", description="days: every movement; ends: the last day compared with the first."
    )
    limit: int = LIMIT
    cursor: str | None = CURSOR


class OnDay(Scope):
    """At the end of which day."""

    day: str | None = Field(None, max_length=10, description=A_DAY)
    limit: int = LIMIT
    cursor: str | None = CURSOR


class Report(Shape):
    """Revenue by month. Amounts are null where a rate is missing."""

    currency: str
    converted: bool
    missing_rates: list[str]
    months: list[dict[str, Any]]
    whole: dict[str, Any]
    retention: dict[str, Any] | None


class Moved(Shape):
    """An account behind a movement."""

    account: str
    movement: str
    amount: Money
    start: Money
    end: Money
    day: str
    reasons: list[str]


class Holding(Shape):
    """An account with revenue on a day."""

    account: str
    mrr: Money


class Owed(Shape):
    """What is owed in one currency."""

    currency: str
    total_due: Money
    past_due: Money
    ageing: dict[str, Any]
    dso: str | None


class Receivables(Shape):
    """What is owed, one entry a currency."""

    data: list[Owed]


@resource.get("", Report)
def show(request: HttpRequest, how: Query[Months]) -> HttpResponse:
    """Show revenue by month.

    Start, movements, exchange rates and end add up in every month; retention is over twelve months.
    """
    found = report.report(_asked(how))
    return answers.plain(shapes.report(found, *report.standings(found.asked.at)))


@resource.get("/accounts", PageOf[Moved])
def list_accounts(request: HttpRequest, how: Query[Behind]) -> HttpResponse:
    """List the accounts behind a movement.

    The largest amounts first; all of them add up to the movement.
    """
    asked = _asked(how)
    named = {"from": how.first, "to": how.last, "movement": how.movement, "reason": how.reason}
    behind = asking.behind(named | {"count": how.count}, asked.at)
    found = accounts.moved(asked, behind, cursor=how.cursor, limit=how.limit)
    return answers.page(map(shapes.account_move, found.rows), found.next)


@resource.get("/mrr", PageOf[Holding])
def list_mrr(request: HttpRequest, how: Query[OnDay]) -> HttpResponse:
    """List the accounts with revenue on a day.

    The largest first; nothing where a rate is missing that day.
    """
    asked = _asked(how)
    day = a_day("day", how.day) if how.day else asked.at.today
    found = accounts.holding(asked, day, cursor=how.cursor, limit=how.limit)
    return answers.page(map(shapes.holding, found.rows), found.next)


@resource.get("/receivables", Receivables)
def receivables(request: HttpRequest, how: Query[Scope]) -> HttpResponse:
    """Show what is owed by everybody, by age."""
    found = owed_by.receivables(_asked(how))
    return answers.plain({"data": [shapes.owed(one) for one in found]})


def _asked(how: Scope) -> asking.Asked:
    if how.site is not None:
        finding.site(how.site)
    given = {"currency": how.currency, "site": how.site, "months": getattr(how, "months", 12)}
    return asking.asked(given, across.here(how.as_of), current())
