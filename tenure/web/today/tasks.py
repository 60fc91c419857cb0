"""Tasks across accounts: whose, which of them, and changing one."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from tenure.access.models import Member
from tenure.access.read import active_members
from tenure.metrics.days import local_day
from tenure.metrics.settings import zone
from tenure.tasks import read, write
from tenure.tasks.models import Task
from tenure.tasks.write import NotTaken
from tenure.web.frame import member_of
from tenure.web.permissions import REFUSALS, may_edit_customers
from tenure.web.today import typed

WHOSE = {"mine": "Mine", "all": "Everyone's", "nobody": "Nobody's"}
STATES = {"open": "To do", "due": "Due", "done": "Done"}
PAGE, COUNT_CAP = 50, 1_000


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The member's own that are to be done, the first due first; others with ``?whose=`` and
    ``?state=``."""
    member = member_of(request)
    day = local_day(settings.TENURE_CLOCK.now(), zone())
    asked = {
        "whose": _one_of(WHOSE, request.GET.get("whose")),
        "state": _one_of(STATES, request.GET.get("state")),
    }
    rows = _rows(asked, member, day)
    number = typed.page(request.GET.get("page"))
    found = list(rows[(number - 1) * PAGE : number * PAGE + 1])
    shown = {
        "tasks": found[:PAGE],
        "count": rows[: COUNT_CAP + 1].count(),
        "cap": COUNT_CAP,
        "today": day,
        "whose": _links(asked, "whose", WHOSE),
        "states": _links(asked, "state", STATES),
        "asked": asked,
        "earlier": number - 1 if number > 1 else None,
        "later": number + 1 if len(found) > PAGE else None,
        "may_edit": may_edit_customers(member),
    }
    return render(request, "web/today/tasks.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """A task with what can be changed of it."""
    task = Task.objects.select_related("account", "owner", "alert", "done_by").filter(pk=pk).first()
    if task is None:
        raise Http404(f"There is no task {pk}.")
    may_edit = may_edit_customers(member_of(request))
    fault = None
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied(REFUSALS[may_edit_customers])
        try:
            _change(request, task)
        except NotTaken as error:
            fault = error
        else:
            messages.success(request, f"Saved “{task.title}”.")
            return HttpResponseRedirect(reverse("tasks"))
    shown = {
        "task": task,
        "members": _members(task),
        "fault": fault,
        "typed": request.POST if fault else _as_typed(task),
        "may_edit": may_edit,
    }
    return render(request, "web/today/task.html", shown, status=422 if fault else 200)


def _change(request: HttpRequest, task: Task) -> None:
    sent = request.POST
    due, owner = (
        write.day_said(sent.get("due", "")),
        typed.owner(sent.get("owner", ""), kept=task.owner),
    )
    write.change_task(task, title=sent.get("title", ""), due=due, owner=owner)


def _members(task: Task) -> list[Member]:
    """Who may have it, and who has it already."""
    found = list(active_members())
    return found if task.owner is None or task.owner in found else [*found, task.owner]


def _as_typed(task: Task) -> Mapping[str, str]:
    return {
        "title": task.title,
        "due": task.due.isoformat() if task.due else "",
        "owner": task.owner.email if task.owner else "",
    }


def _rows(asked: Mapping[str, str], member: Member, day: date) -> "QuerySet[Task]":
    mine = member.pk if asked["whose"] == "mine" else None
    rows = read.tasks(owner_id=mine, done=asked["state"] == "done")
    if asked["whose"] == "nobody":
        rows = rows.filter(owner=None)
    return rows.filter(due__lte=day) if asked["state"] == "due" else rows


def _links(asked: Mapping[str, str], name: str, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The choices of one filter, each with the address that keeps the other."""
    return [
        {
            "label": label,
            "query": "?" + "&".join(f"{n}={v}" for n, v in {**asked, name: key}.items()),
            "here": asked[name] == key,
        }
        for key, label in words.items()
    ]


def _one_of(words: Mapping[str, str], said: str | None) -> str:
    return said if said and said in words else next(iter(words))
