import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calendars', '0006_kept_here'),
    ]

    operations = [
        migrations.AddField(
            model_name='sync',
            name='subscription_due',
            field=models.DateTimeField(blank=True, db_index=True, null=True),
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('appointment_id', models.CharField(blank=True, max_length=2000)),
                ('at', models.DateTimeField(db_index=True)),
                ('connection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='calendars.calendarconnection')),
            ],
            options={
                'indexes': [models.Index(fields=['connection', 'id'], name='calendars_n_connect_dcef2f_idx')],
            },
        ),
    ]
