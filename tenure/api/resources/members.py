"""Members: our own people."""

from django.http import HttpRequest, HttpResponse

from tenure.access import read, shapes
from tenure.api import answers
from tenure.api.resource import Resource
from tenure.api.schemas import PageOf, Shape

resource = Resource("members")


class Member(Shape):
    """One of our own people."""

    email: str
    name: str
    role: str
    active: bool
    created_at: str
    last_login: str | None


@resource.get("", PageOf[Member])
def list_members(request: HttpRequest) -> HttpResponse:
    """List members, the disabled included. An account's owner is one of them, by e-mail."""
    return answers.page([shapes.member(one) for one in read.members()], None)
