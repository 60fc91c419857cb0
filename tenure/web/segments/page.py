"""One segment: its sums, who is in, who came and went, and why one account is in or out."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure.alerts import uses
from tenure.core.errors import ConfigurationError
from tenure.customers.lookup import account_of
from tenure.customers.models import Account
from tenure.rules.errors import RuleRefused
from tenure.rules.text import literal_text
from tenure.segments import explain as explaining
from tenure.segments import read
from tenure.segments.explain import Explanation
from tenure.segments.models import Segment
from tenure.segments.question import Question, question
from tenure.segments.write import SegmentRefused
from tenure.web import moments
from tenure.web.accounts.sums import COUNT_CAP
from tenure.web.as_of import now_of
from tenure.web.frame import member_of
from tenure.web.permissions import may_define_segments, only
from tenure.web.segments import drawing
from tenure.web.segments.drawing import Shown

PAGE = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked of one account, and the answer; ``fault`` says why there is none."""

    asked_for: str
    account: Account | None = None
    found: Explanation | None = None
    fault: str = ""


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The segment's page; with ``?account=`` it explains that account."""
    found = segment_or_404(pk)
    asked = _asked(found)
    before = request.GET.get("before", "")
    crossings = read.crossings(
        segment=found,
        limit=PAGE + 1,
        before=int(before) if before.isdecimal() and len(before) < 18 else 0,
    )
    rows = read.members_page(found, request.GET.get("after") or None, limit=PAGE, asked=asked)
    drawn_for = Shown(now_of(request), moments.zone_of(member_of(request).time_zone))
    shown = {
        "segment": found,
        "asked": asked,
        "members": found.memberships.all()[:COUNT_CAP].count(),
        "cap": COUNT_CAP,
        "members_query": urlencode({"rule": f"segment = {literal_text(found.name)}"}),
        "rows": rows,
        "members_drawn": drawing.members(rows.rows, drawn_for),
        "crossings": drawing.crossings(crossings[:PAGE], drawn_for),
        "older": crossings[PAGE - 1].pk if len(crossings) > PAGE else None,
        "used": uses.uses_of(found, member_id=member_of(request).pk),
        "versions": found.versions.select_related("member").order_by("-number")[:20],
        "answer": _answer(request.GET.get("account", "").strip(), asked),
        "may_define": may_define_segments(member_of(request)),
    }
    return render(request, "web/segments/page.html", shown)


@require_POST
@only(may_define_segments)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a segment; refused while something depends on it."""
    found = segment_or_404(pk)
    try:
        uses.remove(found)
    except SegmentRefused as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("segment", args=[pk]))
    messages.success(request, f"“{found.name}” is gone, with its history.")
    return HttpResponseRedirect(reverse("segments"))


def segment_or_404(pk: int) -> Segment:
    """The segment of this number."""
    found = Segment.objects.select_related("owner").filter(pk=pk).first()
    if found is None:
        raise Http404(f"There is no segment {pk}.")
    return found


def _asked(found: Segment) -> Question | None:
    try:
        return question(found.rule, settings.TENURE_CLOCK.now())
    except RuleRefused:
        return None


def _answer(identifier: str, asked: Question | None) -> Answer | None:
    if not identifier or asked is None:
        return None
    try:
        account = account_of(identifier)
    except ConfigurationError as error:
        return Answer(identifier, fault=str(error))
    return Answer(identifier, account, explaining.explain(asked, account.pk))
