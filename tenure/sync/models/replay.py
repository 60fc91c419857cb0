"""A replay that was asked for: what it is for, how far it is, who does it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tenure.access.models import Member
from tenure.customers.models import ChangeSet


class Replay(models.Model):
    """What is stored, gone through again after a change of the mapping.

    ``filling`` and ``retyped`` are as ``sync.replay`` takes them; ``sites`` (ids) the ones it goes
    through, None for all. A replay whose lease ran out
    before it was finished is taken up again, from its start and in its own change set.
    """

    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField(blank=True)
    sites = models.JSONField(null=True)
    filling = models.JSONField(default=list)
    retyped = models.JSONField(default=dict)
    change_set = models.ForeignKey(
        ChangeSet, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    outcome = models.JSONField(default=dict)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["id"], condition=Q(finished_at=None), name="sync_replay_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"replay {self.pk}"

    @property
    def is_active(self) -> bool:
        """Whether it is still to end."""
        return self.finished_at is None
