"""Alerts keep the task and the note their rule asks for, in the words of their moment."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0002_mutes_that_end'),
    ]

    operations = [
        migrations.AddField(
            model_name='alert',
            name='to_do',
            field=models.TextField(blank=True, db_default=''),
        ),
        migrations.AddField(
            model_name='alert',
            name='to_note',
            field=models.TextField(blank=True, db_default=''),
        ),
        migrations.AddField(
            model_name='alertrule',
            name='note',
            field=models.TextField(blank=True, db_default=''),
        ),
    ]
