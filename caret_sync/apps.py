from django.apps import AppConfig


class CaretSyncConfig(AppConfig):
    name = "caret_sync"

    def ready(self) -> None:
        from caret_sync import checks  # noqa: F401  registers them
