"""The background queue without its worker processes: tasks are enqueued for real and carried out here."""

from django.utils.module_loading import import_string
from django_q.models import OrmQ

LIMIT = 1000


def drain() -> int:
    """Carries out what is queued, and what that queues, in order; returns how many tasks. Errors are raised."""
    for count in range(LIMIT):
        queued = OrmQ.objects.order_by("pk").first()
        if queued is None:
            return count
        task = queued.task
        queued.delete()
        import_string(task["func"])(*task["args"], **task["kwargs"])
    raise AssertionError(f"the queue is not empty after {LIMIT} tasks")
