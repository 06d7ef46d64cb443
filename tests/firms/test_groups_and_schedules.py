"""What `migrate` leaves ready besides tables."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.utils.module_loading import import_string
from django_q.models import Schedule

from caret_sync import groups, schedules
from firms import tasks
from firms.models import Firm, Wave
from tests.factories import NOW, FirmFactory
from tests.staff import staff_of

pytestmark = pytest.mark.django_db


def ensure() -> None:
    schedules.ensure_schedules(apps=apps, using="default")


@pytest.mark.parametrize("name", groups.GROUPS)
def test_each_group_has_every_permission_that_is_named(name):
    wanted = {f"{app}.{codename}" for app, codenames in groups.GROUPS[name].items() for codename in codenames}
    assert staff_of(name).get_all_permissions() == wanted


def test_only_rollout_flags_and_only_support_resolves_tickets():
    rollout, support = staff_of("Rollout"), staff_of("Support")
    assert rollout.has_perm("firms.flag_firm") and not support.has_perm("firms.flag_firm")
    assert support.has_perm("migration.resolve_ticket") and not rollout.has_perm("migration.resolve_ticket")


def test_a_group_that_staff_have_changed_stays_as_it_is():
    group = Group.objects.get(name="Support")
    group.permissions.set([Permission.objects.get(codename="view_firm")])
    groups.create_missing(apps=apps, using="default")
    assert group.permissions.count() == 1


def test_the_data_migration_makes_groups_where_permissions_do_not_exist_yet():
    """As on a fresh database, where permissions are otherwise made after the last migration."""
    Group.objects.all().delete()
    Permission.objects.all().delete()
    (operation,) = import_module("firms.migrations.0003_groups").Migration.operations
    operation.code(apps, SimpleNamespace(connection=connection))
    assert staff_of("Rollout").has_perm("firms.flag_firm")
    assert staff_of("Support").has_perm("migration.resolve_ticket")


def test_the_cache_table_is_there_and_making_it_again_is_harmless(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
    call_command("createcachetable", "cache", verbosity=0)
    caches["default"].set("key", "value", 60)
    assert caches["default"].get("key") == "value"


def test_schedules_are_there_once_whatever_was_there_before():
    functions = sorted(schedules.MINUTES)
    assert sorted(Schedule.objects.values_list("name", flat=True)) == functions
    Schedule.objects.create(name=functions[0], func="firms.tasks.gone", schedule_type=Schedule.DAILY)
    mine = Schedule.objects.create(name="by hand", func="firms.tasks.carry_out_waves", schedule_type=Schedule.DAILY)
    Schedule.objects.filter(name=functions[0]).update(func="firms.tasks.renamed")
    ensure()
    ensure()
    found = Schedule.objects.filter(name__in=functions).values_list("name", "func", "minutes", "schedule_type")
    assert sorted(found) == [(name, name, schedules.MINUTES[name], Schedule.MINUTES) for name in functions]
    assert Schedule.objects.filter(pk=mine.pk).exists()


def test_every_schedule_names_a_function_that_exists():
    assert all(callable(import_string(name)) for name in schedules.MINUTES)


def test_the_task_carries_out_waves_that_are_due():
    firm = FirmFactory()
    wave = Wave.objects.create(name="First", flag_at=NOW.replace(year=2020), scheduled_by=staff_of("Rollout"))
    wave.firms.add(firm)
    assert (tasks.carry_out_waves(), tasks.carry_out_waves()) == (1, 0)
    assert Firm.objects.get().is_flagged


@pytest.mark.django_db(transaction=True)
def test_a_database_emptied_by_flush_has_groups_and_schedules_again():
    call_command("flush", interactive=False, verbosity=0)
    assert staff_of("Rollout").has_perm("firms.flag_firm") and staff_of("Support").has_perm("migration.resolve_ticket")
    assert Schedule.objects.filter(name__in=schedules.MINUTES).count() == len(schedules.MINUTES)
