"""An index of the accounts that are there, without the wide rows of who they are; made while others read and write.

An attempt that was cut off leaves an unusable index behind, which the next one takes away first.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0014_accounts_found_by_rules")]

    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_account_live", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "account",
            models.Index(
                fields=["id"],
                condition=models.Q(("removed_at__isnull", True)),
                name="customers_account_live",
            ),
        ),
    ]
