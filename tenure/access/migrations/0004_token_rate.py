import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0003_outcomes")]

    operations = [
        migrations.CreateModel(
            name="TokenRate",
            fields=[
                (
                    "token",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="access.token",
                    ),
                ),
                ("since", models.DateTimeField()),
                ("requests", models.PositiveIntegerField()),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE access_tokenrate SET UNLOGGED", migrations.RunSQL.noop
        ),
    ]
