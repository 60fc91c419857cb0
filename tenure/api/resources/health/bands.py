"""How all accounts stand."""

from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.api import answers
from tenure.api.resources.health import resource
from tenure.api.schemas import Money, Shape
from tenure.health import read


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
def distribution(request: HttpRequest) -> HttpResponse:
    """How many accounts stand in each band, and their MRR."""
    data = [
        {
            "band": one.band,
            "ended": one.ended,
            "accounts": one.accounts,
            "mrr": [money.as_json() for money in one.mrr],
        }
        for one in read.distribution()
    ]
    return answers.plain({"data": data})
