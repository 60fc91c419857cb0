"""Exchange rates: each from a day on until the next of its pair."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers
from tenure.api.bearer import caller
from tenure.api.listing import Listing, paged
from tenure.api.problems import not_found
from tenure.api.resource import WRITE, Resource
from tenure.api.schemas import Body, Number, PageOf, Shape
from tenure.metrics import basis, ratebook, rateshapes

resource = Resource("rates")
MOST = 5_000


class FxRate(Shape):
    """A rate: one unit of ``from`` is ``rate`` of ``to``, from ``date`` until the pair's next."""

    id: int
    date: str
    rate: str = Field(description="A decimal number as text.")
    set_by: str | None
    set_at: str


class RatesSaved(Shape):
    """What came of entering rates."""

    added: int
    replaced: int
    unchanged: int
    odd: list[str] = Field(description="Sentences about rates far from the one before.")


class RateDeleted(Shape):
    """The rate that was deleted, and how many accounts are measured again for it."""

    accounts: int
    rates_lost: dict[str, int] = Field(
        description="Currencies without a rate now, with the number of accounts that have money in it."
    )


class NewRate(Body):
    """A rate to enter. One of the same pair and day is replaced."""

    source: str = Field(alias="from", max_length=3, examples=["EUR"])
    target: str = Field(alias="to", max_length=3, examples=["USD"])
    date: str = Field(max_length=10, examples=["2026-06-01"])
    rate: str = Field(max_length=40, description="A decimal number as text.", examples=["1.0842"])


class NewRates(Body):
    """Rates to enter, all or none of them."""

    rates: list[NewRate] = Field(min_length=1, max_length=MOST)


@resource.get("", PageOf[FxRate])
def list_rates(request: HttpRequest, how: Query[Listing]) -> HttpResponse:
    """List the rates that stand."""
    rows = ratebook.live().select_related("set_by")
    return paged(rows, how, rateshapes.rate)


@resource.post("", RatesSaved, scope=WRITE)
def enter(request: HttpRequest, body: NewRates) -> HttpResponse:
    """Enter rates.

    Accounts with money in the currencies are measured again in the background.
    """
    entries = [ratebook.entry(one.source, one.target, one.date, one.rate) for one in body.rates]
    done = ratebook.enter(entries, caller(request), settings.TENURE_CLOCK.now())
    return answers.plain(rateshapes.saved(done))


@resource.delete("/{number}", RateDeleted, scope=WRITE)
def delete(request: HttpRequest, number: Number) -> HttpResponse:
    """Delete a rate.

    The pair's rate before it is in force again; without one, converted totals are unknown.
    """
    now = settings.TENURE_CLOCK.now()
    found = ratebook.live().filter(pk=number).first()
    if found is None:
        raise not_found(f"There is no rate {number}.", "List them with GET /api/v1/rates.")
    seen = basis.impact(lambda: _remove(request, found.pk), now)
    _remove(request, found.pk)
    return answers.plain({**rateshapes.rate(found), **rateshapes.impact(seen)})


def _remove(request: HttpRequest, pk: int) -> Any:
    return ratebook.remove([pk], caller(request), settings.TENURE_CLOCK.now())
