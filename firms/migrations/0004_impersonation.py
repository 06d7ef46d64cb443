import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from caret_sync.groups import give


def let_support_look(apps, schema_editor):
    give("Support", "firms", ["impersonate_member"], apps=apps, using=schema_editor.connection.alias)


class Migration(migrations.Migration):

    dependencies = [
        ('firms', '0003_groups'),
    ]

    operations = [
        migrations.CreateModel(
            name='Impersonation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('began_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, db_index=True, null=True)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='impersonations', to=settings.AUTH_USER_MODEL)),
                ('supporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-began_at', '-pk'],
                'permissions': [('impersonate_member', 'Can see the pages as a member does')],
                'default_permissions': (),
            },
        ),
        migrations.RunPython(let_support_look, migrations.RunPython.noop),
    ]
