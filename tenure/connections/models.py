"""What the operator configures: one row a site, with its key sealed and its modes."""

from decimal import Decimal
from typing import Any, ClassVar

from django.db import models

from tenure.access.models import Member


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
    While ``staged`` its records are read but make no account, until its set-up is applied.
    ``allows_pins`` lets a pinned value withstand Daily Sync (DESIGN 3.3).
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
    staged = models.BooleanField(default=False)
    allows_pins = models.BooleanField(default=True)
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


class Truth(models.TextChoices):
    """Whose identifier it is: the business's own, the source's, or somebody else's (DESIGN 3.2)."""

    TENANT = "tenant", "Our tenant or instance"
    SOURCE = "source", "The billing system"
    THIRD_PARTY = "third-party", "A third party"


class ContactSource(models.TextChoices):
    """Where people are named beside the account's own e-mail (DESIGN 3.2)."""

    COPIES = "copies", "Copies of invoices"
    SHIPPING = "shipping", "Shipping addresses"
    BILLING = "billing", "Billing name"


def every_contact_source() -> list[str]:
    """All of them, as long as nobody says otherwise."""
    return list(ContactSource.values)


class IdentifierRule(models.Model):
    """Where the identifier of an account is read. Rules are only added: the newest is in force.

    ``field`` is ``account.code``, ``account.id``, ``account.custom_fields.NAME`` or
    ``subscription.custom_fields.NAME``. ``joins`` says that equal values of two sites are one
    customer. ``contact_field`` is where the identifier of a contact is read, ``contact_sources``
    who beside the account's own e-mail becomes one.
    """

    field = models.CharField(max_length=120)
    truth = models.CharField(max_length=20, choices=Truth.choices, default=Truth.SOURCE)
    joins = models.BooleanField(default=True)
    fold_case = models.BooleanField(default=False)
    contact_field = models.CharField(max_length=120, default="contact.email")
    contact_sources = models.JSONField(default=every_contact_source)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.field


class Workspace(models.Model):
    """What holds for the whole deployment; one row at most.

    ``maps_new_fields`` makes an attribute of every custom field that appears; it ends when
    somebody decides about the mapping. The others are the settings of figures, described in
    ``workspace.SETTINGS``: ``currency`` is blank until somebody chooses one, ``days_per_month`` an
    exact fraction as text, ``drop_after_days`` null for never, ``preset`` blank for none.
    """

    maps_new_fields = models.BooleanField(default=True)
    currency = models.CharField(max_length=3, blank=True)
    zone = models.CharField(max_length=60, default="UTC")
    derive_rates = models.BooleanField(default=False)
    days_per_month = models.CharField(max_length=20, default="365/12")
    mrr_discounts = models.CharField(max_length=20, default="recurring")
    drop_after_days = models.IntegerField(null=True)
    churn_recognition = models.CharField(max_length=20, default="at_end")
    pause_as_churn = models.BooleanField(default=False)
    min_coverage = models.DecimalField(max_digits=5, decimal_places=4, default=Decimal("0.5"))
    preset = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return "workspace"


class WorkspaceChange(models.Model):
    """One setting of the workspace that was changed: from what to what, by whom and when.
    ``author`` names who it was where that is no member, as a token or a command."""

    setting = models.CharField(max_length=40)
    old = models.TextField()
    new = models.TextField()
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    author = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.setting}: {self.old} → {self.new}"

    @property
    def by(self) -> str:
        """Who it was, in a word."""
        return (self.member.name or self.member.email) if self.member else self.author


class SetUp(models.Model):
    """A set-up in progress: the step a person is at and what was chosen so far, to be resumed.

    ``choices`` holds no key: sites are saved, sealed and staged, at the first step.
    """

    step = models.CharField(max_length=20)
    choices = models.JSONField(default=dict)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"set-up at {self.step}"
