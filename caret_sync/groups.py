"""The two groups of our people. Made once; whoever changes them in the admin afterwards has the last word."""

from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions

# Group → app → permissions.
GROUPS = {
    "Rollout": {
        "firms": [
            "view_firm", "add_firm", "change_firm", "flag_firm",
            "view_user", "add_user", "change_user",
            "view_wave", "add_wave", "change_wave", "delete_wave",
            "view_auditentry",
        ],
        "calendars": ["view_calendarconnection", "view_sync"],
        "migration": ["view_migrationrun"],
    },
    "Support": {
        "firms": ["view_firm", "view_user", "view_auditentry", "impersonate_member"],
        "calendars": [
            "view_calendarconnection", "view_grant", "view_syncedevent", "view_heldappointment", "view_sync",
            "decide_sync",
        ],
        "migration": [
            "view_migrationrun", "view_outcome", "view_signinattempt",
            "view_ticket", "view_ticketentry", "resolve_ticket", "view_anomaly", "decide_anomaly",
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


def give(group: str, app_label: str, codenames: list[str], *, apps: Apps, using: str) -> None:
    """For data migrations: permissions that came later than the group, on databases that have it already."""
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    make_permissions(app_label, apps=apps, using=using)
    found = Permission.objects.using(using).filter(content_type__app_label=app_label, codename__in=codenames)
    for one in Group.objects.using(using).filter(name=group):
        one.permissions.add(*found)


def make_permissions(app_label: str, *, apps: Apps, using: str) -> None:
    """In the middle of `migrate`: permissions are otherwise made only once all migrations have run."""
    app_config = apps.get_app_config(app_label)
    # The stand-ins that a migration gets say nothing of models, and without any there would be no permissions.
    module: Any = getattr(app_config, "models_module", None)
    app_config.models_module = module or True  # type: ignore[assignment]
    create_permissions(app_config, apps=apps, using=using, verbosity=0)
    app_config.models_module = module
