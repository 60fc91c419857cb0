from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sync", "0005_plan_outcome")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.AlterModelTable("Touched", "customers_touched")],
            state_operations=[migrations.DeleteModel("Touched")],
        ),
    ]
