"""Segments with their versions, who is in each, and every entry and exit."""

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Lower

from tenure.access.models import Member
from tenure.customers.models import Account


class Segment(models.Model):
    """A named rule. ``rule`` is its text, ``version`` counts its changes. ``priority`` decides where
    an account in several segments can have one of something: the lowest number comes first. ``fault``
    says why the rule can no longer be asked; members then stay as they were. ``placed_day`` is the
    local day for which every account was placed: rules speak of days, so each day begins with that.
    """

    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    rule = models.TextField()
    priority = models.PositiveIntegerField(default=100)
    version = models.PositiveIntegerField(default=1)
    owner = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    fault = models.TextField(blank=True)
    placed_at = models.DateTimeField(null=True)
    placed_day = models.DateField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["priority", "name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(Lower("name"), name="segments_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentVersion(models.Model):
    """A segment as it was saved once: never changed."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    rule = models.TextField()
    priority = models.PositiveIntegerField()
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=254, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("segment", "number", name="segments_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.number}"


class Membership(models.Model):
    """An account that is in a segment, since when."""

    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("segment", "account", name="segments_member_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} in {self.segment_id}"


class Cause(models.TextChoices):
    """What made an account enter or leave."""

    DATA = "data", "A value changed"
    TIME = "time", "A day passed"
    RULE = "rule", "The segment was changed"


class Crossing(models.Model):
    """An account entered or left a segment. ``version`` is the rule's then; ``seen`` the values its
    conditions saw: ``[{"condition", "value", "holds"}]``, empty when very many crossed at once."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="crossings")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="crossings")
    entered = models.BooleanField()
    cause = models.CharField(max_length=10, choices=Cause.choices)
    version = models.PositiveIntegerField()
    seen = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["segment", "-at"], name="segments_crossing_by_time"),
            models.Index(fields=["account", "-at"], name="segments_crossing_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {'entered' if self.entered else 'left'} {self.segment_id}"


class View(models.Model):
    """A list as somebody saved it: the page and its address's query. ``member`` None is shared with
    everyone; a member has at most one default a page, and so has everyone together."""

    page = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    query = models.TextField(blank=True)
    member = models.ForeignKey(Member, null=True, on_delete=models.CASCADE, related_name="views")
    made_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "page", "member", "name", name="segments_view_once", nulls_distinct=False
            ),
            models.UniqueConstraint(
                "page",
                "member",
                condition=models.Q(is_default=True),
                name="segments_view_default_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.name
