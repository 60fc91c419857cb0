"""Health: how accounts stand, the definitions scores are made by, and what another one would do."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.api import answers
from tenure.api.bearer import caller
from tenure.api.problems import not_found
from tenure.api.resource import ADMIN, Resource
from tenure.api.schemas import Body, Money, PageOf, Shape
from tenure.core.errors import ConfigurationError
from tenure.customers import read as customers
from tenure.health import preview as previews
from tenure.health import read, shapes, versions
from tenure.health.models import DefinitionVersion
from tenure.metrics.settings import current

resource = Resource("health")


class HealthBand(Shape):
    """The accounts of one band."""

    band: str
    ended: bool = Field(description="Their subscriptions are over; they stand apart.")
    accounts: int
    mrr: list[Money]


class Bands(Shape):
    """How all accounts stand."""

    data: list[HealthBand]


class HealthDefinition(Shape):
    """One version of a definition."""

    name: str
    version: int
    rule: str | None
    segment: str | None
    definition: dict[str, Any]
    reason: str
    by: str
    made_at: str


class NewVersion(Body):
    """A definition in full, as its newest version."""

    definition: dict[str, Any]
    reason: str = Field(min_length=1, max_length=2_000)
    based_on: int | None = Field(
        None,
        ge=1,
        le=2**31 - 1,
        description="The version you began with; refused when there is a newer one.",
    )


class Trial(Body):
    """A definition to try on every account."""

    definition: dict[str, Any]
    name: str = Field(
        versions.EVERYONE, max_length=120, description="Whose next version it would be."
    )


class HealthPreview(Shape):
    """What a definition would do."""

    accounts: int
    kept: int = Field(description="Frozen, ended, too old or set by a person: they do not follow.")
    changed: int
    moved: int
    before: dict[str, int]
    after: dict[str, int]
    between: list[dict[str, Any]]
    switched: list[dict[str, Any]] = Field(description="From which definition to which.")
    moves: list[dict[str, Any]]


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


@resource.get("/definitions", PageOf[HealthDefinition])
def list_definitions(request: HttpRequest) -> HttpResponse:
    """List the definitions in force, in the order in which they are tried on an account."""
    versions.in_force(settings.TENURE_CLOCK.now(), current())
    return answers.page([shapes.version(one) for one in versions.newest()], None)


@resource.get("/definitions/{name}", PageOf[HealthDefinition])
def list_versions(request: HttpRequest, name: str) -> HttpResponse:
    """List every version of a definition, the newest first."""
    rows = versions.of_definition(_named(name).definition_id)[:200]
    return answers.page([shapes.version(one) for one in rows], None)


@resource.put("/definitions/{name}", HealthDefinition, scope=ADMIN, matches=False)
def save(request: HttpRequest, name: str, body: NewVersion) -> HttpResponse:
    """Save a new version of a definition.

    Nothing is overwritten: earlier versions stay and can be brought back. The scores follow within
    a minute or so; what they were stays in their history.
    """
    made = versions.save(
        _named(name).definition_id,
        body.definition,
        caller(request, body.reason),
        now=settings.TENURE_CLOCK.now(),
        based_on=body.based_on,
    )
    return answers.plain(shapes.version(made))


@resource.post("/preview", HealthPreview)
def preview(request: HttpRequest, body: Trial) -> HttpResponse:
    """Try a definition on every account.

    Nothing is changed. Counts are exact; of the accounts that would change band the largest are
    named.
    """
    found = previews.preview(_named(body.name), body.definition, now=settings.TENURE_CLOCK.now())
    named = customers.named(move.account_id for move in found.moves)
    return answers.plain(shapes.preview(found, named))


def _named(name: str) -> DefinitionVersion:
    versions.in_force(settings.TENURE_CLOCK.now(), current())
    try:
        return versions.named(name)
    except ConfigurationError as error:
        raise not_found(error.message, error.next_step) from error
