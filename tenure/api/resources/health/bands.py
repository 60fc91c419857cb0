"""How all accounts stand."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import BaseModel, Field

from tenure.api import answers
from tenure.api.listing import AS_OF, moment
from tenure.api.resources.health import resource
from tenure.api.schemas import Money, Shape
from tenure.health import listing, read


class BandsOnDay(BaseModel):
    """At which time."""

    as_of: str | None = AS_OF


class HealthBand(Shape):
    """The accounts of one band."""

    band: str
    ended: bool = Field(description="Their subscriptions are over; they stand apart.")
    accounts: int
    mrr: list[Money]


class Bands(Shape):
    """How all accounts stand."""

    data: list[HealthBand]


@resource.get("", Bands)
def distribution(request: HttpRequest, how: Query[BandsOnDay]) -> HttpResponse:
    """How many accounts stand in each band, and their MRR; with as_of what was known then."""
    at = moment(how.as_of)
    now = settings.TENURE_CLOCK.now()
    found = listing.distribution_at(at, now) if at else read.distribution()
    data = [
        {
            "band": one.band,
            "ended": one.ended,
            "accounts": one.accounts,
            "mrr": [money.as_json() for money in one.mrr],
        }
        for one in found
    ]
    return answers.plain({"data": data})
