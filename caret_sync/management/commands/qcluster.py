"""django-q's own command, but it does not start where its tasks could only fail, and ends with its watchdog."""

from typing import Any

from django.core.management.base import CommandError
from django.db import connection
from django_q.management.commands import qcluster

from caret_sync.heartbeat import end_with_watchdog
from caret_sync.startup import obstacles


class Command(qcluster.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if found := obstacles():
            raise CommandError(" ".join(found))
        connection.close()  # the workers are forked from this process, and each needs a connection of its own
        super().handle(*args, **options)
        end_with_watchdog()  # only now: whatever forks has forked
