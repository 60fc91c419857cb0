"""What a figure of an account is made of, and what was left out of it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import BaseModel, Field

from tenure.api import answers, finding
from tenure.api.problems import Problem
from tenure.api.resources.accounts import resource
from tenure.api.schemas import Money, Shape
from tenure.metrics import explain
from tenure.metrics.explain import shapes


class Figure(BaseModel):
    """Which figure."""

    figure: str = Field("mrr", max_length=40, description=f"One of {', '.join(explain.FIGURES)}.")


class Explained(Shape):
    """A figure in one currency, the parts that add up to it, and what does not count."""

    figure: str
    total: Money
    parts: list[dict[str, Any]]
    excluded: list[dict[str, Any]]


class Explanation(Shape):
    """A figure, one entry a currency."""

    data: list[Explained]


@resource.get("/{path:identifier}/explain", Explanation)
def explained(request: HttpRequest, identifier: str, how: Query[Figure]) -> HttpResponse:
    """Take a figure of an account apart.

    The parts add up to the figure, to the cent; what was left out is listed with the reason.
    """
    found = finding.account(identifier)
    if how.figure not in explain.FIGURES:
        raise Problem(
            400,
            f"{how.figure[:40]!r} is no figure that can be taken apart.",
            next_step=f"Use one of {', '.join(explain.FIGURES)}.",
            field="figure",
        )
    groups = explain.parts(found.pk, how.figure, settings.TENURE_CLOCK.now())
    return answers.plain({"data": [shapes.parts(one) for one in groups]})
