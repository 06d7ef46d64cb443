"""What the worker does by the clock. `migrate` brings the table of schedules in line with the one below."""

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.db import transaction

# Function → minutes between two calls. Each must be safe to call twice, and to miss.
MINUTES = {
    "firms.tasks.carry_out_waves": 1,
    "firms.tasks.end_impersonations": 10,
    "calendars.tasks.enqueue_due_syncs": 1,
    "calendars.graph.tasks.keep_subscriptions": 1,
    "calendars.tasks.keep_cutoff": 1,
    "calendars.tasks.tell_disabled": 1,
    "migration.tasks.sweep_runs": 1,
    "migration.tickets.expire_approvals": 10,
}

# What `manage.py work` calls itself, every WATCH_SECONDS: the queue's clock is right to a minute and a half, and stands
# still when the queue does.
OFTEN = ("migration.tasks.sweep_runs", "calendars.tasks.enqueue_due_syncs", "calendars.graph.tasks.keep_subscriptions")


def ensure_schedules(*, apps: Apps = installed, using: str, **kwargs: Any) -> None:
    """Receiver of post_migrate: one schedule for each function above, named after it; repeats and strays of ours go.

    Schedules made by hand in the admin, and those of functions that other code ensures, stay: they have other names.
    """
    try:
        Schedule = apps.get_model("django_q", "Schedule")
    except LookupError:  # a partial `migrate`: the queue's tables are not there yet
        return
    with transaction.atomic(using=using):
        for function, minutes in MINUTES.items():
            rows = Schedule.objects.using(using).filter(name=function).order_by("pk")
            wanted = {"func": function, "schedule_type": "I", "minutes": minutes, "repeats": -1}
            kept = rows.first()
            if kept is None:
                Schedule.objects.using(using).create(name=function, **wanted)
            else:
                # Names are not unique in django-q2: a second row would do everything twice.
                rows.exclude(pk=kept.pk).delete()
                rows.filter(pk=kept.pk).update(**wanted)
