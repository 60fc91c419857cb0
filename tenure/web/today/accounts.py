"""The tasks and notes of one account: a card of its page, and the forms in it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from tenure.access.read import active_members
from tenure.alerts import read as alerts
from tenure.customers.models import Account
from tenure.tasks import read, write
from tenure.tasks.models import Task
from tenure.tasks.write import Maker, NotTaken
from tenure.web.frame import member_of
from tenure.web.permissions import may_edit_customers, only
from tenure.web.today import typed

SHOWN, OPEN_ALERTS = 20, 5


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """The card: open tasks, the last finished ones, notes."""
    return _card(request, _account(pk))


@require_POST
@only(may_edit_customers)
def add_task(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a task for the account."""
    account, sent = _account(pk), request.POST
    try:
        write.add_task(
            account,
            sent.get("title", ""),
            Maker(member_of(request)),
            now=settings.TENURE_CLOCK.now(),
            due=write.day_said(sent.get("due", "")),
            owner=typed.owner(sent.get("owner", "")),
        )
    except NotTaken as error:
        return _card(request, account, fault=error)
    return _card(request, account)


@require_POST
@only(may_edit_customers)
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a note about the account."""
    account = _account(pk)
    maker, now = Maker(member_of(request)), settings.TENURE_CLOCK.now()
    try:
        write.add_note(account, request.POST.get("text", ""), maker, now=now)
    except NotTaken as error:
        return _card(request, account, fault=error)
    return _card(request, account)


@require_POST
@only(may_edit_customers)
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a task done, or open again when it is."""
    task = Task.objects.select_related("account").filter(pk=pk).first()
    if task is None:
        raise Http404(f"There is no task {pk}.")
    if task.done_at:
        write.reopen(task)
    else:
        write.finish(task, Maker(member_of(request)), now=settings.TENURE_CLOCK.now())
    if request.headers.get("HX-Request"):
        return _card(request, task.account)
    messages.success(request, f"“{task.title}” is {'done' if task.done_at else 'open again'}.")
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(back if safe else f"/accounts/{task.account_id}/")


def _card(request: HttpRequest, account: Account, *, fault: NotTaken | None = None) -> HttpResponse:
    shown: dict[str, Any] = {
        "account": account,
        "tasks": read.tasks(account_id=account.pk)[:SHOWN],
        "done": read.tasks(account_id=account.pk, done=True)[:3],
        "notes": read.notes(account.pk)[:SHOWN],
        "fault": fault,
        "opens": _opens(request, fault),
        "members": active_members(),
        "may_edit": may_edit_customers(member_of(request)),
        "me": member_of(request),
        "typed": request.POST if fault else {},
    }
    if request.GET.get("alerts") or not request.headers.get("HX-Request"):
        shown["open_alerts"] = alerts.open_of(account.pk, limit=OPEN_ALERTS)
    part = "card" if request.headers.get("HX-Request") else "follow_up"
    return render(request, f"web/today/{part}.html", shown, status=422 if fault else 200)


def _opens(request: HttpRequest, fault: NotTaken | None) -> str:
    """Which form stands open: the one at fault, or the one the address asks for."""
    if fault is None:
        return request.GET.get("new", "")
    return "note" if fault.field == "text" else "task"


def _account(pk: int) -> Account:
    found = Account.objects.filter(pk=pk, removed_at=None).first()
    if found is None:
        raise Http404(f"There is no account {pk}.")
    return found
