"""A note that a rule asked for names its alert, of which there is one."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0003_what_alerts_begin_with'),
        ('tasks', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='note',
            name='alert',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='asked_note', to='alerts.alert'),
        ),
    ]
