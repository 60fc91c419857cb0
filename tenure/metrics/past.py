"""The tables of recurring revenue over time: points of subscriptions, steps of accounts made of them,
and how far each site's past has been made out."""

from typing import Any, ClassVar

from django.db import models

from tenure.connections.models import Site
from tenure.customers.models import Account, Subscription


class VersionKind(models.TextChoices):
    """How a past value is known (METRICS section 6)."""

    SNAPSHOT = "snapshot", "As it was known then"
    RECONSTRUCTED = "reconstructed", "Reconstructed from invoices"
    INFERRED = "inferred", "Inferred across a gap"


def _amount(**options: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=26, decimal_places=6, **options)


class MrrPoint(models.Model):
    """A subscription's MRR from the start of local day ``day`` until its next point's day.

    A point is written when the amount, the status or what makes the amount changed, and never
    rewritten: what is learned late is another point of the same day, and the one recorded last
    counts. ``mrr`` is None where it cannot be computed; the last known amount then goes on.
    ``account_id`` is whose the subscription was when the point was recorded. ``quantity``,
    ``plan_code``, ``add_ons`` and ``discount`` (both a month) tell why an amount moved.
    """

    # The database deletes the points with their subscription, see the migration.
    subscription = models.ForeignKey(
        Subscription,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    account_id = models.BigIntegerField()
    day = models.DateField()
    currency = models.CharField(max_length=3)
    mrr = _amount(null=True)
    status = models.CharField(max_length=20)
    kind = models.CharField(
        max_length=15, choices=VersionKind.choices, default=VersionKind.SNAPSHOT
    )
    quantity = models.IntegerField(null=True)
    plan_code = models.CharField(max_length=120, null=True)
    add_ons = _amount(default=0)
    discount = _amount(default=0)
    recorded_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subscription", "day"], name="metrics_point_of_subscription"),
            models.Index(fields=["account_id"], name="metrics_point_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.mrr} {self.currency} from {self.day}"


class MrrStep(models.Model):
    """A day on which an account's MRR of one site in one currency moved, and from what to what.

    Made of the points that count now, and made anew when one of them changes. An account with
    several sites or currencies (not ``alone``) has a row for each of them on every such day, moved
    or not, so that a day's rows tell all of it. ``paused`` says that a paused subscription is
    there; ``paid_before`` that there was MRR before the day.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    currency = models.CharField(max_length=3)
    day = models.DateField()
    before = _amount()
    mrr = _amount()
    paused_before = models.BooleanField()
    paused = models.BooleanField()
    paid_before = models.BooleanField()
    alone = models.BooleanField()
    reason = models.CharField(max_length=15, null=True)
    kind = models.CharField(max_length=15, choices=VersionKind.choices)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "day"], name="metrics_step_of_account"),
            models.Index(fields=["day"], name="metrics_step_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.before} to {self.mrr} {self.currency} on {self.day}"


class SitePast(models.Model):
    """How far a site's time before us has been made out from its invoices.

    ``first_day`` is the local day of its first measurement. ``cursor`` is the last subscription
    looked at, in the first pass over all of them, which is over when ``done_at`` is set. From then
    on lines beyond ``lines_seen`` and changed invoices beyond ``versions_seen`` are looked at.
    """

    site = models.OneToOneField(
        Site, on_delete=models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    first_day = models.DateField()
    cursor = models.BigIntegerField(default=0)
    lines_seen = models.BigIntegerField(default=0)
    versions_seen = models.BigIntegerField(default=0)
    done_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    def __str__(self) -> str:
        return f"before {self.first_day}"


class FactsPast(models.Model):
    """An account whose figures before its first measurement have been made out."""

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    done_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"made out at {self.done_at}"


class Unexplored(models.Model):
    """A subscription whose past is still to be made out, or made out again."""

    subscription = models.OneToOneField(
        Subscription,
        on_delete=models.DO_NOTHING,
        primary_key=True,
        related_name="+",
        db_constraint=False,
    )

    def __str__(self) -> str:
        return f"subscription {self.pk}"
