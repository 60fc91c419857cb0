"""The list of segments."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.alerts.uses import uses_of_all
from tenure.segments import read
from tenure.web.frame import member_of
from tenure.web.permissions import may_define_segments


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every segment in its order of priority."""
    member, found = member_of(request), read.listed(settings.TENURE_CLOCK.now())
    mrr, uses = read.mrr_of(found), uses_of_all([one.segment for one in found], member_id=member.pk)
    shown = {
        "listed": [
            {
                "one": one,
                "mrr": mrr.get(one.segment.pk),
                "no_rate": mrr.get(one.segment.pk, 0) is None,
                "uses": uses[one.segment.pk],
            }
            for one in found
        ],
        "summed": bool(mrr),
        "may_define": may_define_segments(member),
    }
    return render(request, "web/segments/listing.html", shown)
