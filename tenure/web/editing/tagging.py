"""Giving tags to many accounts and taking them away: choose, see how many it changes, do it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from tenure.customers import tags
from tenure.customers.models import Origin
from tenure.customers.write import By, ValueRefused
from tenure.rules.errors import RuleRefused
from tenure.segments.question import TooCostly
from tenure.web.editing.bulk import AT_ONCE, REFUSED, Chosen, back, chosen_of
from tenure.web.editing.toasts import undo_tag
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only


@require_POST
@only(may_edit_customers)
def edit(request: HttpRequest) -> HttpResponse:
    """Each step sends everything chosen so far."""
    try:
        chosen = chosen_of(request)
    except (RuleRefused, TooCostly) as error:
        messages.error(request, f"Nothing was selected. {error.message} {error.next_step}".strip())
        return back(request)
    if not chosen.accounts:
        messages.error(request, "No account is selected: tick some, then tag them together.")
        return back(request)
    if len(chosen.accounts) > AT_ONCE:
        messages.error(
            request,
            f"Tags of at most {AT_ONCE:,} accounts are changed at once; these are"
            f" {len(chosen.accounts):,}. Narrow the filter, or set “Tags” as a whole with Edit….",
        )
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
        shown["reach"] = tags.reach(chosen.accounts, add, remove)
    except ValueRefused as error:
        shown["refused"] = error
        return render(request, "web/editing/tags.html", shown, status=REFUSED)
    return render(request, "web/editing/tags.html", shown | {"adding": add, "removing": remove})


def _apply(request: HttpRequest, chosen: Chosen, add: list[str], remove: list[str]) -> HttpResponse:
    by = By(Origin.MANUAL, member_of(request), reason="Tags changed together")
    done = tags.change(chosen.accounts, add, remove, by, now=settings.TENURE_CLOCK.now())
    count = len(done.accounts)
    words = f"Tags of {count:,} account{'' if count == 1 else 's'} changed."
    change_set = done.change_set.pk if done.change_set and count else None
    messages.success(request, words, extra_tags=undo_tag(change_set))
    return back(request)
