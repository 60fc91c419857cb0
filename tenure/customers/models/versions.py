"""What subscriptions and invoices read before they read as they do now.

A version has the columns of the live row and the time from ``valid_from`` up to but not including
``valid_to``, both by when we knew. Live rows and versions together are one view, ``…_over_time``:
what asks about now reads the table, what asks about a past instant reads the view at it. Whose a
record is, the view tells as it is known today: recognising an account is a correction, not an event.
"""

from typing import Any, ClassVar

from django.db import models

from tenure.customers.models.account import Account
from tenure.customers.models.billing import Subscription, SubscriptionColumns
from tenure.customers.models.invoicing import Allocation, Invoice, InvoiceColumns


class SubscriptionVersion(SubscriptionColumns):
    """A subscription as it was. The database deletes versions with their row, see the migration."""

    row = models.ForeignKey(
        Subscription,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["row", "valid_to"], name="customers_version_of_subscr"),
        ]


class InvoiceVersion(InvoiceColumns):
    """An invoice as it was. The database deletes versions with their row, see the migration."""

    row = models.ForeignKey(
        Invoice, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["row", "valid_to"], name="customers_version_of_invoice"),
        ]


def _whose() -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(Account, null=True, on_delete=models.DO_NOTHING, related_name="+")


class SubscriptionOverTime(SubscriptionColumns):
    """A subscription as it read at some time, by the id of its row; the present has no end."""

    account = _whose()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "customers_subscription_over_time"


class InvoiceOverTime(InvoiceColumns):
    """An invoice as it read at some time, by the id of its row; the present has no end."""

    account = _whose()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "customers_invoice_over_time"

    @property
    def allocations(self) -> "models.QuerySet[Allocation]":
        """How it is shared out today; of the past that is not kept."""
        rows = Allocation.objects.filter(invoice_id=self.pk)
        return rows.select_related("account__scope").order_by("pk")
