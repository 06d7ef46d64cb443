from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from caret_sync.schedules import OFTEN
from caret_sync.startup import obstacles
from caret_sync.watchdog import Watchdog


class Command(BaseCommand):
    help = "Carries out the background tasks: starts the queue's processes, and anew when they end or stand still."

    def handle(self, *args: Any, **options: Any) -> None:
        if found := obstacles():
            raise CommandError(" ".join(found))
        Watchdog(
            duties=[import_string(name) for name in OFTEN],
            every=settings.WATCH_SECONDS,
            stall=settings.STALL_SECONDS,
            patience=settings.TASK_TIMEOUT,
        ).run()
