"""What the operator configures: one row a site, with its key sealed and its modes."""

from typing import Any, ClassVar

from django.db import models


class Mode(models.TextChoices):
    """How records of one kind follow the source (DESIGN 3.3)."""

    DAILY = "daily", "Daily Sync"
    IMPORT = "import", "Import Only"
    LINK = "link", "Link only"


class SiteState(models.TextChoices):
    """Whether a site is read, and why not when it is not."""

    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    NEEDS_KEY = "needs_key", "Needs a new key"


class Site(models.Model):
    """One site of a source. ``key_sealed`` opens only with the key ring and this row's context.

    ``site_id`` is what the site called itself when the key was checked; a key of another site is
    refused by it ever after (F19). ``schedule`` is the text ``connections/schedule.py`` reads.
    """

    source = models.CharField(max_length=40)
    subdomain = models.CharField(max_length=120)
    region = models.CharField(max_length=20)
    site_id = models.CharField(max_length=64)
    mode = models.CharField(max_length=20, blank=True)
    default_currency = models.CharField(max_length=3, blank=True)
    currencies = models.JSONField(default=list)
    features = models.JSONField(default=list)
    accounts_mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.DAILY)
    subscriptions_mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.DAILY)
    schedule = models.CharField(max_length=80, default="daily 00:00 UTC")
    priority = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=20, choices=SiteState.choices, default=SiteState.ACTIVE)
    state_reason = models.TextField(blank=True)
    key_sealed = models.TextField()
    key_last4 = models.CharField(max_length=4, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["priority", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("source", "subdomain", name="connections_subdomain_once"),
            models.UniqueConstraint("source", "region", "site_id", name="connections_site_once"),
        ]

    def __str__(self) -> str:
        return self.subdomain

    @property
    def key_context(self) -> str:
        """What the sealed key is bound to, so that it opens for no other site."""
        return f"{self.source}/{self.region}/{self.site_id}/key"
