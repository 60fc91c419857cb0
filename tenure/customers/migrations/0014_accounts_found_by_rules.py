"""Indexes by which rules about few accounts find them; made while others read and write.

An attempt that was cut off leaves an unusable index behind, which the next one takes away first.
"""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations
from django.db.models.functions import Lower


def _without(index: str) -> migrations.RunSQL:
    return migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {index}", migrations.RunSQL.noop)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0013_edits_of_many")]

    operations = [
        _without("customers_account_spelt"),
        AddIndexConcurrently(
            model_name="account",
            index=GinIndex(
                OpClass(Lower("name"), name="gin_trgm_ops"),
                OpClass(Lower("identifier"), name="gin_trgm_ops"),
                fastupdate=True,
                name="customers_account_spelt",
            ),
        ),
        _without("customers_account_values"),
        AddIndexConcurrently(
            model_name="account",
            index=GinIndex(
                OpClass("attributes", name="jsonb_path_ops"),
                fastupdate=True,
                name="customers_account_values",
            ),
        ),
    ]
