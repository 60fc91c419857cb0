"""Making and finishing tasks, writing notes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.db import IntegrityError, transaction

from tenure.access.models import Member
from tenure.alerts import actions
from tenure.alerts.actions import Who
from tenure.alerts.models import OPEN, Alert
from tenure.core.errors import ConfigurationError
from tenure.customers.models import Account
from tenure.metrics.days import local_day
from tenure.metrics.settings import zone
from tenure.tasks.models import Note, Task

LONGEST_TITLE, LONGEST_NOTE = 300, 10_000
AT_ONCE = 500


class NotTaken(ConfigurationError):
    """A task or note that cannot be kept like this; ``field`` names what is at fault."""

    def __init__(self, field: str, message: str, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.field = field


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes it; ``name`` is shown where there is no member."""

    member: Member | None = None
    name: str = ""

    @property
    def signature(self) -> str:
        return self.name or (self.member.email if self.member else "")


def add_task(
    account: Account,
    title: str,
    maker: Maker,
    *,
    now: datetime,
    due: date | None = None,
    owner: Member | None = None,
) -> Task:
    """A new task. Raises NotTaken."""
    _can_have(owner)
    return Task.objects.create(
        account=account,
        title=_title(title),
        due=due,
        owner=owner,
        made_by=maker.member,
        by=maker.signature,
        made_at=now,
    )


def add_task_of(
    alert: Alert,
    title: str,
    maker: Maker,
    *,
    now: datetime,
    due: date | None = None,
    owner: Member | None = None,
) -> Task:
    """A new task for an alert's account; the history of the alert tells of it. In a transaction.
    Raises NotTaken."""
    made = add_task(alert.account, title, maker, now=now, due=due, owner=owner)
    actions.note(alert.pk, f"Task: {made.title}", Who(maker.member, maker.name), now=now)
    return made


def day_said(text: str) -> date | None:
    """A day as people write it; None where none is said. Raises NotTaken."""
    said = text.strip()
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise NotTaken(
            "due", f"“{said[:40]}” is no day.", "Write it like 2026-03-31, or leave it empty."
        ) from None


def change_task(
    task: Task, *, title: str | None = None, due: date | None, owner: Member | None
) -> Task:
    """Another title, day or owner. Raises NotTaken."""
    if owner != task.owner:
        _can_have(owner)
    if title is not None:
        task.title = _title(title)
    task.due, task.owner = due, owner
    task.save()
    return task


def finish(task: Task, maker: Maker, *, now: datetime) -> Task:
    """Mark it done; one that is done stays as it was."""
    if task.done_at is None:
        task.done_at, task.done_by = now, maker.member
        task.save()
    return task


def reopen(task: Task) -> Task:
    """Take the end back."""
    task.done_at = task.done_by = None
    task.save()
    return task


def add_note(account: Account, text: str, maker: Maker, *, now: datetime) -> Note:
    """Write something down. Raises NotTaken."""
    made: Note = Note.objects.create(
        account=account, text=_text(text), member=maker.member, by=maker.signature, made_at=now
    )
    return made


def change_note(note: Note, text: str, maker: Maker, *, now: datetime) -> Note:
    """Change one's own note. Raises NotTaken for somebody else's."""
    if note.by != maker.signature:
        raise NotTaken("text", f"The note is {note.by or 'nobody'}'s.", "Write one of your own.")
    note.text, note.changed_at = _text(text), now
    note.save()
    return note


def from_alerts(now: datetime) -> int:
    """Make the tasks and notes that rules of open alerts ask for, in the words of the alert; counts
    them."""
    asked = Alert.objects.filter(state__in=OPEN).select_related("account", "alert_rule", "owner")
    to_do = asked.filter(asked_task=None).exclude(to_do="")
    to_note = asked.filter(asked_note=None).exclude(to_note="")
    day = local_day(now, zone())
    made = [_made(partial(_task_of, one, day, now)) for one in to_do[:AT_ONCE]]
    made += [_made(partial(_note_of, one, now)) for one in to_note[:AT_ONCE]]
    return sum(made)


def _made(make: Callable[[], object]) -> bool:
    """Whether it was made now; somebody else may have made it meanwhile."""
    try:
        with transaction.atomic():
            make()
    except IntegrityError:
        return False
    return True


def _task_of(alert: Alert, day: date, now: datetime) -> Task:
    return Task.objects.create(
        account=alert.account,
        title=" ".join(alert.to_do.split())[:LONGEST_TITLE],
        due=day,
        owner=alert.owner,
        alert=alert,
        by=alert.alert_rule.name,
        made_at=now,
    )


def _note_of(alert: Alert, now: datetime) -> Note:
    made: Note = Note.objects.create(
        account=alert.account,
        text=alert.to_note[:LONGEST_NOTE],
        by=alert.alert_rule.name,
        alert=alert,
        made_at=now,
    )
    return made


def _can_have(owner: Member | None) -> None:
    if owner is not None and not owner.is_active:
        raise NotTaken("owner", f"{owner} can no longer log in.", "Choose somebody who can.")


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        raise NotTaken("title", "The task says nothing.", "Write what is to be done.")
    if len(title) > LONGEST_TITLE:
        raise NotTaken("title", f"A task has at most {LONGEST_TITLE} characters.", "Add a note.")
    return title


def _text(text: str) -> str:
    if not text.strip():
        raise NotTaken("text", "The note is empty.", "Write a word first.")
    if len(text) > LONGEST_NOTE:
        raise NotTaken("text", f"A note has at most {LONGEST_NOTE:,} characters.", "Write two.")
    return text.strip()
