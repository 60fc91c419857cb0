"""What every page shows around its content: rail, top bar, theme, freshness."""

from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from tenure.access.models import Member
from tenure.core.clock import SystemClock
from tenure.notify.read import unread
from tenure.web import as_of, moments
from tenure.web.runs.freshness import freshness, standings_for

THEMES = ("system", "light", "dark")
DENSITIES = ("regular", "compact")
LIVE = ("run-live", "sync-live")  # parts that poll; the freshness chip comes along with them


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the rail; ``prefix`` is the start of the addresses that belong to it."""

    key: str
    label: str
    address: str
    letter: str


PLACES = (
    Place("today", "Today", "/today/", "t"),
    Place("accounts", "Accounts", "/accounts/", "a"),
    Place("alerts", "Alerts", "/alerts/", "l"),
    Place("segments", "Segments", "/segments/", "s"),
    Place("health", "Health", "/health/", "h"),
    Place("billing", "Billing", "/billing/", "b"),
    Place("tasks", "Tasks", "/tasks/", "d"),
    Place("sync", "Sync", "/sync/", "y"),
    Place("settings", "Settings", "/settings/", "e"),
)


def context(request: HttpRequest) -> dict[str, Any]:
    """Values the base template needs on every page, and every fragment for its times."""
    now, real_now = settings.TENURE_CLOCK.now(), SystemClock().now()
    # A request for a host that is not ours is refused before anyone is looked up.
    user: Member | AnonymousUser = getattr(request, "user", None) or AnonymousUser()
    member = user if isinstance(user, Member) else None
    shown: dict[str, Any] = {
        "latest": now,
        "real_now": real_now,
        "zone": moments.zone_of(member.time_zone if member else "UTC"),
        "theme": _chosen(request, "theme", THEMES),
        "density": _chosen(request, "density", DENSITIES),
        "demo": settings.TENURE_DEMO is not None,
        "places": PLACES,
        "here": next((p.key for p in PLACES if request.path.startswith(p.address)), ""),
    }
    shown["as_of"] = as_of.shown(request)
    # What is said to be so long ago is so from the day looked back to.
    shown["now"] = as_of.now_of(request)
    shown["live"] = request.headers.get("HX-Target") in LIVE
    if member and (shown["live"] or not request.headers.get("HX-Request")):
        known = getattr(request, "unread", None)
        shown["unread"] = unread(member) if known is None else known
        shown["freshness"] = freshness(real_now, standings_for(request))
    return shown


def member_of(request: HttpRequest) -> Member:
    """The signed-in member. Only for pages behind the sign-in, which are all but the door itself."""
    return cast("Member", request.user)


def _chosen(request: HttpRequest, name: str, allowed: tuple[str, ...]) -> str:
    value = request.COOKIES.get(name, "")
    return value if value in allowed else allowed[0]
