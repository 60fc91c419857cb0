"""Raw records, unreadable ones, and the accounts they touched."""

from typing import Any, ClassVar

from django.db import models

from tenure.connections.models import Site
from tenure.sync.models.run import Run


class Skeleton(models.Model):
    """The shape of a stream's records: keys without values, which payloads are compressed against."""

    stream = models.CharField(max_length=40)
    shape = models.BinaryField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"shape of {self.stream}"


class RawPayload(models.Model):
    """The newest payload of a record as it came (credentials blanked), compressed with zstandard."""

    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    stream = models.CharField(max_length=40)
    upstream_id = models.CharField(max_length=64)
    payload = models.BinaryField()
    content_hash = models.BinaryField(max_length=16)
    skeleton = models.ForeignKey(
        Skeleton, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    fetched_at = models.DateTimeField()
    run = models.ForeignKey(
        Run,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("site", "stream", "upstream_id", name="sync_payload_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.upstream_id}"


class Quarantined(models.Model):
    """A record that could not be read, kept with its reason until a later copy reads well."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    stream = models.CharField(max_length=40)
    upstream_id = models.CharField(max_length=64, null=True)
    digest = models.BinaryField(max_length=16)
    reason = models.TextField()
    payload = models.BinaryField()
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("site", "stream", "digest", name="sync_quarantine_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.upstream_id}: {self.reason}"
