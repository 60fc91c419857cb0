"""What a sync would do, worked out and shown before it does it."""

from typing import Any, ClassVar

from django.db import models

from tenure.access.models import Member
from tenure.connections.models import Site


class Plan(models.Model):
    """What the next run of one site would do to accounts and their values. Nothing of it is done.

    ``upstream_end`` is how far upstream was read for it. ``counts`` has the totals by object and
    verb; ``digest`` stands for all entries, so that what is applied can be compared with it.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="plans")
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    upstream_end = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"plan {self.pk} of {self.site}"


class PlanEntry(models.Model):
    """One object in a plan. ``verb`` is create, update, override, conflict, unidentified or
    quarantine; overrides of manual values come first by ``position``.

    ``changes`` maps field to ``[old, new]``; ``overridden`` maps those set by hand to who set them
    when: ``{field: {"source", "set_by", "set_at"}}``.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    verb = models.CharField(max_length=20)
    object_kind = models.CharField(max_length=20)
    upstream_id = models.CharField(max_length=64, blank=True)
    account_id = models.BigIntegerField(null=True)
    identifier = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=300, blank=True)
    changes = models.JSONField(default=dict)
    overridden = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("plan", "position", name="sync_plan_entry_once"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_kind} {self.identifier}"
