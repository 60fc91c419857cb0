"""Attributes: what accounts and subscriptions have, and the field each one is read from."""

from typing import Any, Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.api import answers
from tenure.api.bearer import caller
from tenure.api.listing import Short, sliced
from tenure.api.problems import Problem, not_found
from tenure.api.resource import ADMIN, Resource
from tenure.api.schemas import Body, PageOf, Shape
from tenure.customers import mapping, overview, shapes
from tenure.customers.filling import Filled
from tenure.customers.mapping import Changed
from tenure.customers.overview import Listed
from tenure.customers.overview import Unmapped as Waiting
from tenure.sync import replays

resource = Resource("attributes")
Kind = Literal["text", "number", "money", "date", "boolean", "list"]
Object = Literal["account", "subscription"]


class Definition(Shape):
    """What an attribute is, where it is read, and how many have a value of it."""

    name: str
    object: Object
    label: str
    type: Kind
    unit: str | None
    field: str | None = Field(description="The source's field; null when it is set by hand or API.")
    status: str = Field(description="mapped, by_hand, or vanished: its field is gone.")
    vanished_at: str | None
    renamed_to: str | None
    filled: int
    of: int
    estimated: bool = Field(description="Whether the two were counted in a sample.")


class Unmapped(Shape):
    """A custom field that no attribute is read from, with what one would be."""

    field: str
    object: Object
    label: str
    suggested_name: str
    suggested_type: Kind
    filled: int
    of: int
    estimated: bool


class DefinitionChanges(Body):
    """What shall be different; a new field or type lets the values follow by a replay."""

    label: str | None = Field(None, max_length=120)
    type: Kind | None = None
    unit: str | None = Field(None, max_length=20)
    field: str | None = Field(
        None, max_length=120, description="OBJECT.FIELD; empty for an attribute set by hand or API."
    )


class NewDefinition(DefinitionChanges):
    """An attribute to be made."""

    name: str = Field(min_length=1, max_length=80)
    object: Object = "account"


@resource.get("", PageOf[Definition])
def list_attributes(request: HttpRequest, how: Query[Short]) -> HttpResponse:
    """List attributes, with the field each one is read from."""
    return sliced(overview.listing(), how, _definition)


@resource.get("/unmapped", PageOf[Unmapped])
def list_unmapped(request: HttpRequest, how: Query[Short]) -> HttpResponse:
    """List custom fields that no attribute is read from, the fullest first."""
    return sliced(overview.unmapped(), how, _unmapped)


@resource.post("", Definition, scope=ADMIN, status=201)
def create(request: HttpRequest, body: NewDefinition) -> HttpResponse:
    """Make an attribute.

    Without a field it is yours to set by hand or API, and no sync touches it; with one, the values
    of what is stored follow at once, without a request to the source.
    """
    if _of(body.name, body.object):
        raise Problem(
            409,
            f"There is an {body.object} attribute {body.name!r} already.",
            next_step="Change it with PATCH.",
            field="name",
        )
    _set(request, body.name, body.field or "", body, body.object)
    where = f"/api/v1/attributes/{body.object}/{body.name}"
    return answers.one(request, _shown(body.name.strip(), body.object), status=201, location=where)


@resource.get("/{object_kind}/{name}", Definition)
def show(request: HttpRequest, object_kind: Object, name: str) -> HttpResponse:
    """Show an attribute."""
    return answers.one(request, _shown(name, object_kind))


@resource.patch("/{object_kind}/{name}", Definition, scope=ADMIN)
def update(
    request: HttpRequest, object_kind: Object, name: str, body: DefinitionChanges
) -> HttpResponse:
    """Change an attribute: its label, type, unit, or the field it is read from."""
    standing = _shown(name, object_kind)
    answers.refuse_stale(request, standing)
    field = body.field if body.field is not None else standing["field"] or ""
    _set(request, name, field, body, object_kind)
    return answers.one(request, _shown(name, object_kind))


@resource.delete("/{object_kind}/{name}", None, scope=ADMIN, status=204)
def remove(request: HttpRequest, object_kind: Object, name: str) -> HttpResponse:
    """Read an attribute from nothing any more.

    Its values stay, to be changed by hand or API; one that nobody has a value of is gone.
    """
    _shown(name, object_kind)
    mapping.remove(name, object_kind, caller(request), settings.TENURE_CLOCK.now())
    return HttpResponse(status=204)


def _set(
    request: HttpRequest, name: str, field: str, body: DefinitionChanges, object_kind: str
) -> Changed:
    changed = mapping.set_attribute(
        name,
        field,
        kind=body.type,
        label=body.label,
        unit=body.unit,
        object_kind=object_kind,
        by=caller(request),
        now=settings.TENURE_CLOCK.now(),
    )
    if (
        changed.filling
        or changed.retyped
        or (changed.change_set and changed.attribute.source_field)
    ):
        replays.after(changed, caller(request))
    return changed


def _of(name: str, object_kind: str) -> Listed | None:
    return next(
        (
            one
            for one in overview.listing()
            if (one.attribute.name, one.attribute.object_kind) == (name.strip(), object_kind)
        ),
        None,
    )


def _shown(name: str, object_kind: str) -> dict[str, Any]:
    found = _of(name, object_kind)
    if found is None:
        raise not_found(
            f"There is no {object_kind} attribute {name[:80]!r}.",
            "List them with GET /api/v1/attributes.",
        )
    return _definition(found)


def _definition(one: Listed) -> dict[str, Any]:
    return {
        **shapes.attribute(one.attribute),
        "status": one.status,
        "vanished_at": one.vanished_at.isoformat() if one.vanished_at else None,
        "renamed_to": one.renamed_to or None,
        **_fill(one.fill),
    }


def _unmapped(one: Waiting) -> dict[str, Any]:
    return {
        "field": one.field,
        "object": one.object_kind,
        "label": one.label,
        "suggested_name": one.name,
        "suggested_type": one.kind,
        **_fill(one.fill),
    }


def _fill(fill: Filled) -> dict[str, Any]:
    return {"filled": fill.count, "of": fill.total, "estimated": fill.about}
