"""An index of the amounts of accounts, without the wide rows they stand in; made while others read and write.

An attempt that was cut off leaves an unusable index behind, which the next one takes away first.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("metrics", "0010_accounts_found_by_rules")]

    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS metrics_amounts", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "accountfacts",
            models.Index(
                fields=["account"],
                include=(
                    "mrr_sort",
                    "mrr_converted",
                    "due_sort",
                    "due_converted",
                    "past_due_sort",
                    "past_due_converted",
                ),
                name="metrics_amounts",
            ),
        ),
    ]
