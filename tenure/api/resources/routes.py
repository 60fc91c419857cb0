"""Routes: which alerts are told to whom."""

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.access.read import member_of
from tenure.alerts.read import rule_named
from tenure.api import answers
from tenure.api.problems import not_found
from tenure.api.resource import ADMIN, Resource
from tenure.api.schemas import Body, Number, PageOf, Shape
from tenure.notify import read, shapes, write
from tenure.notify.models import Route as Row

resource = Resource("routes")


class Route(Shape):
    """A route; conditions that are null take every alert."""

    id: int
    name: str
    rule: str | None
    type: str | None
    least_severity: str | None
    owner: str | None
    to: str
    member: str | None
    channel: str | None
    enabled: bool


class RouteSet(Body):
    """A route to be."""

    name: str = Field(min_length=1, max_length=120)
    rule: str | None = Field(None, max_length=120, description="The name of an alert rule.")
    type: Literal["onboarding", "renewal", "upsell", "risk"] | None = None
    least_severity: Literal["low", "medium", "high", "critical"] | None = None
    owner: str | None = Field(None, max_length=254, description="Only alerts of this member.")
    to: Literal["owner", "followers", "member", "channel"]
    member: str | None = Field(None, max_length=254, description="A member's e-mail.")
    channel: str | None = Field(None, max_length=120, description="A shared channel's name.")


class RouteSwitch(Body):
    """Whether it is followed."""

    enabled: bool


@resource.get("", PageOf[Route])
def list_routes(request: HttpRequest) -> HttpResponse:
    """List all routes."""
    return answers.page([shapes.route(one) for one in read.routes()], None)


@resource.post("", Route, scope=ADMIN)
def make(request: HttpRequest, body: RouteSet) -> HttpResponse:
    """Make a route."""
    return answers.plain(shapes.route(write.add_route(body.name, body.to, **_how(body))))


@resource.get("/{number}", Route)
def show(request: HttpRequest, number: Number) -> HttpResponse:
    """Show a route."""
    return answers.one(request, shapes.route(_route(number)))


@resource.put("/{number}", Route, scope=ADMIN)
def change(request: HttpRequest, number: Number, body: RouteSet) -> HttpResponse:
    """Change a route: what is not named takes every alert. Whether it is followed stays."""
    found = _route(number)
    answers.refuse_stale(request, shapes.route(found))
    changed = write.change_route(found, body.name, body.to, **_how(body))
    return answers.one(request, shapes.route(changed))


@resource.post("/{number}/switch", Route, scope=ADMIN)
def switch(request: HttpRequest, number: Number, body: RouteSwitch) -> HttpResponse:
    """Follow a route, or leave it alone."""
    found = _route(number)
    write.switch_route(found, enabled=body.enabled)
    return answers.plain(shapes.route(found))


@resource.delete("/{number}", Route, scope=ADMIN)
def delete(request: HttpRequest, number: Number) -> HttpResponse:
    """Tell nobody by this route any more."""
    found = _route(number)
    shape = shapes.route(found)
    write.remove_route(found)
    return answers.plain(shape)


def _how(body: RouteSet) -> dict[str, Any]:
    return {
        "alert_rule": rule_named(body.rule) if body.rule else None,
        "kind": body.type or "",
        "least_severity": body.least_severity or "",
        "owner": member_of(body.owner) if body.owner else None,
        "member": member_of(body.member) if body.member else None,
        "channel": read.channel_named(body.channel) if body.channel else None,
    }


def _route(number: int) -> Row:
    found = read.routes().filter(pk=number).first()
    if found is None:
        raise not_found(f"There is no route {number}.", "List them with GET /api/v1/routes.")
    return found
