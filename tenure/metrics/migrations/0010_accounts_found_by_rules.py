"""Indexes by which rules about few accounts find their figures; made while others read and write.

An attempt that was cut off leaves an unusable index behind, which the next one takes away first.
"""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


def _without(index: str) -> migrations.RunSQL:
    return migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {index}", migrations.RunSQL.noop)


def _late(column: str, name: str) -> models.Index:
    number = models.Func(models.F(column), template="((%(expressions)s)::numeric)")
    return models.Index(
        number, "account", condition=models.Q(("past_due_sort__gt", 0)), name=name
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("metrics", "0009_facts_past")]

    operations = [
        _without("metrics_late_count"),
        AddIndexConcurrently("accountfacts", _late("past_due_count", "metrics_late_count")),
        _without("metrics_late_days"),
        AddIndexConcurrently("accountfacts", _late("oldest_past_due_days", "metrics_late_days")),
        _without("metrics_by_plan"),
        AddIndexConcurrently(
            "accountfacts",
            django.contrib.postgres.indexes.GinIndex(
                fields=["plan_names", "plan_codes"], name="metrics_by_plan"
            ),
        ),
    ]
