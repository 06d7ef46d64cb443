import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from caret_sync.groups import give


def let_support_decide(apps, schema_editor):
    using = schema_editor.connection.alias
    give("Support", "migration", ["view_anomaly", "decide_anomaly"], apps=apps, using=using)


class Migration(migrations.Migration):

    dependencies = [
        ('migration', '0004_verdicts'),
        ('firms', '0003_groups'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Anomaly',
            fields=[
            ],
            options={
                'verbose_name_plural': 'anomalies',
                'permissions': [('decide_anomaly', "Can decide about members' anomalies")],
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('migration.outcome',),
        ),
        migrations.CreateModel(
            name='AnomalyDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(choices=[('link', 'Linked to an appointment'), ('keep', 'Kept only here'), ('copy', 'Copied as a new event'), ('delete', 'Deleted here')], max_length=10)),
                ('at', models.DateTimeField()),
                ('note', models.TextField(blank=True)),
                ('released', models.JSONField(default=list)),
                ('appointment_id', models.TextField(blank=True)),
                ('copies', models.JSONField(default=list)),
                ('versions', models.JSONField(default=list)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('undone_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('anomaly', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='migration.anomaly')),
            ],
            options={
                'ordering': ['at', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('undone_at', None), models.Q(('action', 'copy'), _negated=True)), fields=('anomaly',), name='anomaly_decided_once')],
            },
        ),
        migrations.RunPython(let_support_decide, migrations.RunPython.noop),
    ]
