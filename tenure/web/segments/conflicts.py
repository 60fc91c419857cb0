"""Accounts that several segments claim: which pairs, who decides there, and putting it in order."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.rules.text import literal_text
from tenure.segments import overlaps, read, write
from tenure.segments.models import Segment
from tenure.segments.question import TooCostly
from tenure.web.frame import member_of
from tenure.web.permissions import may_define_segments, only
from tenure.web.segments.page import segment_or_404

PAGE, MOST_PAIRS = 50, 100


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The pairs that share accounts, and the order of all segments."""
    shown: dict[str, Any] = {
        "segments": list(read.segments()),
        "may_define": may_define_segments(member_of(request)),
    }
    try:
        shown["found"] = overlaps.overlaps(limit=MOST_PAIRS)
    except TooCostly:
        shown["slow"] = (
            "There are too many accounts in several segments to count them while you wait."
        )
    return render(request, "web/segments/conflicts.html", shown)


@require_safe
def pair(request: HttpRequest, one: int, two: int) -> HttpResponse:
    """The accounts that are in both of two segments."""
    both = sorted((segment_or_404(one), segment_or_404(two)), key=lambda s: (s.priority, s.name))
    first, second = both
    rule = " and ".join(f"segment = {literal_text(each.name)}" for each in both)
    shown = {
        "first": first,
        "second": second,
        "tied": first.priority == second.priority,
        "rows": overlaps.both_page(first, second, request.GET.get("after") or None, limit=PAGE),
        "rule": rule,
        "may_define": may_define_segments(member_of(request)),
    }
    return render(request, "web/segments/pair.html", shown)


@require_POST
@only(may_define_segments)
def reorder(request: HttpRequest) -> HttpResponse:
    """Let one segment decide before another; or move one up or down in the order of all."""
    order = list(read.segments())
    chosen = next((one for one in order if str(one.pk) == request.POST.get("segment")), None)
    other = _other(order, chosen, request.POST)
    if chosen is None or other is None or chosen.pk == other.pk:
        messages.error(request, "That segment is not there any more. Look at the list again.")
        return HttpResponseRedirect(reverse("segment_conflicts"))
    try:
        write.put_before(chosen, other, now=settings.TENURE_CLOCK.now(), member=member_of(request))
    except write.SegmentRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{chosen.name}” decides before “{other.name}” now.")
    return HttpResponseRedirect(f"{reverse('segment_conflicts')}#order")


def _other(order: list[Segment], chosen: Segment | None, given: Any) -> Segment | None:
    """The segment that ``chosen`` is to come before."""
    if chosen is None:
        return None
    place = order.index(chosen)
    if given.get("how") == "up":
        return order[place - 1] if place else None
    return next((one for one in order if str(one.pk) == given.get("before")), None)
