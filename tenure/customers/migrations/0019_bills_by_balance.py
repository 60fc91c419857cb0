"""Indexes of the list of invoices: by balance of those that have one, and of those in dunning; made while others read and write.

An attempt that was cut off leaves an unusable index behind, which the next one takes away first.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

OPEN = models.Q(("balance__gt", 0), ("state__in", ("open", "past_due", "pending", "processing")))
SOME = models.Q(("balance__gt", 0), ("balance__lt", 0), _connector="OR")


def made(index: models.Index) -> list[object]:
    anew = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"
    return [
        migrations.RunSQL(anew, migrations.RunSQL.noop),
        AddIndexConcurrently("invoice", index),
    ]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0018_bills_found_by_lists")]

    operations = [
        *made(
            models.Index(
                fields=["balance", "id"],
                include=("state", "type", "currency"),
                condition=models.Q(SOME, ("removed_at", None)),
                name="customers_invoice_with_balance",
            )
        ),
        *made(
            models.Index(
                fields=["balance", "id"],
                condition=models.Q(OPEN, ("dunning_events_sent__gt", 0)),
                name="customers_invoice_in_dunning",
            )
        ),
    ]
