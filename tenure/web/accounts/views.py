"""Saved views of the account list: a list under a name, one's own or everybody's."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST

from tenure.segments import read
from tenure.segments import write as segments
from tenure.segments.models import View
from tenure.segments.write import SegmentRefused
from tenure.web.frame import member_of
from tenure.web.permissions import may_share_views

PAGE = "accounts"
KEPT = ("q", "rule", "health", "sort", "columns")


@dataclass(frozen=True, slots=True)
class Offered:
    """The views a member can open; ``now`` is the one the page shows, if any, ``query`` the page's."""

    own: Sequence[View]
    shared: Sequence[View]
    now: View | None
    query: str
    may_share: bool
    editable: frozenset[int]

    @property
    def groups(self) -> Sequence[tuple[str, Sequence[View]]]:
        """The views under their headings; headings without one are left out."""
        return [(head, of) for head, of in (("Yours", self.own), ("Everyone's", self.shared)) if of]


def held(request: HttpRequest) -> Sequence[View]:
    """The views a member can open, the own ones first."""
    return read.views(PAGE, member_of(request).pk)


def offered(request: HttpRequest, found: Sequence[View]) -> Offered:
    """The saved views beside the list."""
    member = member_of(request)
    query = query_of(request.GET)
    may_share = may_share_views(member)
    return Offered(
        own=[one for one in found if one.member_id],
        shared=[one for one in found if not one.member_id],
        now=next((one for one in found if one.query == query), None),
        query=query,
        may_share=may_share,
        editable=frozenset(one.pk for one in found if one.member_id or may_share),
    )


def query_of(sent: QueryDict) -> str:
    """What of an address a view keeps: what is listed and how, not how far one has paged."""
    kept = QueryDict(mutable=True)
    for name in KEPT:
        if value := sent.get(name, "").strip():
            kept[name] = value
    return kept.urlencode(safe=",")


def opening(found: Sequence[View]) -> str:
    """The query the bare address opens with: one's own default, else everybody's; empty for none."""
    return next((one.query for one in found if one.is_default), "")


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the list under a name."""
    query = query_of(QueryDict(request.POST.get("query", "")))
    shared = bool(request.POST.get("shared")) and may_share_views(member_of(request))
    try:
        view = segments.save_view(
            PAGE,
            request.POST.get("name", ""),
            query,
            now=settings.TENURE_CLOCK.now(),
            member=member_of(request),
            shared=shared,
            default=bool(request.POST.get("default")),
        )
    except SegmentRefused as error:
        messages.error(request, f"{error.message} {error.next_step}")
        return _to(query)
    whose = "everyone" if shared else "you"
    messages.success(request, f"The view “{view.name}” is saved for {whose}.")
    return _to(query)


@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a view, make it the one the list opens with, or delete it: whichever button was pressed."""
    view = _mine(request, pk)
    act = request.POST.get("act", "")
    try:
        if act == "delete":
            segments.remove_view(view)
            messages.success(request, f"The view “{view.name}” is deleted.")
        elif act == "default":
            segments.open_with(view, on=not view.is_default)
            opens = "opens with" if view.is_default else "does not open by itself with"
            messages.success(request, f"The list {opens} “{view.name}”.")
        else:
            segments.rename_view(view, request.POST.get("name", ""))
            messages.success(request, f"The view is called “{view.name}” now.")
    except SegmentRefused as error:
        messages.error(request, f"{error.message} {error.next_step}".strip())
    return _to(view.query)


def _mine(request: HttpRequest, pk: int) -> View:
    member = member_of(request)
    view = View.objects.filter(pk=pk, page=PAGE).first()
    if view is None or (view.member_id and view.member_id != member.pk):
        raise Http404("There is no such view.")
    if view.member_id is None and not may_share_views(member):
        raise Http404("There is no such view of yours.")
    return view


def _to(query: str) -> HttpResponse:
    address = reverse("accounts")
    return HttpResponseRedirect(f"{address}?{query}" if query else f"{address}?all=1")
