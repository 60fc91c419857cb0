"""The order by score leaves out whose subscriptions are over; its indexes are made while others read and write.

An attempt that was cut off leaves an unusable index behind, which the next one takes away first.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("health", "0003_fewer_indexes")]

    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS health_by_rank", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "healthscore",
            models.Index(
                fields=["score", "account"],
                condition=models.Q(("state", "ended"), _negated=True),
                name="health_by_rank",
            ),
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS health_no_rank", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "healthscore",
            models.Index(
                fields=["account"],
                condition=models.Q(("score", None), ("state", "ended"), _connector="OR"),
                name="health_no_rank",
            ),
        ),
    ]
