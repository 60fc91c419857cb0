"""An index of subscriptions by currency, which leads to those in a rare one; made while others read and write.

An attempt that was cut off leaves an unusable index behind, which the next one takes away first.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("metrics", "0011_amounts_of_accounts")]

    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS metrics_sub_by_currency", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "subscriptionfacts", models.Index(fields=["currency"], name="metrics_sub_by_currency")
        ),
    ]
