"""What a figure of an account is made of, and what was left out of it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import BaseModel, Field

from tenure.api import answers, finding
from tenure.api.listing import AS_OF, moment
from tenure.api.problems import Problem
from tenure.api.resources.accounts import resource
from tenure.api.schemas import Money, Shape
from tenure.metrics import explain
from tenure.metrics.as_of import figures_at
from tenure.metrics.explain import shapes
from tenure.metrics.explain.calculation import calculation, calculation_at
from tenure.metrics.settings import current


class Figure(BaseModel):
    """Which figure, and at which time."""

    figure: str = Field("mrr", max_length=40, description=f"One of {', '.join(explain.FIGURES)}.")
    as_of: str | None = AS_OF


class Explained(Shape):
    """A figure in one currency, the parts that add up to it, and what does not count."""

    figure: str
    total: Money
    parts: list[dict[str, Any]]
    excluded: list[dict[str, Any]]


class Explanation(Shape):
    """A figure, one entry a currency.

    Of a past day ``kind`` says how it is known (snapshot, reconstructed or inferred; null where it is
    not), and ``differs`` that the records of then come to something else than what was kept.
    """

    data: list[Explained]
    as_of: str | None = None
    kind: str | None = None
    differs: bool = False


@resource.get("/{path:identifier}/explain", Explanation)
def explained(request: HttpRequest, identifier: str, how: Query[Figure]) -> HttpResponse:
    """Take a figure of an account apart.

    The parts add up to the figure, to the cent; what was left out is listed with the reason. With
    as_of it is the figure of a past day, taken apart from what was known then.
    """
    found = finding.account(identifier)
    if how.figure not in explain.FIGURES:
        raise Problem(
            400,
            f"{how.figure[:40]!r} is no figure that can be taken apart.",
            next_step=f"Use one of {', '.join(explain.FIGURES)}.",
            field="figure",
        )
    at = moment(how.as_of)
    if at is None:
        told = calculation(found.pk, how.figure, settings.TENURE_CLOCK.now(), current())
    else:
        facts = figures_at([found.pk], at).get(found.pk)
        told = calculation_at(found.pk, how.figure, facts, at, current())
    document = {"data": [shapes.parts(one) for _, one in told.groups]}
    day = at.day.isoformat() if at else None
    return answers.plain(document | {"as_of": day, "kind": told.kind, "differs": told.differs})
