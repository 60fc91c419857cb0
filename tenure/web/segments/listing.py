"""The list of segments."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.segments import read
from tenure.web.frame import member_of
from tenure.web.permissions import may_define_segments


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every segment in its order of priority."""
    shown = {
        "listed": read.listed(settings.TENURE_CLOCK.now()),
        "may_define": may_define_segments(member_of(request)),
    }
    return render(request, "web/segments/listing.html", shown)
