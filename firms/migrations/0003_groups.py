from django.db import migrations

from caret_sync.groups import create_missing, make_permissions


def create(apps, schema_editor):
    using = schema_editor.connection.alias
    for label in ("firms", "calendars", "migration"):
        make_permissions(label, apps=apps, using=using)
    create_missing(apps=apps, using=using)


class Migration(migrations.Migration):
    dependencies = [
        ("firms", "0002_cache_table"),
        # Their permissions are in the groups. These come after firms' first migration, so nothing goes in a circle.
        ("calendars", "0002_initial"),
        ("migration", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
