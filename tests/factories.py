"""Rows for tests, each valid by itself. Times are fixed in the weeks before the cutoff."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from calendars.models import CalendarConnection, Event, SyncedEvent
from calendars.states import Provider, State
from firms.models import Firm, User

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


class FirmFactory(DjangoModelFactory):
    class Meta:
        model = Firm
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"firm-{n}")
    name = factory.Sequence(lambda n: f"Firm {n} LLP")

    @factory.post_generation
    def flagged(firm, create, extracted, **kwargs):
        """`FirmFactory(flagged=True)`, or `flagged=<user>` to name who did it."""
        if extracted:
            author = extracted if isinstance(extracted, User) else StaffFactory()
            firm.flagged_at, firm.flagged_by = NOW, author
            firm.save()


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"member{n}@lawfirm.example")
    name = factory.Sequence(lambda n: f"Member {n}")
    time_zone = "America/New_York"
    password = factory.django.Password(PASSWORD)


class MemberFactory(UserFactory):
    firm = factory.SubFactory(FirmFactory)


class StaffFactory(UserFactory):
    email = factory.Sequence(lambda n: f"staff{n}@caretsync.example")
    is_staff = True


class ConnectionFactory(DjangoModelFactory):
    class Meta:
        model = CalendarConnection

    member = factory.SubFactory(MemberFactory)
    provider = Provider.OUTLOOK
    account = factory.LazyAttribute(lambda row: row.member.email)
    calendar_name = "Calendar"
    state = State.OLD_SYNC
    state_since = NOW


class EventFactory(DjangoModelFactory):
    class Meta:
        model = Event

    member = factory.SubFactory(MemberFactory)
    uid = factory.Sequence(lambda n: f"uid-{n}")
    subject = factory.Sequence(lambda n: f"Hearing {n}")
    start = "2026-12-01T09:00:00"
    end = "2026-12-01T10:00:00"
    time_zone = "America/New_York"
    starts_at = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
    ends_at = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
    modified_at = NOW


class SyncedEventFactory(DjangoModelFactory):
    class Meta:
        model = SyncedEvent

    connection = factory.SubFactory(ConnectionFactory)
    event = factory.SubFactory(EventFactory, member=factory.SelfAttribute("..connection.member"))
    uid = factory.SelfAttribute("event.uid")
    ews_id = factory.Sequence(lambda n: f"AAMkOld{n}==")
    subject = factory.SelfAttribute("event.subject")
    start = factory.SelfAttribute("event.start")
    end = factory.SelfAttribute("event.end")
    time_zone = factory.SelfAttribute("event.time_zone")
    starts_at = factory.SelfAttribute("event.starts_at")
    ends_at = factory.SelfAttribute("event.ends_at")
