"""Health: how accounts stand, the definitions scores are made by, and what another one would do."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.problems import not_found
from tenure.api.resource import ADMIN, Resource
from tenure.api.schemas import Body, Money, PageOf, Shape
from tenure.core.errors import ConfigurationError
from tenure.customers import read as customers
from tenure.customers.write import ValueRefused
from tenure.health import ordering, read, shapes, versions
from tenure.health import preview as previews
from tenure.health.membership import Who, in_segment
from tenure.health.models import DefinitionVersion
from tenure.rules.parse import LONGEST
from tenure.segments import deciding
from tenure.segments.write import LONGEST_NAME

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
    rule: str | None = Field(description="The accounts it is for; null is everyone.")
    segment: str | None = Field(description="The segment, where the rule is that and no more.")
    definition: dict[str, Any]
    reason: str
    by: str
    made_at: str


class HealthDefinitionInOrder(HealthDefinition):
    """A definition as it stands in the order."""

    fallback: bool = Field(description="For every account that no other one is for; the last.")
    enabled: bool
    fault: str | None = Field(description="Why it is passed over, where it cannot be asked.")
    accounts: int = Field(description="How many accounts it scored.")


REASON = Field(min_length=1, max_length=2_000)
WHOM = "The accounts it is for, in the rule language; instead of a segment."
SEGMENT = "A segment whose accounts it is for; instead of a rule."


class ForWhom(Body):
    """Whom a definition is for: a rule, or a segment."""

    rule: str | None = Field(None, max_length=LONGEST, description=WHOM)
    segment: str | None = Field(None, max_length=LONGEST_NAME, description=SEGMENT)


class NewDefinition(ForWhom):
    """A definition to be, the last before the one for everyone."""

    name: str = Field(min_length=1, max_length=versions.LONGEST_NAME)
    definition: dict[str, Any]
    reason: str = REASON
    enabled: bool = Field(True, strict=True)


class NewVersion(ForWhom):
    """A definition in full, as its newest version; without a rule or a segment it stays for whom it
    was."""

    definition: dict[str, Any]
    name: str | None = Field(None, max_length=versions.LONGEST_NAME, description="A new name.")
    reason: str = REASON
    based_on: int | None = Field(
        None,
        ge=1,
        le=2**31 - 1,
        description="The version you began with; refused when there is a newer one.",
    )


class Why(Body):
    """Why something is done; kept with it."""

    reason: str = Field("", max_length=2_000)


class NewOrder(Why):
    """All definitions in the order in which they are to be tried."""

    definitions: list[str] = Field(
        max_length=1_000, description="Every name once, the one for everyone left out or last."
    )


class Trial(ForWhom):
    """A definition to try on every account."""

    definition: dict[str, Any]
    name: str | None = Field(
        versions.EVERYONE,
        max_length=versions.LONGEST_NAME,
        description="Whose next version it would be; null tries it as a new definition.",
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


@resource.get("/definitions", PageOf[HealthDefinitionInOrder])
def list_definitions(request: HttpRequest) -> HttpResponse:
    """List the definitions, in the order in which they are tried on an account.

    The first that is enabled, has no fault and is for the account applies.
    """
    return answers.page(shapes.definitions(versions.ready(_now())), None)


@resource.post("/definitions", HealthDefinitionInOrder, status=201, scope=ADMIN)
def create(request: HttpRequest, body: NewDefinition) -> HttpResponse:
    """Make a definition for the accounts of a rule or a segment.

    It becomes the last before the one for everyone. The scores of its accounts follow within a
    minute or so.
    """
    versions.ready(_now())
    made = versions.create(
        body.name,
        body.definition,
        _who(body) or Who(),
        caller(request, body.reason),
        now=_now(),
        enabled=body.enabled,
    )
    address = f"/api/v1/health/definitions/{finding.quoted(made.name)}"
    [shown] = shapes.definitions([made])
    return answers.one(request, shown, status=201, location=address)


@resource.put("/order", PageOf[HealthDefinitionInOrder], scope=ADMIN, matches=False)
def arrange(request: HttpRequest, body: NewOrder) -> HttpResponse:
    """Put the definitions into another order.

    Accounts that another definition applies to then are scored anew within a minute or so.
    """
    versions.ready(_now())
    ordering.arrange(body.definitions, caller(request, body.reason), now=_now())
    return answers.page(shapes.definitions(versions.listed()), None)


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
        now=_now(),
        who=_who(body),
        name=body.name,
        based_on=body.based_on,
    )
    return answers.plain(shapes.version(made))


@resource.post("/definitions/{name}/enable", HealthDefinitionInOrder, scope=ADMIN)
def enable(request: HttpRequest, name: str, body: Why) -> HttpResponse:
    """Let a definition score the accounts it is for."""
    return _switched(request, name, body.reason, on=True)


@resource.post("/definitions/{name}/disable", HealthDefinitionInOrder, scope=ADMIN)
def disable(request: HttpRequest, name: str, body: Why) -> HttpResponse:
    """Pass a definition over; the next one that is for its accounts scores them."""
    return _switched(request, name, body.reason, on=False)


@resource.delete("/definitions/{name}", None, status=204, scope=ADMIN)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Delete a definition.

    Its versions stay behind the scores made by them, and it can be brought back.
    """
    ordering.delete(_named(name).definition_id, caller(request), now=_now())
    return HttpResponse(status=204)


@resource.post("/definitions/{name}/restore", HealthDefinitionInOrder, scope=ADMIN)
def bring_back(request: HttpRequest, name: str, body: Why) -> HttpResponse:
    """Bring a deleted definition back, to the place it had."""
    found = next(
        (one for one in versions.deleted() if one.definition.name.lower() == name.lower()), None
    )
    if found is None:
        raise not_found(f"No deleted definition is called {name!r}.", "List those there are.")
    ordering.bring_back(found.definition_id, caller(request, body.reason), now=_now())
    return answers.one(request, shapes.definitions([_named(name)])[0])


@resource.post("/preview", HealthPreview)
def preview(request: HttpRequest, body: Trial) -> HttpResponse:
    """Try a definition on every account.

    Nothing is changed. Counts are exact; of the accounts that would change band the largest are
    named.
    """
    base = _named(body.name) if body.name else None
    versions.ready(_now())
    found = previews.preview(
        base, body.definition, now=_now(), who=_who(body), name="" if base else "new"
    )
    named = customers.named(move.account_id for move in found.moves)
    return answers.plain(shapes.preview(found, named))


def _now() -> datetime:
    return settings.TENURE_CLOCK.now()


def _who(body: ForWhom) -> Who | None:
    """Whom it is for; None where nothing is said of that."""
    if body.rule is not None and body.segment is not None:
        raise ValueRefused("segment", "Give a rule or a segment, not both.", "One of the two.")
    if body.segment is not None:
        return deciding.who(in_segment(body.segment))
    return None if body.rule is None else deciding.who(body.rule)


def _switched(request: HttpRequest, name: str, reason: str, *, on: bool) -> HttpResponse:
    found = _named(name).definition_id
    ordering.switch(found, caller(request, reason), on=on, now=_now())
    return answers.one(request, shapes.definitions([_named(name)])[0])


def _named(name: str) -> DefinitionVersion:
    versions.ready(_now())
    try:
        return versions.named(name)
    except ConfigurationError as error:
        raise not_found(error.message, error.next_step) from error
