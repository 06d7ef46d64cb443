from django.apps import AppConfig


class MigrationConfig(AppConfig):
    name = "migration"
    verbose_name = "Move to Microsoft Graph"

    def ready(self) -> None:
        import gc

        from django.contrib.auth.signals import user_logged_in

        from migration.middleware import mark_login

        user_logged_in.connect(mark_login, dispatch_uid="migration.mark_login")
        # A page is thousands of objects, none of them garbage, and what has been loaded so far stays: going through them
        # again and again would cost a run more than reading the pages.
        gc.freeze()
        gc.set_threshold(20_000)
