"""For each row of the table: the address in the world, what is sent there, and what has to be so before."""

import re
from collections.abc import Callable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from calendars import editing
from calendars.admin.refused import digest
from calendars.models import CalendarConnection
from firms.models import Firm
from migration.anomalies import reading
from migration.models import MigrationRun
from tests.factories import PASSWORD as OWN_PASSWORD
from tests.permissions.table import Row
from tests.permissions.world import REASON, World

OBJECT = re.compile(r"admin:([a-z_]+_[a-z]+)_(?:change|delete|history)$")
UNNAMED = re.compile(r"admin/([a-z_]+)/([a-z]+)/<path:object_id>/$")

# Of the series that the world has.
SECOND_DATE = "2026-12-08T09:00:00"

# URL → its arguments. The pages of one object in the admin are found by themselves.
ARGUMENTS: dict[str, Callable[[World], list[Any]]] = {
    "admin:app_list": lambda world: ["firms"],
    "admin:view_on_site": lambda world: [ContentType.objects.get_for_model(world.owner).pk, world.owner.pk],
    "admin:auth_user_password_change": lambda world: [world.owner.pk],
    "admin:firms_firm_set_flag": lambda world: [world["firms_firm"].pk],
    "admin:firms_firm_take_back_flag": lambda world: [world["firms_firm"].pk],
    "admin:migration_migrationrun_retry": lambda world: [world["migration_migrationrun"].pk],
    "admin:migration_ticket_decide": lambda world: [world["migration_ticket"].pk, "close"],
    "admin:migration_anomaly_decide": lambda world: [world["migration_anomaly"].pk, "keep"],
    "admin:migration_anomaly_undo": lambda world: [
        world["migration_anomaly"].pk,
        world["migration_anomalydecision"].pk,
    ],
    "account_reset_password_from_key": lambda world: ["1", "set-password"],
    "calendar_month": lambda world: [2026, 12],
    "calendar_day": lambda world: [2026, 12, 1],
    "event": lambda world: [world["calendars_event"].pk],
    "event_standing": lambda world: [world["calendars_event"].pk],
    "event_edit": lambda world: [world["calendars_event"].pk],
    "event_delete": lambda world: [world["calendars_event"].pk],
    "occurrence": lambda world: [world["calendars_event"].pk, SECOND_DATE],
    "occurrence_edit": lambda world: [world["calendars_event"].pk, SECOND_DATE],
    "occurrence_delete": lambda world: [world["calendars_event"].pk, SECOND_DATE],
    "migration:sign_in_result": lambda world: [world["migration_signinattempt"].pk],
    "migration:run": lambda world: [world["migration_migrationrun"].pk],
    "migration:run_status": lambda world: [world["migration_migrationrun"].pk],
    "migration:report": lambda world: [world["migration_migrationrun"].pk],
    "migration:report_csv": lambda world: [world["migration_migrationrun"].pk],
    "migration:anomalies": lambda world: [world["migration_migrationrun"].pk],
    "migration:anomaly": lambda world: [world["migration_anomaly"].pk],
    "migration:anomaly_of_event": lambda world: [world["migration_anomaly"].synced_event.event_id],
    "migration:anomaly_decide": lambda world: [world["migration_anomaly"].pk, "keep"],
    "migration:anomaly_undo": lambda world: [world["migration_anomaly"].pk, world["migration_anomalydecision"].pk],
    "migration:ticket": lambda world: [world["migration_ticket"].reference],
    "migration:help_page": lambda world: ["when"],
}


def seen(world: World) -> str:
    return reading.look(reading.rows().get(pk=world["migration_anomaly"].pk)).seen


def event_seen(world: World) -> dict[str, Any]:
    return {"seen": editing.stamp(world["calendars_event"])}


def deed(name: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {
        "action": name, "_selected_action": [world["firms_firm"].pk], "confirmed": "1", "expected": 1, "note": "n",
    }  # fmt: skip


def of_syncs(name: str) -> Callable[[World], dict[str, Any]]:
    return lambda world: {"action": name, "_selected_action": [world["calendars_sync"].pk]}


PASSWORD = {"password1": "another horse battery", "password2": "another horse battery", "usable_password": "true"}
# Row → what is sent: a form where it is a POST, a query where it is a GET.
SENT: dict[str, Callable[[World], dict[str, Any]]] = {
    "GET admin:autocomplete": lambda world: {
        "term": "", "app_label": "firms", "model_name": "user", "field_name": "firm",
    },
    "POST admin:auth_user_password_change": lambda world: PASSWORD,
    "POST admin:firms_firm_add": lambda world: {"name": "New LLP", "slug": "new"},
    "POST admin:firms_firm_change": lambda world: {"name": "Renamed LLP", "slug": world["firms_firm"].slug},
    "POST admin:firms_firm_changelist#set_flag": deed("set_flag"),
    "POST admin:firms_firm_changelist#take_back_flag": deed("take_back_flag"),
    "POST admin:firms_firm_changelist#delete_selected": deed("delete_selected"),
    "POST admin:firms_firm_changelist#choose_wave": lambda world: {
        "action": "choose_wave", "_selected_action": [world["firms_firm"].pk], "wave": world["firms_wave"].pk, "put": "1",
    },
    "POST admin:firms_user_add": lambda world: {
        "email": "new@lawfirm.example", "name": "New", "role": "member", "time_zone": "UTC", "usable_password": "false",
    },
    "POST admin:firms_user_change": lambda world: {
        "email": world.owner.email, "name": "Renamed", "role": "member", "time_zone": "UTC", "is_active": "on",
        "firm": world["firms_firm"].pk,
    },
    "POST admin:firms_wave_delete": lambda world: {"post": "yes"},
    "POST admin:firms_wave_add": lambda world: {"name": "New", "flag_at_0": "2026-12-24", "flag_at_1": "09:00:00"},
    "POST admin:migration_migrationrun_changelist#retry": lambda world: {
        "action": "retry", "_selected_action": [world["migration_migrationrun"].pk],
    },
    "POST admin:calendars_sync_changelist#let_through": lambda world: {
        **of_syncs("let_through")(world), "seen": digest([world["calendars_sync"]]),
    },
    "POST admin:calendars_sync_changelist#look_again": of_syncs("look_again"),
    "POST admin:migration_ticket_decide": lambda world: {"turn": world["migration_ticket"].turn, "note": "n", "message": "m"},
    "POST admin:migration_anomaly_decide": lambda world: {"seen": seen(world), "note": "n"},
    "POST admin:migration_anomaly_undo": lambda world: {"seen": seen(world), "note": "n"},
    "POST migration:anomaly_decide": lambda world: {"seen": seen(world)},
    "POST migration:anomaly_undo": lambda world: {"seen": seen(world)},
    "POST migration:ticket": lambda world: {"message": "Please look."},
    "POST account_change_password": lambda world: {"oldpassword": OWN_PASSWORD, **PASSWORD},
    "POST event_delete": event_seen,
    "POST occurrence_delete": event_seen,
    "POST impersonation_begin": lambda world: {"user_pk": world.owner.pk, "reason": REASON},
    "POST impersonation_begin#staff": lambda world: {"user_pk": world["firms_wave"].scheduled_by_id, "reason": REASON},
}  # fmt: skip


def waiting_for_sign_in(world: World) -> None:
    CalendarConnection.objects.update(state="reauth_required")


def without_flag(world: World) -> None:
    Firm.objects.update(flagged_at=None, flagged_by=None)


def failed_run(world: World) -> None:
    CalendarConnection.objects.update(state="migrating")
    MigrationRun.objects.update(state="failed", step="listing")


# Row → what is different from the world.
BEFORE: dict[str, Callable[[World], None]] = {
    "POST migration:sign_in": waiting_for_sign_in,
    "POST admin:firms_firm_set_flag": without_flag,
    "POST admin:firms_firm_changelist#set_flag": without_flag,
    "POST admin:migration_migrationrun_retry": failed_run,
    "POST admin:migration_migrationrun_changelist#retry": failed_run,
}


def address_of(row: Row, world: World) -> str:
    if unnamed := UNNAMED.match(row.name):
        return f"/{row.name}".replace("<path:object_id>", str(world[f"{unnamed[1]}_{unnamed[2]}"].pk))
    if row.name == "admin/(?P<url>.*)$":
        return "/admin/nowhere"
    if row.name in ARGUMENTS:
        return reverse(row.name, args=ARGUMENTS[row.name](world))
    found = OBJECT.match(row.name)
    return reverse(row.name, args=[world[found[1]].pk] if found else [])


def sent(row: Row, world: World) -> dict[str, Any]:
    return SENT.get(str(row), lambda world: {})(world)


def before(row: Row, world: World) -> None:
    BEFORE.get(str(row), lambda world: None)(world)
