from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class CaretSyncConfig(AppConfig):
    name = "caret_sync"

    def ready(self) -> None:
        from django_q.signals import post_execute

        from caret_sync import checks  # noqa: F401  registers them
        from caret_sync.groups import create_missing
        from caret_sync.heartbeat import beat
        from caret_sync.schedules import ensure_schedules

        post_execute.connect(beat, dispatch_uid="caret_sync.heartbeat")
        # Sent for the last of our apps, when every table and every permission is there.
        last = apps.get_app_config("migration")
        post_migrate.connect(create_missing, sender=last, dispatch_uid="caret_sync.groups")
        post_migrate.connect(ensure_schedules, sender=last, dispatch_uid="caret_sync.schedules")
