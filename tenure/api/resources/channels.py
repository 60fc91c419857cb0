"""Shared channels: chat rooms, shared mailboxes and webhooks that alerts are told to. An address and a
signing secret are sealed: an address is never answered, a secret once, when it is made."""

from typing import Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from pydantic import Field

from tenure.api import answers, gate
from tenure.api.problems import not_found
from tenure.api.resource import ADMIN, Resource
from tenure.api.resources.deliveries import DeliveryInFull
from tenure.api.schemas import Body, Flag, Number, PageOf, Shape
from tenure.core.secrets import Secret
from tenure.notify import read, shapes, write
from tenure.notify.models import SharedChannel as Row

resource = Resource("channels")
Event = Literal["alert.opened", "alert.ended"]
NAME = Field(min_length=1, max_length=write.LONGEST_NAME)
ADDRESS = (
    "An e-mail address, or the https address that is posted to. It is sealed and never answered."
)


class Channel(Shape):
    """A shared channel; ``address`` is as much of it as everybody may see."""

    id: int
    name: str
    kind: Literal["email", "slack", "webhook"]
    address: str
    events: list[str] = Field(description="What a webhook hears of without a route.")
    enabled: bool


class Signed(Channel):
    """A webhook with its fresh signing secret, which is answered nowhere else: keep it now."""

    secret: str | None = Field(
        description="Empty when the answer is a repetition; null for others."
    )


class ChannelMade(Body):
    """A channel to be."""

    name: str = NAME
    kind: Literal["email", "slack", "webhook"]
    address: str = Field(min_length=1, max_length=2_000, description=ADDRESS)
    events: list[Event] = Field([], max_length=10, description="For a webhook.")


class ChannelChanged(Body):
    """What of it to change; what is not named stays."""

    name: str | None = Field(None, min_length=1, max_length=write.LONGEST_NAME)
    address: str | None = Field(None, min_length=1, max_length=2_000, description=ADDRESS)
    events: list[Event] | None = Field(None, max_length=10, description="For a webhook.")
    enabled: Flag | None = None


@resource.get("", PageOf[Channel])
def list_channels(request: HttpRequest) -> HttpResponse:
    """List the shared channels."""
    return answers.page([shapes.channel(one) for one in read.channels()], None)


@resource.post("", Signed, scope=ADMIN, status=201)
def make(request: HttpRequest, body: ChannelMade) -> HttpResponse:
    """Keep a channel. Send it a test, then add a route to it.

    A webhook's signing secret is in this answer and nowhere else, not even in the answer to a repetition.
    """
    now = settings.TENURE_CLOCK.now()
    made = write.add_channel(body.name, body.kind, body.address, events=body.events, now=now)
    return _with_secret(made.channel, made.secret, status=201)


@resource.get("/{number}", Channel)
def show(request: HttpRequest, number: Number) -> HttpResponse:
    """Show a channel."""
    return answers.one(request, shapes.channel(_channel(number)))


@resource.patch("/{number}", Channel, scope=ADMIN)
def change(request: HttpRequest, number: Number, body: ChannelChanged) -> HttpResponse:
    """Change a channel's name, address or events, or switch it."""
    found = _channel(number)
    answers.refuse_stale(request, shapes.channel(found))
    write.change_channel(found, **body.model_dump(exclude_none=True))
    return answers.one(request, shapes.channel(_channel(number)))


@resource.post("/{number}/secret", Signed, scope=ADMIN)
def renew_secret(request: HttpRequest, number: Number) -> HttpResponse:
    """Sign a webhook's requests with a new secret from now on; it is answered this once."""
    found = _channel(number)
    return _with_secret(found, write.renew_secret(found))


@resource.post("/{number}/test", DeliveryInFull, scope=ADMIN)
def send_test(request: HttpRequest, number: Number) -> HttpResponse:
    """Send it a test, as everything else is sent; the answer is the delivery to look at."""
    sent = write.send_test(_channel(number), now=settings.TENURE_CLOCK.now())
    return answers.plain(shapes.in_full(sent))


@resource.delete("/{number}", Channel, scope=ADMIN)
def delete(request: HttpRequest, number: Number) -> HttpResponse:
    """Tell it nothing more and forget its address and secret; its log stays, its routes go."""
    found = _channel(number)
    shape = shapes.channel(found)
    write.remove_channel(found, now=settings.TENURE_CLOCK.now())
    return answers.plain(shape)


def _with_secret(channel: Row, secret: Secret | None, status: int = 200) -> HttpResponse:
    text = secret.reveal() if secret else None
    headers = {"Location": f"/api/v1/channels/{channel.pk}"}
    if text:
        headers[gate.SHOWN_ONCE] = text
    document = {**shapes.channel(channel), "secret": text}
    return answers.plain(document, status=status, headers=headers)


def _channel(number: int) -> Row:
    found = next((one for one in read.channels() if one.pk == number), None)
    if found is None:
        raise not_found(f"There is no channel {number}.", "List them with GET /api/v1/channels.")
    return found
