"""Where the values that a change replaced had come from; subscriptions with attributes by hand."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0007_fields_besides")]

    operations = [
        migrations.AddField("change", "was", models.JSONField(null=True)),
        migrations.AddField(
            "subscription", "edited", models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddIndex(
            "subscription",
            models.Index(
                fields=["site", "id"],
                condition=models.Q(("edited", True)),
                name="customers_subscription_edited",
            ),
        ),
    ]
