"""Files that people bring in: what was uploaded, how it is read, how far it is, what was refused."""

from typing import Any, ClassVar

from django.db import models

from tenure.access.models import Member
from tenure.customers.models.history import ChangeSet


class ImportState(models.TextChoices):
    """Where an import is. ``checking`` and ``applying`` go on in the background."""

    UPLOADED = "uploaded", "Columns to be chosen"
    CHECKING = "checking", "Being checked"
    CHECKED = "checked", "Checked, nothing written yet"
    APPLYING = "applying", "Being applied"
    DONE = "done", "Applied"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"
    FAILED = "failed", "Stopped"


class Import(models.Model):
    """One uploaded CSV file on its way into accounts or contacts.

    ``columns`` is the head of the file and ``mapping`` what becomes of each column, by position.
    ``counts`` has rows by outcome and ``samples`` the first rows of each; ``done_rows`` is how far
    the work at hand is, committed with the rows it vouches for, so that it goes on from there.
    """

    kind = models.CharField(max_length=10)
    state = models.CharField(
        max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    columns = models.JSONField(default=list)
    total_rows = models.PositiveIntegerField(default=0)
    mapping = models.JSONField(default=list)
    numbers = models.CharField(max_length=10, blank=True)
    dates = models.CharField(max_length=10, blank=True)
    clears = models.BooleanField(default=False)
    counts = models.JSONField(default=dict)
    samples = models.JSONField(default=dict)
    done_rows = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True)
    change_set = models.ForeignKey(ChangeSet, null=True, on_delete=models.PROTECT, related_name="+")
    undone_in = models.ForeignKey(ChangeSet, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.file_name


class ImportPart(models.Model):
    """A stretch of an uploaded file as it came; gone as soon as the import is over."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("of", "number", name="customers_import_part_once"),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of import {self.of_id}"


class ImportReject(models.Model):
    """A row that could not be taken, with the reason: what the rejects file is made of."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejects")
    line = models.PositiveIntegerField()
    cells = models.JSONField()
    reason = models.TextField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("of", "line", name="customers_import_reject_once"),
        ]

    def __str__(self) -> str:
        return f"row {self.line}: {self.reason}"
