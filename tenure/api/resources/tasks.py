"""Tasks: things to do about accounts, with a day and an owner."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query
from pydantic import Field

from tenure.access.read import member_of
from tenure.api import answers, finding
from tenure.api.bearer import caller
from tenure.api.listing import CURSOR, LIMIT
from tenure.api.problems import not_found
from tenure.api.resource import Resource
from tenure.api.schemas import Body, Day, Flag, Number, PageOf, Shape
from tenure.customers.paging import cursor_of, number
from tenure.tasks import read, write
from tenure.tasks.models import Task as Row
from tenure.tasks.write import Maker

resource = Resource("tasks")
TITLE = Field(min_length=1, max_length=write.LONGEST_TITLE)
OWNER = Field(None, max_length=254, description="A member's e-mail.")


class Task(Shape):
    """Something to do about an account."""

    id: int
    account: str
    title: str
    due: str | None
    owner: str | None
    alert: int | None
    done_at: str | None


class NewTask(Body):
    """A task to be."""

    account: str = Field(min_length=1, max_length=finding.LONGEST)
    title: str = TITLE
    due: Day | None = None
    owner: str | None = OWNER


class ChangedTask(Body):
    """A task as it shall be; ``done`` finishes or reopens it."""

    title: str | None = Field(None, min_length=1, max_length=write.LONGEST_TITLE)
    due: Day | None = None
    owner: str | None = OWNER
    done: Flag | None = None


class Tasks(Body):
    """Which tasks."""

    account: str | None = Field(None, max_length=finding.LONGEST)
    owner: str | None = OWNER
    done: bool = False
    limit: int = LIMIT
    cursor: str | None = CURSOR


@resource.get("", PageOf[Task])
def list_tasks(request: HttpRequest, how: Query[Tasks]) -> HttpResponse:
    """List tasks, the newest first."""
    rows = read.tasks(
        owner_id=member_of(how.owner).pk if how.owner else None,
        account_id=finding.account(how.account).pk if how.account else None,
        done=how.done,
    )
    if how.cursor:
        rows = rows.filter(pk__lt=number(how.cursor, "tasks"))
    found = list(rows.order_by("-pk")[: how.limit + 1])
    shown = found[: how.limit]
    following = cursor_of("tasks", shown[-1].pk) if len(found) > how.limit else None
    return answers.page([read.task_json(one) for one in shown], following)


@resource.post("", Task, status=201)
def create(request: HttpRequest, body: NewTask) -> HttpResponse:
    """Make a task."""
    made = write.add_task(
        finding.account(body.account),
        body.title,
        _maker(request),
        now=settings.TENURE_CLOCK.now(),
        due=body.due,
        owner=member_of(body.owner) if body.owner else None,
    )
    return answers.one(
        request, read.task_json(made), status=201, location=f"/api/v1/tasks/{made.pk}"
    )


@resource.get("/{number}", Task)
def show(request: HttpRequest, number: Number) -> HttpResponse:
    """Show a task."""
    return answers.one(request, read.task_json(_task(number)))


@resource.patch("/{number}", Task)
def change(request: HttpRequest, number: Number, body: ChangedTask) -> HttpResponse:
    """Change, finish or reopen a task."""
    task = _task(number)
    answers.refuse_stale(request, read.task_json(task))
    named = body.model_fields_set
    owner = member_of(body.owner) if body.owner else None
    write.change_task(
        task,
        title=body.title,
        due=body.due if "due" in named else task.due,
        owner=owner if "owner" in named else task.owner,
    )
    if body.done is not None:
        now = settings.TENURE_CLOCK.now()
        write.finish(task, _maker(request), now=now) if body.done else write.reopen(task)
    return answers.one(request, read.task_json(_task(number)))


def _task(key: int) -> Row:
    rows = Row.objects.select_related("account", "owner", "done_by")
    found = rows.filter(pk=key).first()
    if found is None:
        raise not_found(f"There is no task {key}.", "List them with GET /api/v1/tasks.")
    return found


def _maker(request: HttpRequest) -> Maker:
    return Maker(name=caller(request).name)
