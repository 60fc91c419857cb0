"""How subscriptions will go on, invoices that failed lately, and when the last subscription ended."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0004_mrr_history'),
    ]

    operations = [
        migrations.AddField(
            model_name='accountfacts',
            name='ended_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='accountfacts',
            name='failed_lately',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='accountfacts',
            name='outlooks',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='factsversion',
            name='ended_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='factsversion',
            name='failed_lately',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='factsversion',
            name='outlooks',
            field=models.JSONField(default=dict),
        ),
        # What was measured before is measured again by the next tick, chunk by chunk.
        migrations.RunSQL(
            "UPDATE metrics_accountfacts SET next_change_at = as_of", migrations.RunSQL.noop
        ),
    ]
