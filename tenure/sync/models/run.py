"""A run of one site and of each of its streams."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from tenure.access.models import Member
from tenure.connections.models import Site
from tenure.customers.models import ChangeSet


class RunState(models.TextChoices):
    """``complete`` is said only with proof (RELIABILITY P2)."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    COMPLETE = "complete", "Complete"
    INCOMPLETE = "incomplete", "Incomplete"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


ACTIVE = (RunState.QUEUED, RunState.RUNNING)


class Trigger(models.TextChoices):
    """Who asked for a run."""

    FIRST = "first", "First import"
    SCHEDULE = "schedule", "Schedule"
    MANUAL = "manual", "Sync now"
    CLI = "cli", "Command line"
    API = "api", "API"
    SWEEP = "sweep", "Sweep"


class Run(models.Model):
    """One sync of one site. At most one per site is active, and only the holder of the newest
    ``fence`` may commit for it: every write transaction checks that number (RELIABILITY rule 2.6).

    ``upstream_end`` is the frozen end of its windows, by upstream's clock; the lease is by the
    database's clock. ``waiting_until`` is set while the rate limit makes the run wait.
    ``remove_missing`` is a person's word that many records are truly gone upstream. ``modes`` are
    the site's modes when the run began: a switch in mid-run holds from the next one on (F38).
    ``plan`` is what a person was shown: the run applies exactly that or stops.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    full = models.BooleanField(default=False)
    sweep = models.BooleanField(default=False)
    remove_missing = models.BooleanField(default=False)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    upstream_end = models.DateTimeField(null=True)
    change_set = models.ForeignKey(
        ChangeSet, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.TextField(blank=True)
    next_step = models.TextField(blank=True)
    fence = models.BigIntegerField(default=0)
    lease_holder = models.CharField(max_length=120, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    cancel_asked = models.BooleanField(default=False)
    waiting_until = models.DateTimeField(null=True)
    rate_limit = models.IntegerField(null=True)
    rate_remaining = models.IntegerField(null=True)
    modes = models.JSONField(null=True)
    plan = models.ForeignKey("Plan", null=True, on_delete=models.SET_NULL, related_name="runs")

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "site", condition=Q(state__in=["queued", "running"]), name="sync_one_active_run"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["site", "-id"], name="sync_run_of_site"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.site}"

    @property
    def is_active(self) -> bool:
        """Whether it is still to end."""
        return self.state in ACTIVE


class StreamState(models.TextChoices):
    """How far one stream of a run is."""

    WAITING = "waiting", "Waiting"
    READING = "reading", "Reading"
    DONE = "done", "Done"
    UNAVAILABLE = "unavailable", "Not offered"
    FAILED = "failed", "Failed"


class StreamRun(models.Model):
    """One stream of one run, with its counts. ``expected`` is upstream's own count of what is to
    be read, so progress is real; None until it was asked."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="streams")
    stream = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=12, choices=StreamState.choices, default=StreamState.WAITING
    )
    phase = models.CharField(max_length=20, blank=True)
    expected = models.BigIntegerField(null=True)
    read = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    overridden = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)
    requests = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("run", "stream", name="sync_stream_once_a_run"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} of run {self.run_id}"
