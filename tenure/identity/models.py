"""What identity keeps: conflicts that need a person, and merges that can be undone."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.customers.models import Account, ChangeSet


class RecordKind(models.TextChoices):
    """The records that can say whose they are, called as their tables are in history."""

    BILLING_ACCOUNT = "billing_account", "Account"
    SUBSCRIPTION = "subscription", "Subscription"


class ConflictKind(models.TextChoices):
    """What became of the identifier of a record that was recognised before (DESIGN 3.2)."""

    CHANGED = "changed", "Changed"
    VANISHED = "vanished", "Vanished"
    CLAIMED_TWICE = "claimed_twice", "Claimed twice"


class Resolution(models.TextChoices):
    """What a person decided: the first value stands, the account takes the new one, or the record
    becomes a customer of its own."""

    KEEP = "keep", "Keep the first"
    REKEY = "rekey", "Re-key with history"
    NEW_ACCOUNT = "new_account", "New account"
    WENT_AWAY = "went_away", "Went away by itself"


class Conflict(models.Model):
    """A record whose identifier no longer says what it said; open until a person resolves it.

    ``old`` is the identifier that stands, ``new`` what upstream says now ("" when it vanished).
    ``resolution`` empty means open. A resolved conflict with the same ``new`` is not raised again.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    object_kind = models.CharField(max_length=20)
    upstream_id = models.CharField(max_length=64)
    account = models.ForeignKey(
        Account, null=True, on_delete=models.CASCADE, related_name="conflicts"
    )
    kind = models.CharField(max_length=20, choices=ConflictKind.choices)
    old = models.CharField(max_length=255)
    new = models.CharField(max_length=255, blank=True)
    resolution = models.CharField(max_length=20, choices=Resolution.choices, blank=True)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    change_set = models.ForeignKey(
        ChangeSet, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-opened_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "site",
                "object_kind",
                "upstream_id",
                condition=Q(resolution=""),
                name="identity_one_open_conflict",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.old} {self.kind}"


class Merge(models.Model):
    """Two accounts made one by hand. ``moved`` names the rows that changed hands, by table, so that
    exactly these go back when the merge is undone."""

    kept = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    absorbed = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    moved = models.JSONField(default=dict)
    change_set = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.absorbed} into {self.kept}"
