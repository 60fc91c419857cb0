"""Taking a run back: shown first, account by account, then done."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tenure.connections.models import Mode
from tenure.core.errors import ConfigurationError, TenureError
from tenure.customers import revert as reverts
from tenure.customers.models import ChangeSet, Origin
from tenure.customers.write import By, Pin
from tenure.sync import read, reverting
from tenure.sync.models import Run
from tenure.web.editing.toasts import undo_tag
from tenure.web.frame import member_of
from tenure.web.permissions import may_sync, only
from tenure.web.plans.entries import fields_of, labels

PAGE = 50
REFUSED = 422


@require_http_methods(["GET", "HEAD", "POST"])
@only(may_sync)
def revert(request: HttpRequest, pk: int) -> HttpResponse:
    """What taking the run back would do; with POST it is done."""
    run = _run(pk)
    try:
        change_set = reverting.change_set_of(run)
    except ConfigurationError as error:
        messages.error(request, str(error))
        return _to(run)
    if request.method == "POST":
        return _revert(request, run, change_set)
    return _show(request, run, change_set)


def _show(request: HttpRequest, run: Run, change_set: ChangeSet, refused: str = "") -> HttpResponse:
    start = _cursor(request.GET.get("after", ""))
    lines = reverts.preview(change_set, after=start or reverts.START, limit=PAGE + 1)
    known = labels()
    shown: dict[str, Any] = {
        "run": run,
        "counts": reverts.count(change_set),
        "rows": [
            (one, fields_of(one.back, known), fields_of(one.stayed, known)) for one in lines[:PAGE]
        ],
        "more": f"{lines[PAGE - 1].kind}-{lines[PAGE - 1].object_id}" if len(lines) > PAGE else "",
        "first": not start,
        "before": reverts.reverted_by(change_set),
        "follows": run.site.accounts_mode == Mode.DAILY,
        "may_pin": run.site.allows_pins,
        "refused": refused,
    }
    return render(request, "web/plans/revert.html", shown, status=REFUSED if refused else 200)


def _cursor(text: str) -> reverts.Cursor | None:
    """Where the next page begins: after an object, named by its kind and number."""
    kind, _, number = text.partition("-")
    if kind in reverts.KINDS and number.isdecimal() and len(number) < 18:
        return kind, int(number)
    return None


def _revert(request: HttpRequest, run: Run, change_set: ChangeSet) -> HttpResponse:
    reason = request.POST.get("reason", "").strip()[:500]
    pin = None
    if request.POST.get("pin"):
        if not reason:
            return _show(request, run, change_set, "A pin needs a reason: why these values hold.")
        pin = Pin(reason)
    by = By(Origin.REVERT, member_of(request), reason=reason or f"Run {run.pk} taken back")
    try:
        done = reverting.revert_run(run, by, settings.TENURE_CLOCK.now(), pin=pin)
    except TenureError as error:
        messages.error(request, str(error))
        return _to(run)
    if done.change_set is None:
        messages.success(request, f"Run {run.pk} had changed nothing that still stands.")
        return _to(run)
    words = f"Run {run.pk} was taken back: {len(done.accounts)} accounts are as before it."
    messages.success(request, words, extra_tags=undo_tag(done.change_set.pk))
    return _to(run)


def _run(pk: int) -> Run:
    try:
        return read.get_run(pk)
    except Run.DoesNotExist:
        raise Http404(f"There is no run {pk}. It may have been removed with its site.") from None


def _to(run: Run) -> HttpResponse:
    return HttpResponseRedirect(reverse("run", args=[run.pk]))
