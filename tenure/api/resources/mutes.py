"""Mutes: rules that are silent for an account, and taking that back. One is made with an alert's
``/mute``."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query

from tenure.alerts import mutes, shapes
from tenure.alerts.actions import Who
from tenure.api import answers
from tenure.api.bearer import caller
from tenure.api.listing import CURSOR, LIMIT
from tenure.api.problems import not_found
from tenure.api.resource import Resource
from tenure.api.schemas import Body, Number, PageOf, Shape
from tenure.core.errors import ConfigurationError
from tenure.customers.paging import cursor_of, number

resource = Resource("mutes")


class Mute(Shape):
    """A rule is silent for an account until a day of the workspace is over."""

    id: int
    rule: str
    account: str
    alert: int | None
    until: str
    reason: str
    by: str | None
    at: str | None
    ended_at: str | None


class Mutes(Body):
    """Which page of them."""

    limit: int = LIMIT
    cursor: str | None = CURSOR


@resource.get("", PageOf[Mute])
def list_mutes(request: HttpRequest, how: Query[Mutes]) -> HttpResponse:
    """List the mutes in force, the soonest to end first."""
    skip = number(how.cursor, "mutes") if how.cursor else 0
    standing = mutes.standing(settings.TENURE_CLOCK.now())
    found = list(standing[skip : skip + how.limit + 1])
    following = cursor_of("mutes", skip + how.limit) if len(found) > how.limit else None
    return answers.page([shapes.mute(one) for one in found[: how.limit]], following)


@resource.delete("/{number}", Mute)
def take_back(request: HttpRequest, number: Number) -> HttpResponse:
    """Let the rule speak of the account again; where it holds, its alert opens within minutes."""
    now = settings.TENURE_CLOCK.now()
    try:
        done = mutes.take_back(number, Who(name=caller(request).name), now=now)
    except ConfigurationError as error:
        raise not_found(error.message, "List them with GET /api/v1/mutes.") from None
    return answers.plain(shapes.mute(done))
