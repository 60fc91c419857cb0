"""Indexes of the list of invoices: by currency, of what is owed by issue with all that says whether it is late, and of closed bills; made while others read and write.

An attempt that was cut off leaves an unusable index behind, which the next one takes away first.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

OPEN = models.Q(
    ("balance__gt", 0), ("state__in", ("open", "past_due", "pending", "processing"))
)
SAYS_WHETHER_LATE = (
    "state", "type", "due_at", "net_terms", "net_terms_type", "collection_method", "currency",
)  # fmt: skip


def made(index: models.Index) -> list[object]:
    anew = f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"
    return [
        migrations.RunSQL(anew, migrations.RunSQL.noop),
        AddIndexConcurrently("invoice", index),
    ]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0017_records_found_by_rules")]

    operations = [
        *made(models.Index(fields=["currency"], name="customers_invoice_by_currency")),
        *made(
            models.Index(
                fields=["created_at", "id"],
                include=SAYS_WHETHER_LATE,
                condition=models.Q(OPEN, ("removed_at", None)),
                name="customers_invoice_owed_issued",
            )
        ),
        *made(
            models.Index(
                fields=["created_at", "id"],
                condition=models.Q(("state", "closed"), models.Q(("type", "credit"), _negated=True)),
                name="customers_invoice_closed_bill",
            )
        ),
        RemoveIndexConcurrently("invoice", "customers_invoice_open_issued"),
    ]
