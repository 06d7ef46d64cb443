from django.apps import AppConfig


class MigrationConfig(AppConfig):
    name = "migration"
    verbose_name = "Move to Microsoft Graph"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from migration.middleware import mark_login

        user_logged_in.connect(mark_login, dispatch_uid="migration.mark_login")
