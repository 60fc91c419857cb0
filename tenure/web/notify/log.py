"""The log of deliveries: everything that was told, every try of it, and sending it again."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.core.errors import ConfigurationError
from tenure.notify import read, write
from tenure.notify.models import Delivery, State, Way
from tenure.web.permissions import may_route, only

ON_A_PAGE = 50
BADGES = {
    State.WAITING: "waiting",
    State.GATHERED: "pending",
    State.SENT: "success",
    State.SUMMED: "success",
    State.HELD: "paused",
    State.NOT_SENT: "past_due",
    State.FAILED: "failed",
}


@require_safe
@only(may_route)
def page(request: HttpRequest) -> HttpResponse:
    """Deliveries, newest first, narrowed by state, kind and channel."""
    state, way = request.GET.get("state", ""), request.GET.get("way", "")
    channel = request.GET.get("channel", "")
    rows = read.deliveries(
        state=state if state in State.values else "",
        way=way if way in Way.values else "",
        channel_id=int(channel) if channel.isascii() and channel.isdigit() else None,
    )
    found = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    shown = {
        "page": found,
        "lines": [(one, BADGES[State(one.state)]) for one in found],
        "state": state,
        "way": way,
        "channel": channel,
        "states": State.choices,
        "ways": Way.choices,
        "kept": read.kept(),
    }
    return render(request, "web/notify/log.html", shown)


@require_safe
@only(may_route)
def one(request: HttpRequest, delivery: UUID) -> HttpResponse:
    """A delivery with every try of it."""
    found = _found(delivery)
    shown = {
        "one": found,
        "badge_of": BADGES[State(found.state)],
        "attempts": [(a, BADGES[State(a.state)]) for a in found.attempts.order_by("-pk")],
    }
    return render(request, "web/notify/delivery.html", shown)


@require_POST
@only(may_route)
def replay(request: HttpRequest, delivery: UUID) -> HttpResponse:
    """Send it again, under its own id."""
    found = _found(delivery)
    try:
        write.replay(found, now=settings.TENURE_CLOCK.now())
        messages.success(request, "It will be sent again within seconds, under the same id.")
    except ConfigurationError as error:
        messages.warning(request, str(error))
    return HttpResponseRedirect(reverse("delivery", args=[found.pk]))


def _found(delivery: UUID) -> Delivery:
    try:
        return read.delivery_of(str(delivery))
    except ConfigurationError as error:
        raise Http404(error.message) from None
