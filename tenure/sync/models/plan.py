"""What a sync would do, worked out and shown before it does it."""

from typing import Any, ClassVar

from django.db import models

from tenure.access.models import Member
from tenure.connections.models import Site


class PlanState(models.TextChoices):
    """Whether a plan can be looked at."""

    WORKING = "working", "Being worked out"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class Plan(models.Model):
    """What the next run of one site would do to accounts and their values. Nothing of it is done.

    ``upstream_end`` is how far upstream was read for it. ``counts`` has the totals by object and
    verb; ``digest`` stands for all entries, so that what is applied can be compared with it.
    ``whole`` plans look at everything that is stored, not only at what changed upstream. ``pending``
    are the changes of the mapping that had not been gone through when it was made (who, when, why);
    a ``whole`` plan includes what they will change. A plan
    that a run worked out again, and found to differ from the one it was to apply, ``replaces`` it.
    ``outcome`` says what became of a plan that a run was to apply: which run, whether it held, and
    where what was applied differs from what was shown.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="plans")
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(
        max_length=10, choices=PlanState.choices, default=PlanState.READY, db_default="ready"
    )
    reason = models.TextField(blank=True, db_default="")
    next_step = models.TextField(blank=True, db_default="")
    whole = models.BooleanField(default=False, db_default=False)
    pending = models.JSONField(default=list, db_default=[])
    replaces = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="replaced_by"
    )
    created_at = models.DateTimeField()
    upstream_end = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)

    outcome = models.JSONField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"plan {self.pk} of {self.site}"


class PlanEntry(models.Model):
    """One object in a plan. ``verb`` is create, update, override, pinned, conflict, unidentified or
    quarantine; overrides of manual values come first by ``position``. ``belongs_to`` is the identifier
    of the account that a contact or subscription is of.

    ``changes`` maps field to ``[old, new]``; ``overridden`` maps those set by hand to who set them
    when: ``{field: {"source", "set_by", "set_at"}}``.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    verb = models.CharField(max_length=20)
    object_kind = models.CharField(max_length=20)
    upstream_id = models.CharField(max_length=64, blank=True)
    account_id = models.BigIntegerField(null=True)
    identifier = models.CharField(max_length=320, blank=True)
    belongs_to = models.CharField(max_length=255, blank=True, db_default="")
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
