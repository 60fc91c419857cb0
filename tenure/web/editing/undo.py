"""Taking back one's own change: from its toast, with Ctrl-Z, from its page, or one value of the past."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tenure.customers import read as customers
from tenure.customers import undo as undoing
from tenure.customers.models import Account, ChangeSet, Origin
from tenure.customers.revert import Counts, reverted_by
from tenure.customers.undo import Undone
from tenure.customers.write import By, ValueRefused
from tenure.sync import reverting
from tenure.web.account.head import GONE
from tenure.web.editing.fields import field_named
from tenure.web.editing.toasts import undo_tag
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only


@require_POST
@only(may_edit_customers)
def undo(request: HttpRequest) -> HttpResponse:
    """Take back the change set named, or one's own last one when none is."""
    member, now = member_of(request), settings.TENURE_CLOCK.now()
    named = request.POST.get("change_set", "")
    if not named:
        return _told(request, reverting.undo_last(member, now))
    found = _change_set(named)
    return _told(request, reverting.undo_one(found, By(Origin.REVERT, member), now))


@require_POST
@only(may_edit_customers)
def restore(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Give a value back what it was before one of its changes."""
    field = field_named(name)
    if field is None:
        raise Http404("There is no such attribute. It may have been removed.")
    change = request.POST.get("change", "")
    by = By(Origin.MANUAL, member_of(request), reason="Restored from its history")
    try:
        account = customers.get_account(pk)
        number = int(change) if change.isdecimal() and len(change) < 19 else 0
        edited = undoing.restore(pk, name, number, by, settings.TENURE_CLOCK.now())
    except Account.DoesNotExist:
        raise Http404(GONE) from None
    except ValueRefused as error:
        return said(request, str(error), level="error")
    if edited.change_set is None:
        return said(request, f"{field.label} of {account.name} has this value already.")
    words = f"{field.label} of {account.name} restored."
    return said(request, words, change_set=edited.change_set.pk)


def _change_set(number: str) -> ChangeSet:
    try:
        found = customers.get_change_set(int(number)) if number.isdecimal() else None
    except (ChangeSet.DoesNotExist, OverflowError):
        found = None
    if found is None or found.origin == Origin.SYNC:
        raise Http404("There is no such change.")
    return found


def _told(request: HttpRequest, undone: Undone) -> HttpResponse:
    if undone.of is None:
        return said(request, "You have changed nothing that could be undone.", level="info")
    if undone.change_set is None:
        told = "It was undone already." if reverted_by(undone.of) else STAYED
        return said(request, told, level="info")
    words = f"Undone: {_what(undone.counts)} as before."
    stayed = undone.counts.stayed
    if stayed:
        words += f" {stayed:,} changed since and stay{'s' if stayed == 1 else ''}."
    return said(request, words, change_set=undone.change_set.pk)


def _what(counts: Counts) -> str:
    accounts = max(counts.values + counts.hidden + counts.shown, counts.links)
    nouns = {"account": accounts, "contact": counts.contacts, "subscription": counts.subscriptions}
    some = [f"{n:,} {noun}{'' if n == 1 else 's'}" for noun, n in nouns.items() if n]
    return " and ".join([", ".join(some[:-1]), some[-1]] if len(some) > 1 else some)


STAYED = "Nothing was undone: every value has been changed again since."


def said(
    request: HttpRequest, words: str, *, level: str = "success", change_set: int | None = None
) -> HttpResponse:
    """The word after taking something back, whose own way back is Redo."""
    if request.headers.get("HX-Request"):
        shown = {"words": words, "change_set": change_set, "level": level, "again": "Redo"}
        answer = render(request, "web/editing/saved.html", shown)
        answer.headers["HX-Trigger"] = "saved"
        return answer
    messages.success(request, words, extra_tags=undo_tag(change_set))
    address = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        address = reverse("accounts")
    return HttpResponseRedirect(address)
