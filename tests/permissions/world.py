"""One member with everything a member can have, the people around her, and the addresses of what is hers."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django_q.models import Failure, OrmQ, Schedule, Success

from calendars.models import Grant, Sync
from calendars.states import State
from firms.models import AuditEntry, User, Wave
from migration.models import AddressChange, AnomalyDecision, ConsentRequest, SignInAttempt
from tests.factories import (
    NOW,
    ConnectionFactory,
    EventFactory,
    FirmFactory,
    MemberFactory,
    StaffFactory,
    SyncedEventFactory,
)
from tests.migration.anomaly_steps import MOVED, anomaly, decide, held_for
from tests.migration.report_rows import run_of
from tests.migration.ticket_steps import mismatch
from tests.staff import client_of, staff_of

REASON = "She asks what she sees."


@dataclass
class World:
    owner: User
    # Of each model that the admin shows, one row; hers where it is anybody's.
    rows: dict[str, Model] = field(default_factory=dict)

    def browser(self, role: str) -> Client:
        """Of whoever has the role; logged in long ago."""
        if role == "anonymous":
            return Client()
        browser = client_of(self._people()[role]())
        if role == "as_owner":
            begun = browser.post(reverse("impersonation_begin"), {"user_pk": self.owner.pk, "reason": REASON})
            assert begun.status_code == 302
        return browser

    def _people(self) -> dict[str, Any]:
        firm = self.owner.firm
        return {
            "owner": lambda: self.owner,
            "same_firm": lambda: MemberFactory(firm=firm),
            "other_firm": lambda: MemberFactory(),
            "firm_admin": lambda: MemberFactory(firm=firm, role="administrator"),
            "rollout": lambda: staff_of("Rollout"),
            "support": lambda: staff_of("Support"),
            "superuser": lambda: StaffFactory(is_superuser=True),
            "as_owner": lambda: staff_of("Support"),
        }

    def add(self, *rows: Model) -> None:
        self.rows |= {f"{row._meta.app_label}_{row._meta.model_name}": row for row in rows}

    def __getitem__(self, model: str) -> Any:
        return self.rows[model]


def build() -> World:
    owner = MemberFactory(name="Ada Byron", firm=FirmFactory(flagged=True))
    connection = ConnectionFactory(member=owner, state=State.GRAPH_SYNC, migrated_at=NOW)
    world, run = World(owner), run_of(connection)
    one = anomaly(MOVED, run=run)
    decide(client_of(owner), one, "copy")
    series = EventFactory(member=owner, rrule="FREQ=WEEKLY;COUNT=5")
    synced = SyncedEventFactory(connection=connection, event=series, link="linked", appointment_id="A-series")
    ticket = mismatch(connection, now=NOW)
    wave = Wave.objects.create(name="First", flag_at=NOW + timedelta(days=3), scheduled_by=StaffFactory())
    world.add(
        owner, owner.firm, connection, run, synced, ticket, wave, one, held_for(one).first(), series,
        AnomalyDecision.objects.get(anomaly=one), one.outcome_ptr if hasattr(one, "outcome_ptr") else one,
        SignInAttempt.objects.get(connection=connection), AuditEntry.objects.latest("pk"),
        Grant.objects.create(connection=connection, service="graph", secret=b"secret"),
        Sync.objects.update_or_create(connection=connection, defaults={"refused": {"gone": 12, "of": 20}})[0],
        ConsentRequest.objects.create(firm=owner.firm, asked_at=NOW),
        AddressChange.objects.create(
            firm=owner.firm, connection=connection, kind="same_mailbox", old_address=connection.account,
            new_address="ada@new.example", approved_by=StaffFactory(), approved_at=NOW, until=NOW + timedelta(days=1),
        ),
        Group.objects.get(name="Rollout"), Schedule.objects.first(), OrmQ.objects.create(key="q", payload="x"),
        Success.objects.create(id="s" * 32, name="s", func="f", started=NOW, stopped=NOW, success=True),
        Failure.objects.create(id="f" * 32, name="f", func="f", started=NOW, stopped=NOW, success=False),
    )  # fmt: skip
    world.rows["migration_outcome"] = world.rows["migration_anomaly"]
    return world
