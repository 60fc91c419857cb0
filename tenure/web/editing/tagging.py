"""Giving tags to many accounts and taking them away: choose, see how many it changes, do it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tenure.customers import bulk_work, tags
from tenure.customers.models import Origin
from tenure.customers.write import By, ValueRefused
from tenure.rules.errors import RuleRefused
from tenure.segments.question import TooCostly
from tenure.web.editing.bulk import REFUSED, Chosen, back, chosen_of
from tenure.web.editing.toasts import undo_tag
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only


@require_POST
@only(may_edit_customers)
def edit(request: HttpRequest) -> HttpResponse:
    """Each step sends everything chosen so far. Of very many accounts the preview looks at some, and the
    change goes on in the background."""
    try:
        chosen = chosen_of(request)
    except (RuleRefused, TooCostly) as error:
        messages.error(request, f"Nothing was selected. {error.message} {error.next_step}".strip())
        return back(request)
    if not chosen.accounts:
        messages.error(request, "No account is selected: tick some, then tag them together.")
        return back(request)
    shown: dict[str, Any] = {
        "chosen": chosen,
        "add": request.POST.get("add", ""),
        "remove": request.POST.get("remove", ""),
        "next": request.POST.get("next", ""),
        "used": tags.used(),
    }
    step = request.POST.get("step", "choose")
    if step == "choose":
        return render(request, "web/editing/tags.html", shown)
    try:
        add, remove = tags.read(shown["add"]), tags.read(shown["remove"])
        if not add and not remove:
            raise ValueRefused("tags", "No tag is written.", "Write one to add or to take away.")
        if step == "apply":
            return _apply(request, chosen, add, remove)
        shown["reach"] = tags.reach(chosen.looked_at, add, remove)
    except ValueRefused as error:
        shown["refused"] = error
        return render(request, "web/editing/tags.html", shown, status=REFUSED)
    return render(request, "web/editing/tags.html", shown | {"adding": add, "removing": remove})


def _apply(request: HttpRequest, chosen: Chosen, add: list[str], remove: list[str]) -> HttpResponse:
    by, now = By(Origin.MANUAL, member_of(request), reason="Tags changed together"), _now()
    if chosen.in_background:
        asked = bulk_work.ask_tags(chosen.accounts, add, remove, by, now=now)
        return HttpResponseRedirect(reverse("bulk_edit", args=[asked.pk]))
    done = tags.change(chosen.accounts, add, remove, by, now=now)
    count = len(done.accounts)
    words = f"Tags of {count:,} account{'' if count == 1 else 's'} changed."
    change_set = done.change_set.pk if done.change_set and count else None
    messages.success(request, words, extra_tags=undo_tag(change_set))
    return back(request)


def _now() -> datetime:
    now: datetime = settings.TENURE_CLOCK.now()
    return now
