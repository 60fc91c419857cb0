"""Definitions of health: listed, made, saved, put in order, switched, deleted and brought back."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.problems import not_found
from tenure.api.resource import ADMIN
from tenure.api.resources.health import resource
from tenure.api.resources.health.trying import ForWhom, named, now, who_of
from tenure.api.schemas import Body, PageOf, Shape
from tenure.health import ordering, shapes, versions
from tenure.health.membership import Who


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


class NewHealthDefinition(ForWhom):
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


class HealthReason(Body):
    """Why something is done; kept with it."""

    reason: str = Field("", max_length=2_000)


class NewOrder(HealthReason):
    """All definitions in the order in which they are to be tried."""

    definitions: list[str] = Field(
        max_length=1_000, description="Every name once, the one for everyone left out or last."
    )


@resource.get("/definitions", PageOf[HealthDefinitionInOrder])
def list_definitions(request: HttpRequest) -> HttpResponse:
    """List the definitions, in the order in which they are tried on an account.

    The first that is enabled, has no fault and is for the account applies.
    """
    return answers.page(shapes.definitions(versions.ready(now())), None)


@resource.post("/definitions", HealthDefinitionInOrder, status=201, scope=ADMIN)
def create(request: HttpRequest, body: NewHealthDefinition) -> HttpResponse:
    """Make a definition for the accounts of a rule or a segment.

    It becomes the last before the one for everyone. The scores of its accounts follow within a
    minute or so.
    """
    versions.ready(now())
    made = versions.create(
        body.name,
        body.definition,
        who_of(body) or Who(),
        caller(request, body.reason),
        now=now(),
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
    versions.ready(now())
    ordering.arrange(body.definitions, caller(request, body.reason), now=now())
    return answers.page(shapes.definitions(versions.listed()), None)


@resource.get("/definitions/{name}", PageOf[HealthDefinition])
def list_versions(request: HttpRequest, name: str) -> HttpResponse:
    """List every version of a definition, the newest first."""
    rows = versions.of_definition(named(name).definition_id)[:200]
    return answers.page([shapes.version(one) for one in rows], None)


@resource.put("/definitions/{name}", HealthDefinition, scope=ADMIN, matches=False)
def save(request: HttpRequest, name: str, body: NewVersion) -> HttpResponse:
    """Save a new version of a definition.

    Nothing is overwritten: earlier versions stay and can be brought back. The scores follow within
    a minute or so; what they were stays in their history.
    """
    made = versions.save(
        named(name).definition_id,
        body.definition,
        caller(request, body.reason),
        now=now(),
        who=who_of(body),
        name=body.name,
        based_on=body.based_on,
    )
    return answers.plain(shapes.version(made))


@resource.post("/definitions/{name}/enable", HealthDefinitionInOrder, scope=ADMIN)
def enable(request: HttpRequest, name: str, body: HealthReason) -> HttpResponse:
    """Let a definition score the accounts it is for."""
    return _switched(request, name, body.reason, on=True)


@resource.post("/definitions/{name}/disable", HealthDefinitionInOrder, scope=ADMIN)
def disable(request: HttpRequest, name: str, body: HealthReason) -> HttpResponse:
    """Pass a definition over; the next one that is for its accounts scores them."""
    return _switched(request, name, body.reason, on=False)


@resource.delete("/definitions/{name}", None, status=204, scope=ADMIN)
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Delete a definition.

    Its versions stay behind the scores made by them, and it can be brought back.
    """
    ordering.delete(named(name).definition_id, caller(request), now=now())
    return HttpResponse(status=204)


@resource.post("/definitions/{name}/restore", HealthDefinitionInOrder, scope=ADMIN)
def bring_back(request: HttpRequest, name: str, body: HealthReason) -> HttpResponse:
    """Bring a deleted definition back, to the place it had."""
    found = next(
        (one for one in versions.deleted() if one.definition.name.lower() == name.lower()), None
    )
    if found is None:
        raise not_found(f"No deleted definition is called {name!r}.", "List those there are.")
    ordering.bring_back(found.definition_id, caller(request, body.reason), now=now())
    return answers.one(request, shapes.definitions([named(name)])[0])


def _switched(request: HttpRequest, name: str, reason: str, *, on: bool) -> HttpResponse:
    found = named(name).definition_id
    ordering.switch(found, caller(request, reason), on=on, now=now())
    return answers.one(request, shapes.definitions([named(name)])[0])
