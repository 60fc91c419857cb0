"""Edits of more accounts than a page can wait for: what was asked, and how far it is."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenure.access.models import Member
from tenure.customers.models.history import ChangeSet


class BulkState(models.TextChoices):
    """Where an edit is. ``changing`` and ``undoing`` go on in the background."""

    CHANGING = "changing", "Being changed"
    DONE = "done", "Changed"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"
    FAILED = "failed", "Stopped"


class BulkEdit(models.Model):
    """One value for many accounts, as one change set.

    ``accounts`` are those it was asked for; ``done`` of them have been gone through, committed with
    them, so that it goes on from there. ``counts`` has how many changed, came back and stayed.
    """

    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.CHANGING)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    field = models.CharField(max_length=120)
    value = models.JSONField(null=True)
    pin = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    accounts = ArrayField(models.BigIntegerField())
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    trouble = models.TextField(blank=True)
    change_set = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="+")
    undone_in = models.ForeignKey(ChangeSet, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.field} of {self.total} accounts"
