"""The facts of a subscription: its figures, and what a list across accounts goes by."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenure.connections.models import Site
from tenure.customers.models import Account, Subscription


def _amount() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=26, decimal_places=6, null=True)


class SubscriptionFacts(models.Model):
    """Every figure of one subscription of an account, as of its account's last measurement, together
    with the columns a list across accounts is filtered and sorted by: a narrow row, so that a million
    of them are summed in a moment.

    ``mrr`` is None when it cannot be computed; ``monthly`` is the amount a month whatever the status,
    so also that of a trial or a pause. ``status`` is one of ``rollup.STATUSES`` or unknown. Dates are
    calendar days of the workspace: ``renews_on`` and ``bills_on`` are None for what will not renew or
    be billed again, ``ends_on`` is known for what will end or has ended.
    """

    subscription = models.OneToOneField(
        Subscription, on_delete=models.CASCADE, primary_key=True, related_name="facts"
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="subscription_facts", db_constraint=False
    )
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    currency = models.CharField(max_length=3)
    plan_code = models.CharField(max_length=120)
    status = models.CharField(max_length=12)
    flags = ArrayField(models.TextField(), default=list)
    mrr = _amount()
    monthly = _amount()
    quantity = models.IntegerField(null=True)
    past_due_days = models.IntegerField(default=0)
    started_on = models.DateField(null=True)
    renews_on = models.DateField(null=True)
    bills_on = models.DateField(null=True)
    trial_ends_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        # Each serves an order of the list, in both directions, or a filter together with one.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["mrr", "subscription"], name="metrics_sub_by_mrr"),
            models.Index(fields=["status", "mrr", "subscription"], name="metrics_sub_by_status"),
            models.Index(fields=["plan_code", "mrr", "subscription"], name="metrics_sub_by_plan"),
            models.Index(fields=["renews_on", "subscription"], name="metrics_sub_by_renewal"),
            models.Index(fields=["bills_on", "subscription"], name="metrics_sub_by_bill"),
            models.Index(fields=["started_on", "subscription"], name="metrics_sub_by_start"),
            models.Index(
                fields=["ends_on", "subscription"],
                condition=models.Q(ends_on__isnull=False),
                name="metrics_sub_by_end",
            ),
            models.Index(fields=["currency"], name="metrics_sub_by_currency"),
        ]

    def __str__(self) -> str:
        return f"facts of subscription {self.pk}"
