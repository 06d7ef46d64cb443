from django.contrib.auth.management import create_permissions
from django.db import migrations

from caret_sync.groups import create_missing


def create(apps, schema_editor):
    using = schema_editor.connection.alias
    # Permissions are otherwise made only once all migrations have run.
    for label in ("firms", "calendars", "migration"):
        app_config = apps.get_app_config(label)
        # The stand-ins that a migration gets say nothing of models, and without any there would be no permissions.
        module = getattr(app_config, "models_module", None)
        app_config.models_module = True
        create_permissions(app_config, apps=apps, using=using, verbosity=0)
        app_config.models_module = module
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
