"""How far a site's streams are read, whatever run it was that read them."""

from typing import Any, ClassVar

from django.db import models

from tenure.connections.models import Site
from tenure.sync.models.run import Run


class Phase(models.TextChoices):
    """What a stream is being read for."""

    LOAD = "load", "First load"
    CHANGES = "changes", "Changes"
    VOLATILE = "volatile", "Daily re-read"
    SWEEP = "sweep", "Sweep"


class WindowRead(models.Model):
    """A window being read, and how far. Committed with each page; gone when its phase is proved.

    It belongs to the site's stream, not to a run: whichever run comes next goes on from here.
    ``end`` is exclusive where another window begins there, inclusive on the last one.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    stream = models.CharField(max_length=40)
    phase = models.CharField(max_length=12, choices=Phase.choices)
    by = models.CharField(max_length=12)
    begin = models.DateTimeField(null=True)
    end = models.DateTimeField()
    last = models.BooleanField(default=True)
    cursor = models.TextField(null=True)
    reached = models.DateTimeField(null=True)
    pages = models.PositiveIntegerField(default=0)
    done = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["site", "stream", "phase"], name="sync_window_of_stream"),
        ]

    def __str__(self) -> str:
        return f"{self.phase} of {self.stream}, {self.begin} to {self.end}"


class Seen(models.Model):
    """An upstream id a sweep has met; what is here but was not met gets asked for by name."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    stream = models.CharField(max_length=40)
    upstream_id = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("site", "stream", "upstream_id", name="sync_seen_once"),
        ]

    def __str__(self) -> str:
        return self.upstream_id


class Mark(models.Model):
    """What a site's stream has proved so far: everything updated up to ``mark`` is here.

    ``mark`` moves only when a whole window was read; the other times say when the daily and weekly
    checks last ran. All by upstream's clock.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="marks")
    stream = models.CharField(max_length=40)
    mark = models.DateTimeField(null=True)
    load_began_at = models.DateTimeField(null=True)
    loaded_at = models.DateTimeField(null=True)
    loaded_by = models.ForeignKey(
        Run, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    volatile_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)
    upstream_count = models.BigIntegerField(null=True)
    local_count = models.BigIntegerField(null=True)
    swept_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("site", "stream", name="sync_mark_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} of {self.site}"
