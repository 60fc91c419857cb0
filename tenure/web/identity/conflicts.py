"""Conflicts: the list, and one of them with what each resolution would do."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenure import flow
from tenure.customers.models import Origin
from tenure.customers.write import By
from tenure.identity import conflicts
from tenure.identity.conflicts import NotResolved
from tenure.identity.models import Conflict, RecordKind
from tenure.web.frame import member_of
from tenure.web.permissions import may_decide_identity, only

PAGE = 50


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The open conflicts, or the resolved ones."""
    resolved = request.GET.get("show") == "resolved"
    before = request.GET.get("before", "")
    after = int(before) if before.isdecimal() else None
    found = conflicts.listing(resolved=resolved, limit=PAGE + 1, after=after)
    shown = {
        "conflicts": [(one, _record(one)) for one in found[:PAGE]],
        "more": found[PAGE - 1].pk if len(found) > PAGE else None,
        "first": not before,
        "resolved": resolved,
        "count": conflicts.count(),
    }
    return render(request, "web/identity/conflicts.html", shown)


@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One conflict with its three resolutions in words."""
    return _show(request, _conflict(pk))


@require_POST
@only(may_decide_identity)
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide it; the figures of the accounts concerned follow at once."""
    _conflict(pk)
    reason = request.POST.get("reason", "").strip()[:1000]
    by = By(Origin.MANUAL, member_of(request), reason)
    now = settings.TENURE_CLOCK.now()
    try:
        with transaction.atomic():
            done = conflicts.resolve(pk, request.POST.get("resolution", ""), by, now)
            flow.refresh(done.accounts, now)
    except NotResolved as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("conflict", args=[pk]))
    said = conflicts.get(pk).get_resolution_display().lower()
    left = conflicts.count()
    rest = f" {left} more wait{'s' if left == 1 else ''} for you." if left else " None is left."
    messages.success(request, f"Resolved: {said}.{rest}")
    return HttpResponseRedirect(reverse("conflicts"))


def _show(request: HttpRequest, found: Conflict) -> HttpResponse:
    shown: dict[str, Any] = {
        "conflict": found,
        "record": _record(found),
        "sentence": conflicts.sentence(found),
        "options": () if found.resolution else conflicts.options(found),
        "may_decide": may_decide_identity(member_of(request)),
    }
    return render(request, "web/identity/conflict.html", shown)


def _conflict(pk: int) -> Conflict:
    try:
        return conflicts.get(pk)
    except NotResolved:
        raise Http404(f"There is no conflict {pk}. It may have gone with its site.") from None


def _record(found: Conflict) -> str:
    return RecordKind(found.object_kind).label
