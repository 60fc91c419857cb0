"""Questions about tasks and notes."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import F, QuerySet

from tenure.core.clock import stamp
from tenure.tasks.models import Note, Task


def tasks(
    *, owner_id: int | None = None, account_id: int | None = None, done: bool = False
) -> QuerySet[Task]:
    """Open or finished tasks: the open ones by their day, those without a day last."""
    chosen: dict[str, Any] = {"owner_id": owner_id, "account_id": account_id}
    rows = Task.objects.select_related("account", "owner", "alert", "done_by")
    rows = rows.filter(**{name: value for name, value in chosen.items() if value is not None})
    if done:
        return rows.exclude(done_at=None).order_by("-done_at", "-pk")
    return rows.filter(done_at=None).order_by(F("due").asc(nulls_last=True), "pk")


def due_by(day: date, owner_id: int) -> Sequence[Task]:
    """A member's open tasks whose day has come, the oldest first."""
    return list(tasks(owner_id=owner_id).filter(due__lte=day)[:100])


def notes(account_id: int) -> QuerySet[Note]:
    """The notes of an account, the newest first."""
    return Note.objects.filter(account_id=account_id).order_by("-made_at", "-pk")


def task_json(task: Task) -> dict[str, Any]:
    """A task as scripts see it."""
    return {
        "id": task.pk,
        "account": task.account.identifier,
        "title": task.title,
        "due": task.due.isoformat() if task.due else None,
        "owner": task.owner.email if task.owner else None,
        "alert": task.alert_id,
        "by": task.by or None,
        "made_at": stamp(task.made_at),
        "done_at": stamp(task.done_at),
        "done_by": task.done_by.email if task.done_by else None,
    }


def note_json(note: Note) -> dict[str, Any]:
    """A note as scripts see it."""
    return {
        "id": note.pk,
        "account": note.account.identifier,
        "text": note.text,
        "by": note.by or None,
        "made_at": stamp(note.made_at),
        "changed_at": stamp(note.changed_at),
    }
