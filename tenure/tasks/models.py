"""Tasks and notes of accounts."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from tenure.access.models import Member
from tenure.alerts.models import Alert
from tenure.customers.models import Account


class Task(models.Model):
    """Something to do about an account. One that an alert's rule asked for names the alert, and there
    is one for each alert (P3). ``by`` names who made or finished it where that is no member."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField(max_length=300)
    due = models.DateField(null=True)
    owner = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="tasks")
    alert = models.OneToOneField(
        Alert, null=True, on_delete=models.SET_NULL, related_name="asked_task"
    )
    made_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=254, blank=True)
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["owner", "due"], condition=Q(done_at=None), name="tasks_open_of_owner"
            ),
            models.Index(fields=["account", "-made_at"], name="tasks_of_account"),
        ]

    def __str__(self) -> str:
        return self.title


class Note(models.Model):
    """Something written down about an account. Its author may change it; ``changed_at`` says so. One
    that an alert's rule asked for names the alert, and there is one for each alert (P3)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField()
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=254, blank=True)
    alert = models.OneToOneField(
        Alert, null=True, on_delete=models.SET_NULL, related_name="asked_note"
    )
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "-made_at"], name="tasks_note_of_account"),
        ]

    def __str__(self) -> str:
        return self.text[:80]
