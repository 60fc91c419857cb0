"""Indexes that lead rules to accounts by their bills and subscriptions, and lists to bills that are owed; made while others read and write.

An attempt that was cut off leaves an unusable index behind, which the next one takes away first.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0016_coupons_of_accounts")]

    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_invoice_who_owes", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "invoice",
            models.Index(
                fields=["account", "state"],
                include=("balance", "currency"),
                condition=models.Q(("removed_at", None), ("state__in", ("open", "past_due", "pending", "processing"))),
                name="customers_invoice_who_owes",
            ),
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_invoice_open_issued", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "invoice",
            models.Index(
                fields=["created_at", "id"],
                condition=models.Q(
                    ("balance__gt", 0), ("state__in", ("open", "past_due", "pending", "processing"))
                ),
                name="customers_invoice_open_issued",
            ),
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_invoice_open_total", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "invoice",
            models.Index(
                fields=["total", "id"],
                condition=models.Q(
                    ("balance__gt", 0), ("state__in", ("open", "past_due", "pending", "processing"))
                ),
                name="customers_invoice_open_total",
            ),
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_subscription_rare", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "subscription",
            models.Index(
                fields=["state", "account"],
                condition=models.Q(("state__in", ("active", "expired")), _negated=True),
                name="customers_subscription_rare",
            ),
        ),
    ]
