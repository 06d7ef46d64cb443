"""An anomaly with candidates, and what a person presses on its pages."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from calendars.models import CalendarConnection, HeldAppointment, LocalChange, SyncedEvent
from migration.models import Anomaly, AnomalyDecision, MigrationRun
from tests.migration.report_rows import not_found, run_of

ACTS = ("link", "keep", "copy", "delete")
# Of the event that `anomaly` makes, Dec 1, 2026, 9:00 to 10:00 in New York.
SAME = {"subject": "Hearing", "start": "2026-12-01T14:00:00+00:00", "end": "2026-12-01T15:00:00+00:00"}
MOVED = SAME | {"start": "2026-12-02T14:00:00+00:00", "end": "2026-12-02T15:00:00+00:00", "location": "Court 3"}


def anomaly(*shown: dict[str, Any], run: MigrationRun | None = None, **event: Any) -> Anomaly:
    """`shown`: what each candidate shows."""
    outcome = not_found(run or run_of(), *shown, **{"event__subject": "Hearing", **event})
    SyncedEvent.objects.filter(pk=outcome.synced_event_id).update(link="anomaly", appointment_id=None)
    return Anomaly.objects.get(pk=outcome.pk)


def anomaly_about(row: SyncedEvent, run: MigrationRun) -> Anomaly:
    return Anomaly.objects.create(run=run, synced_event=row, outcome="anomaly", reason="not_found")


def connection_of(one: Anomaly) -> CalendarConnection:
    return one.run.connection


def page_of(one: Anomaly, admin: bool = False) -> str:
    return f"/admin/migration/anomaly/{one.pk}/change/" if admin else f"/move/anomalies/{one.pk}/"


def address_of(one: Anomaly, act: str, admin: bool = False) -> str:
    """`act`, or "undo" for the newest decision."""
    top = f"/admin/migration/anomaly/{one.pk}/" if admin else f"/move/anomalies/{one.pk}/"
    if act == "undo":
        return f"{top}undo/{AnomalyDecision.objects.filter(anomaly=one).latest('pk').pk}/"
    return f"{top}decide/{act}/"


def ask(browser: Client, one: Anomaly, act: str, held: HeldAppointment | None = None, admin: bool = False) -> Any:
    held = held or held_for(one).first()
    query = {"candidate": held.pk} if act == "link" and held else {}
    return browser.get(address_of(one, act, admin), query)


def decide(
    browser: Client, one: Anomaly, act: str, held: HeldAppointment | None = None, admin: bool = False, **fields: Any
) -> HttpResponse:
    """Opens the page that asks, and presses its button; the answer that asks where there is no button."""
    page = ask(browser, one, act, held, admin)
    if page.status_code != 200:
        return page
    given = dict(re.findall(r'<input type="hidden" name="(seen|candidate)" value="([^"]*)"', page.content.decode()))
    note = {"note": "The member has asked for it."} if admin else {}
    return browser.post(address_of(one, act, admin), given | note | fields)


def held_for(one: Anomaly):
    return HeldAppointment.objects.filter(synced_event=one.synced_event_id).order_by("pk")


def synced(one: Anomaly) -> SyncedEvent:
    return SyncedEvent.objects.get(pk=one.synced_event_id)


def told(connection: CalendarConnection) -> set[tuple[str, str]]:
    """What the sync will have to tell: each event's uid, and what it would do there."""

    def would(change: LocalChange) -> str:
        if change.synced_event is None:
            return "create" if change.event else "forget"
        return "compare" if change.event else "delete"

    changes = LocalChange.objects.filter(connection=connection).select_related("synced_event", "event")
    return {(change.uid, would(change)) for change in changes}
