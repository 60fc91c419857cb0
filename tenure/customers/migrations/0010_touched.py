from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0009_versions"), ("sync", "0006_touched_moves")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Touched",
                    fields=[
                        ("account_id", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("since", models.DateTimeField()),
                    ],
                ),
            ],
        ),
    ]
