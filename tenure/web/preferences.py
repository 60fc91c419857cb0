"""How a member likes the pages: theme and density in cookies of this browser, the time zone with the member."""

from functools import lru_cache
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tenure.access import write
from tenure.web.frame import DENSITIES, THEMES, member_of

YEAR = 365 * 24 * 3600
REGIONS = frozenset(
    "Africa America Antarctica Asia Atlantic Australia Europe Indian Pacific".split()
)
COOKIES = {"theme": THEMES, "density": DENSITIES}


@require_POST
def set_preference(request: HttpRequest) -> HttpResponse:
    """Keep one preference and go back to where it was chosen."""
    for name, allowed in COOKIES.items():
        if name in request.POST:
            return _keep_cookie(request, name, request.POST[name], allowed)
    return HttpResponseBadRequest("There is no such preference.")


def _keep_cookie(
    request: HttpRequest, name: str, value: str, allowed: tuple[str, ...]
) -> HttpResponse:
    if value not in allowed:
        return HttpResponseBadRequest(f"Choose one of {', '.join(allowed)}.")
    response = _back(request)
    response.set_cookie(
        name, value, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure()
    )
    return response


def time_zone(request: HttpRequest) -> HttpResponse:
    """Choose the zone in which this member reads times and days."""
    if request.method == "POST" and request.POST.get("time_zone") in zone_names():
        write.set_time_zone(member_of(request), request.POST["time_zone"])
        messages.success(request, f"Times are shown in {request.POST['time_zone']} now.")
        return HttpResponseRedirect(reverse("accounts"))
    shown = {"zone_names": zone_names(), "refused": request.method == "POST"}
    return render(request, "web/signin/time_zone.html", shown)


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """UTC first, then every zone named for a region, in alphabetical order."""
    regional = (name for name in available_timezones() if name.partition("/")[0] in REGIONS)
    return ("UTC", *sorted(regional))


def _back(request: HttpRequest) -> HttpResponse:
    address = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        address = "/"
    return HttpResponseRedirect(address)
