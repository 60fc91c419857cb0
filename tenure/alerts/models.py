"""Alert rules with their versions, where each holds now, and the alerts they opened."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from tenure.access.models import Member
from tenure.customers.models import Account
from tenure.segments.models import Segment


class Kind(models.TextChoices):
    """What an alert is about."""

    ONBOARDING = "onboarding", "Onboarding"
    RENEWAL = "renewal", "Renewal"
    UPSELL = "upsell", "Upsell"
    RISK = "risk", "Risk"


class Severity(models.TextChoices):
    """How much it matters; ``auto`` on a rule takes it from the MRR at stake."""

    AUTO = "auto", "By MRR at stake"
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class State(models.TextChoices):
    """Where an alert is in its life."""

    NEW = "new", "New"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    SNOOZED = "snoozed", "Snoozed"
    RESOLVED = "resolved", "Resolved by itself"
    CLOSED = "closed", "Closed"


OPEN = (State.NEW, State.ACKNOWLEDGED, State.SNOOZED)


class Outcome(models.TextChoices):
    """What came of an alert that a person closed."""

    SAVED = "acted-saved", "Acted, customer saved"
    LOST = "acted-lost", "Acted, customer lost"
    NO_RISK = "not-a-risk", "Not a risk"
    DUPLICATE = "duplicate", "Duplicate"
    WRONG_DATA = "wrong-data", "Wrong data"


class AlertRule(models.Model):
    """A condition on accounts, and what happens where it becomes true.

    It fires once the condition has held for ``for_days`` without a break, and not again for an
    account within ``cooldown_days`` after its last alert ended. The alert resolves by itself once
    ``resolve`` (empty: the opposite of the condition) has held for ``settle_days``. ``thresholds``
    are the MRR at stake from which ``auto`` severity is medium, high and critical. ``fallback`` gets
    the alerts of accounts without an owner. ``task`` and ``note`` are templates like ``message``, of what
    an alert of it begins with. ``fault`` says why the rule can no longer be asked.
    """

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.RISK)
    rule = models.TextField()
    scope: "models.ManyToManyField[Segment, Any]" = models.ManyToManyField(
        Segment, related_name="+", blank=True
    )
    for_days = models.PositiveIntegerField(default=0)
    resolve = models.TextField(blank=True)
    settle_days = models.PositiveIntegerField(default=1)
    cooldown_days = models.PositiveIntegerField(default=7)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.AUTO)
    thresholds = models.JSONField(default=list)
    message = models.TextField()
    task = models.TextField(blank=True)
    note = models.TextField(blank=True, db_default="")
    fallback = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    enabled = models.BooleanField(default=False)
    suggested = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=0)
    fault = models.TextField(blank=True)
    judged_at = models.DateTimeField(null=True)
    judged_day = models.DateField(null=True)
    created_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(Lower("name"), name="alerts_rule_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class AlertRuleVersion(models.Model):
    """A rule as it was saved once: never changed. ``document`` is its API shape then."""

    alert_rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=254, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("alert_rule", "number", name="alerts_version_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class Watch(models.Model):
    """A rule's condition holds for an account, since when; the row goes when it no longer holds.

    ``fired`` says that an alert came of it, or that it held already when the rule was switched on
    and only what becomes true later was asked for.
    """

    alert_rule = models.ForeignKey(
        AlertRule, on_delete=models.CASCADE, related_name="watches", db_index=False
    )
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    fired = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("alert_rule", "account", name="alerts_watch_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["alert_rule", "since"],
                condition=Q(fired=False),
                name="alerts_watch_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alert_rule_id} holds for {self.account_id}"


class Alert(models.Model):
    """A rule became true for an account. Everything said of that moment is frozen: ``reason``,
    ``evidence`` (the lines of the explanation), ``at_stake``, the rule's version.

    ``cause`` is the instant from which the condition held: one cause has one alert, whatever is
    repeated (P3). ``stale`` says that a condition on days was judged on data older than it should be.
    ``held_back`` is set when the owner's noise budget for the day was spent: the alert is here all
    the same, and nobody was notified. ``announced_at`` is when it was handed to those who tell people.
    ``calm_since`` is since when the resolve condition holds. ``to_do`` and ``to_note`` are the task and
    the note that the rule asked for, in the words of that moment.
    """

    alert_rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="alerts")
    version = models.PositiveIntegerField()
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    severity_rank = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=14, choices=State.choices, default=State.NEW)
    cause = models.CharField(max_length=40)
    reason = models.TextField()
    evidence = models.JSONField(default=list)
    to_do = models.TextField(blank=True, db_default="")
    to_note = models.TextField(blank=True, db_default="")
    at_stake = models.DecimalField(max_digits=26, decimal_places=6, null=True)
    at_stake_currency = models.CharField(max_length=3, blank=True)
    owner = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    stale = models.TextField(blank=True)
    held_back = models.BooleanField(default=False)
    announced_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    calm_since = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    snoozed_seen = models.JSONField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("alert_rule", "account", "cause", name="alerts_once_a_cause"),
            models.UniqueConstraint(
                "alert_rule",
                "account",
                condition=Q(state__in=[state.value for state in OPEN]),
                name="alerts_one_open",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "-opened_at"], name="alerts_of_account"),
            models.Index(
                fields=["owner", "-at_stake"],
                condition=Q(state__in=[state.value for state in OPEN]),
                name="alerts_open_of_owner",
            ),
            models.Index(
                fields=["-at_stake", "id"],
                condition=Q(state__in=[state.value for state in OPEN]),
                name="alerts_open_by_stake",
            ),
            models.Index(
                fields=["id"], condition=Q(announced_at=None), name="alerts_not_announced"
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class AlertEvent(models.Model):
    """One step of an alert's life: who did what, when and why. Never changed."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="events")
    action = models.CharField(max_length=20)
    state = models.CharField(max_length=14, choices=State.choices)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=254, blank=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["alert", "at"], name="alerts_event_of_alert"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.at}"


class Mute(models.Model):
    """A rule is silent for an account through a day of the workspace, for a reason. ``alert`` is the
    one it was muted from. ``ended_at`` is when somebody took it back before its time."""

    alert_rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="mutes")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    alert = models.ForeignKey(Alert, null=True, on_delete=models.SET_NULL, related_name="+")
    until = models.DateField()
    reason = models.TextField()
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=254, blank=True)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=254, blank=True)

    def __str__(self) -> str:
        return f"until {self.until}"
