"""Routes, shared channels, what each member wants, and the outbox with everything that was tried."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from tenure.access.models import Member
from tenure.alerts.models import Alert, AlertRule, Kind, Severity
from tenure.customers.models import Account


class Way(models.TextChoices):
    """How somebody is told."""

    IN_APP = "inapp", "In Tenure"
    EMAIL = "email", "E-mail"
    SLACK = "slack", "Slack"
    WEBHOOK = "webhook", "Webhook"


class SharedChannel(models.Model):
    """A place many people or a program hear from: an address with a name.

    The address is sealed, for it often carries a token; ``shown`` is what of it may be seen. A
    webhook has a signing secret, sealed too, and hears of every event in ``events`` by itself; other
    channels hear what a route sends them. A removed one keeps its log.
    """

    name = models.CharField(max_length=120)
    way = models.CharField(max_length=10, choices=Way.choices)
    sealed_address = models.TextField()
    shown = models.CharField(max_length=254)
    sealed_secret = models.TextField(blank=True)
    events = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    created_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                "name", condition=Q(removed_at=None), name="notify_channel_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class To(models.TextChoices):
    """Whom a route tells."""

    OWNER = "owner", "The alert's owner"
    FOLLOWERS = "followers", "Whoever follows the account"
    MEMBER = "member", "One member"
    CHANNEL = "channel", "A shared channel"


class Route(models.Model):
    """Which alerts are told to whom. An empty condition takes every alert."""

    name = models.CharField(max_length=120)
    alert_rule = models.ForeignKey(AlertRule, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices, blank=True)
    least_severity = models.CharField(max_length=10, choices=Severity.choices, blank=True)
    owner = models.ForeignKey(Member, null=True, on_delete=models.CASCADE, related_name="+")
    to = models.CharField(max_length=10, choices=To.choices)
    member = models.ForeignKey(Member, null=True, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(
        SharedChannel, null=True, on_delete=models.CASCADE, related_name="routes"
    )
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return self.name


class Preference(models.Model):
    """How a member wants to hear; whoever has no row wants the defaults. Hours are the member's own.

    What is told within Tenure is there at once and makes no noise. ``quiet_from`` to ``quiet_until``
    holds e-mail until the quiet ends. With ``digest`` mail comes once a day. ``budget`` is how many
    alerts a day they are told of; what is beyond is held back and stays in the inbox.
    """

    member = models.OneToOneField(
        Member, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    email = models.BooleanField(default=True)
    digest = models.BooleanField(default=False)
    digest_hour = models.PositiveSmallIntegerField(default=8)
    quiet_from = models.PositiveSmallIntegerField(null=True)
    quiet_until = models.PositiveSmallIntegerField(null=True)
    budget = models.PositiveIntegerField(default=20)

    def __str__(self) -> str:
        return f"of {self.member_id}"


class Follow(models.Model):
    """A member wants to hear of an account that may not be theirs."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint("member", "account", name="notify_follow_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} follows {self.account_id}"


class State(models.TextChoices):
    """Where a delivery is."""

    WAITING = "waiting", "Waiting"
    GATHERED = "gathered", "Waits for the digest"
    SENT = "sent", "Sent"
    SUMMED = "summed", "In a digest"
    HELD = "held", "Held back"
    NOT_SENT = "not-sent", "Not sent"
    FAILED = "failed", "Failed"


class Delivery(models.Model):
    """One thing told to one place. ``key`` says what and where, and the id is made from it: writing
    it twice makes one row, and sending it twice sends the same id (P3).

    ``message`` is frozen. ``due_at`` is the earliest time of the next try; while somebody is sending
    it lies in the future, so that what a crash left behind becomes due again by itself. ``told``
    says why it stands where it stands. ``digest`` is the summary that speaks of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    key = models.CharField(max_length=120, unique=True)
    event = models.CharField(max_length=20)
    way = models.CharField(max_length=10, choices=Way.choices)
    member = models.ForeignKey(Member, null=True, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(
        SharedChannel, null=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    alert = models.ForeignKey(Alert, null=True, on_delete=models.CASCADE, related_name="+")
    digest = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="parts")
    message = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices)
    told = models.TextField(blank=True)
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"], condition=Q(state="waiting"), name="notify_delivery_due"
            ),
            models.Index(
                fields=["member", "due_at"],
                condition=Q(state__in=["gathered", "held"], digest=None),
                name="notify_delivery_to_sum",
            ),
            models.Index(
                fields=["member", "created_at"],
                condition=Q(way="inapp"),
                name="notify_delivery_budget",
            ),
            models.Index(fields=["-created_at", "-id"], name="notify_delivery_newest"),
        ]

    def __str__(self) -> str:
        return self.key


class Attempt(models.Model):
    """One try of a delivery and what came back; ``excerpt`` is the beginning of the answer."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    seconds = models.FloatField()
    state = models.CharField(max_length=10, choices=State.choices)
    code = models.PositiveIntegerField(null=True)
    excerpt = models.TextField(blank=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.state} {self.at}"


class Notification(models.Model):
    """What a member is told within Tenure. ``delivery`` is the id it came with: one id, one row."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False)
    delivery = models.UUIDField(unique=True)
    title = models.TextField()
    text = models.TextField(blank=True)
    path = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["member", "-at"], name="notify_notification_newest"),
            models.Index(
                fields=["member"], condition=Q(read_at=None), name="notify_notification_unread"
            ),
        ]

    def __str__(self) -> str:
        return self.title
