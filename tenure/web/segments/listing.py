"""The list of segments."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenure.alerts.uses import uses_of_all
from tenure.segments import read
from tenure.segments.question import TooCostly
from tenure.web.frame import member_of
from tenure.web.permissions import may_define_segments
from tenure.web.segments.page import segment_or_404


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every segment in its order of priority. The MRR of very large ones is brought after the page."""
    member, found = member_of(request), read.listed(settings.TENURE_CLOCK.now())
    mrr, uses = read.mrr_of(found), uses_of_all([one.segment for one in found], member_id=member.pk)
    shown = {
        "listed": [
            {
                "one": one,
                "mrr": mrr.get(one.segment.pk),
                "no_rate": mrr.get(one.segment.pk, 0) is None,
                "later": one.members > 0 and one.segment.pk not in mrr,
                "uses": uses[one.segment.pk],
            }
            for one in found
        ],
        "may_define": may_define_segments(member),
    }
    return render(request, "web/segments/listing.html", shown)


@require_safe
def mrr(request: HttpRequest, pk: int) -> HttpResponse:
    """The MRR of one segment's members, for its line of the list."""
    found = segment_or_404(pk)
    try:
        added = read.mrr_of_one(found)
    except TooCostly:
        return render(request, "web/segments/mrr.html", {"s": found, "costly": True})
    return render(
        request, "web/segments/mrr.html", {"s": found, "mrr": added, "no_rate": added is None}
    )
