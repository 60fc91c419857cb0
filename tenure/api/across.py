"""Lists across accounts: the filters of ``metrics.lists`` as parameters, and what a list adds up to."""

from types import ModuleType
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from pydantic import BaseModel, Field, create_model

from tenure.api import answers, finding
from tenure.api.listing import AS_OF, CURSOR, LIMIT, moment
from tenure.api.schemas import Shape
from tenure.metrics.lists.filters import At, Wanted, at_the_end_of
from tenure.metrics.lists.found import Sums
from tenure.metrics.settings import zone

CAP = 10_000


class CurrencySum(Shape):
    """The sums of one currency."""

    currency: str
    rows: int


class Totals(Shape):
    """What a list adds up to, one entry a currency."""

    count: int = Field(description=f"How many match; {CAP} means that or more.")
    given_up: bool = Field(description="Whether adding up took too long; then there are no sums.")
    sums: list[CurrencySum]


def parameters(name: str, source: ModuleType) -> Any:
    """The filters of a list as a model of query parameters."""
    fields: dict[str, Any] = {
        one.name: (str | None, Field(None, max_length=400, description=_told(one)))
        for one in source.FILTERS
    }
    made = create_model(name, as_of=(str | None, AS_OF), **fields)
    made.__module__ = __name__
    return made


def listing(name: str, source: ModuleType) -> Any:
    """The same with an order, a limit and a cursor."""
    orders = ", ".join(sorted(source.ORDERS))
    about = f"One of {orders}; a minus in front turns it round. Unknown values come last."
    made = create_model(
        name,
        __base__=parameters(f"{name}Filters", source),
        sort=(str, Field("-id", max_length=40, description=about)),
        limit=(int, LIMIT),
        cursor=(str | None, CURSOR),
    )
    made.__module__ = __name__
    return made


def _told(one: Any) -> str:
    words = f" One or several of {', '.join(one.choices)}." if one.choices else ""
    return f"{one.label}.{words} {one.told}".strip()


def asked(source: ModuleType, how: BaseModel) -> Wanted:
    """What the parameters ask for. Raises Problem for a site or account there is not, UnusableFilter
    for a value a filter cannot have."""
    given = {one.name: getattr(how, one.name) for one in source.FILTERS}
    if given["account"] is not None:
        given["account"] = str(finding.account(given["account"]).pk)
    for subdomain in (given["site"] or "").split(","):
        if subdomain.strip():
            finding.site(subdomain.strip())
    return source.asked_for(given, here(how.as_of))  # type: ignore[attr-defined,no-any-return]


def here(as_of: str | None = None) -> At:
    """The past day that is named, or the present, in the workspace's calendar. Raises UnusableDate."""
    return at_the_end_of(moment(as_of), settings.TENURE_CLOCK.now(), zone())


def page(source: ModuleType, how: Any, shape: Any) -> HttpResponse:
    """The page that was asked for, each row in its shape."""
    found = source.page(asked(source, how), sort=how.sort, limit=how.limit, cursor=how.cursor)
    return answers.page([shape(row) for row in found.rows], found.next)


def totals(source: ModuleType, how: Any, figures: tuple[str, ...]) -> HttpResponse:
    """How many match and what they add up to."""
    wanted = asked(source, how)
    sums: Sums = source.sums(wanted)
    return answers.plain(
        {
            "count": source.capped_count(wanted, cap=CAP),
            "given_up": sums.given_up,
            "sums": [
                {
                    "currency": line.currency,
                    "rows": line.rows,
                    **{
                        name: money.as_json()
                        for name, money in zip(figures, line.amounts, strict=True)
                    },
                }
                for line in sums.lines
            ],
        }
    )
