"""Indexes that nobody asks are gone: very many scores are written at once."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0013_edits_of_many'),
        ('health', '0002_definitions_for_some'),
    ]

    operations = [
        migrations.AlterField(
            model_name='healthscore',
            name='override',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='health.override'),
        ),
        migrations.AlterField(
            model_name='healthscore',
            name='version',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='health.definitionversion'),
        ),
        migrations.AlterField(
            model_name='healthversion',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='past_health', to='customers.account'),
        ),
        migrations.AlterField(
            model_name='healthversion',
            name='override',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='health.override'),
        ),
        migrations.AlterField(
            model_name='healthversion',
            name='version',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='health.definitionversion'),
        ),
        migrations.AddIndex(
            model_name='healthscore',
            index=models.Index(fields=['version'], name='health_by_version'),
        ),
        migrations.AddIndex(
            model_name='healthscore',
            index=models.Index(condition=models.Q(('override__isnull', False)), fields=['override'], name='health_by_override'),
        ),
        migrations.AddIndex(
            model_name='healthversion',
            index=models.Index(condition=models.Q(('override__isnull', False)), fields=['override'], name='health_version_by_override'),
        ),
    ]
