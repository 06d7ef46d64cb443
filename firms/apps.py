from django.apps import AppConfig


class FirmsConfig(AppConfig):
    name = "firms"
    verbose_name = "Firms and people"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from firms import impersonation

        user_logged_in.disconnect(dispatch_uid="update_last_login")
        user_logged_in.connect(impersonation.note_login, dispatch_uid="firms.note_login")
