"""The two groups of our people. Made once; whoever changes them in the admin afterwards has the last word."""

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps

# Group → app → permissions.
GROUPS = {
    "Rollout": {
        "firms": [
            "view_firm", "add_firm", "change_firm", "flag_firm",
            "view_user", "add_user", "change_user",
            "view_wave", "add_wave", "change_wave", "delete_wave",
            "view_auditentry",
        ],
        "calendars": ["view_calendarconnection"],
        "migration": ["view_migrationrun"],
    },
    "Support": {
        "firms": ["view_firm", "view_user", "view_auditentry"],
        "calendars": ["view_calendarconnection", "view_grant", "view_syncedevent", "view_heldappointment"],
        "migration": [
            "view_migrationrun", "view_outcome", "view_signinattempt",
            "view_ticket", "view_ticketentry", "resolve_ticket",
        ],
    },
}  # fmt: skip


def create_missing(*, apps: Apps = installed, using: str, **kwargs: Any) -> None:
    """Makes the groups that do not exist; their permissions must exist. Also a receiver of post_migrate, so that a
    database emptied by `flush` has them again."""
    try:
        Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:  # a partial `migrate`
        return
    for name, wanted in GROUPS.items():
        group, created = Group.objects.using(using).get_or_create(name=name)
        if created:
            for app_label, codenames in wanted.items():
                found = Permission.objects.using(using).filter(
                    content_type__app_label=app_label, codename__in=codenames
                )
                group.permissions.add(*found)
