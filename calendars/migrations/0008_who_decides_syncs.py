from django.db import migrations

from caret_sync.groups import give


def let_them(apps, schema_editor):
    using = schema_editor.connection.alias
    give("Support", "calendars", ["view_sync", "decide_sync"], apps=apps, using=using)
    give("Rollout", "calendars", ["view_sync"], apps=apps, using=using)


class Migration(migrations.Migration):

    dependencies = [
        ('calendars', '0007_notices'),
        ('firms', '0003_groups'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='sync',
            options={'permissions': [('decide_sync', 'Can decide about refused pictures of daily syncs')], 'verbose_name': 'daily sync'},
        ),
        migrations.RunPython(let_them, migrations.RunPython.noop),
    ]
