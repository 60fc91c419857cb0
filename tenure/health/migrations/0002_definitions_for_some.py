"""Several definitions, each for the accounts a rule holds, and one for everyone else."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_NAMES = """
    UPDATE health_definition SET is_fallback = true
    WHERE id = (SELECT id FROM health_definition WHERE retired_at IS NULL ORDER BY priority, id LIMIT 1);
    UPDATE health_definitionversion v SET name = d.name
    FROM health_definition d WHERE d.id = v.definition_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("health", "0001_scores"),
    ]

    operations = [
        migrations.RemoveField("definition", "segment"),
        migrations.AddField("definition", "is_fallback", models.BooleanField(default=False)),
        migrations.AddField("definition", "is_on", models.BooleanField(default=True)),
        migrations.AddField("definition", "fault", models.TextField(blank=True, default=""), False),
        migrations.AddField("definition", "rests_until", models.DateTimeField(null=True)),
        migrations.AddField("definition", "placed_day", models.DateField(null=True)),
        migrations.AddField(
            "definitionversion", "name", models.CharField(max_length=120, default=""), False
        ),
        migrations.AddField("definitionversion", "rule", models.TextField(blank=True, default=""), False),
        migrations.AddField("definitionversion", "segments", models.JSONField(default=dict)),
        migrations.RunSQL(_NAMES, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "definition",
            models.UniqueConstraint(
                "is_fallback", condition=models.Q(is_fallback=True), name="health_one_fallback"
            ),
        ),
        migrations.AddConstraint(
            "definition",
            models.CheckConstraint(
                condition=models.Q(is_fallback=False) | models.Q(is_on=True, retired_at=None),
                name="health_fallback_stays",
            ),
        ),
        migrations.CreateModel(
            name="DefinitionEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("step", models.CharField(max_length=8, choices=[("made", "Made"), ("moved", "Moved"), ("off", "Switched off"), ("on", "Switched on"), ("deleted", "Deleted"), ("back", "Brought back")])),
                ("order", models.JSONField(default=list)),
                ("made_by", models.CharField(blank=True, max_length=254)),
                ("reason", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("definition", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="events", to="health.definition")),
                ("member", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
