"""Who changed what, when and why: every effective change belongs to a change set."""

from typing import ClassVar

from django.db import models

from tenure.access.models import Member


class Origin(models.TextChoices):
    """Where a change came from; shown as the source badge of a value."""

    SYNC = "sync", "Sync"
    MANUAL = "manual", "Manual"
    API = "api", "API"
    CSV = "csv", "CSV"
    RULE = "rule", "Rule"
    REVERT = "revert", "Revert"


class ChangeSet(models.Model):
    """A batch of changes made for one reason. A sync run points here; this points nowhere up.

    ``undoes`` names the change set whose values this one brought back.
    """

    origin = models.CharField(max_length=10, choices=Origin.choices)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField(blank=True)
    undoes = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="undone_by"
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_origin_display()} {self.pk}"


class Change(models.Model):
    """One object's changed fields in one change set: ``changes`` maps field to ``[old, new]``.

    Only changes are kept, not first values: an object's row names the change set that made it.
    ``was`` has, by the same fields, where each old value had come from (an entry of ``sources``; a
    field is absent when its value had none), so that what is taken back says so again. It is None
    where values have no provenance, as billing facts, and for changes of before it was kept.
    """

    change_set = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="changes")
    object_kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    account_id = models.BigIntegerField(null=True)
    changes = models.JSONField()
    was = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account_id", "-at"], name="customers_change_of_account"),
            models.Index(
                fields=["object_kind", "object_id", "-at"], name="customers_change_of_object"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object_kind} {self.object_id}: {', '.join(self.changes)}"


class Tracked(models.Model):
    """A row that knows which change set made it and which last changed it.

    Change sets are never deleted and only written by the transaction that writes the row, so the
    database need not look them up again for each of a million rows.
    """

    created_in = models.ForeignKey(
        ChangeSet,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    changed_in = models.ForeignKey(
        ChangeSet,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        abstract = True
