"""Members whose old sync the cutoff has ended are told by mail, each once (R11); staff see beforehand whom it concerns."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from calendars import tasks
from calendars.states import Provider, State
from tests.factories import NOW, ConnectionFactory, FirmFactory
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cutoff_at(settings):
    settings.SYNC_CUTOFF = NOW
    with time_machine.travel(NOW, tick=False):
        yield NOW


class FailingOnce(EmailBackend):
    failed = False

    def send_messages(self, messages):
        if not FailingOnce.failed:
            FailingOnce.failed = True
            raise ConnectionRefusedError
        return super().send_messages(messages)


def test_who_was_on_the_old_sync_is_told_once_and_nobody_else():
    old = ConnectionFactory()
    for state in (State.GRAPH_SYNC, State.REAUTH_REQUIRED, State.DISCONNECTED):
        ConnectionFactory(state=state)
    ConnectionFactory(provider=Provider.GOOGLE, state=State.GOOGLE_SYNC)
    ConnectionFactory(member__is_active=False)
    tasks.keep_cutoff()
    assert (tasks.tell_disabled(), tasks.tell_disabled()) == (1, 0)
    assert [sent.to for sent in mail.outbox] == [[old.member.email]]
    text = mail.outbox[0].body
    assert old.account in text
    assert "November 23, 2026" in text
    assert "\n\n\n" not in text


def test_the_next_time_it_happens_the_member_is_told_again(settings):
    ConnectionFactory()
    tasks.keep_cutoff()
    tasks.tell_disabled()
    settings.SYNC_CUTOFF = NOW + timedelta(days=1)
    tasks.keep_cutoff()
    assert tasks.tell_disabled() == 0
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        tasks.keep_cutoff()
        assert tasks.tell_disabled() == 1
    assert len(mail.outbox) == 2


def test_a_mail_server_that_fails_loses_nobody(settings):
    FailingOnce.failed = False
    settings.EMAIL_BACKEND = f"{__name__}.FailingOnce"
    connections = ConnectionFactory.create_batch(3)
    tasks.keep_cutoff()
    assert (tasks.tell_disabled(), mail.outbox) == (0, [])
    assert tasks.tell_disabled() == 3
    assert sorted(sent.to[0] for sent in mail.outbox) == sorted(one.member.email for one in connections)


def test_an_address_no_mail_can_go_to_keeps_nobody_else_waiting():
    broken = ConnectionFactory(member__email="a\nb@harperwolfe.example")
    fine = ConnectionFactory()
    tasks.keep_cutoff()
    assert tasks.tell_disabled() == 1
    assert [sent.to for sent in mail.outbox] == [[fine.member.email]]
    assert tasks.tell_disabled() == 0, broken


def test_staff_see_what_the_cutoff_would_do_firm_by_firm(settings, django_assert_num_queries):
    settings.SYNC_CUTOFF = NOW + timedelta(days=128)
    firm = FirmFactory(name="Harper & Wolfe LLP", flagged=True)
    ConnectionFactory.create_batch(3, member__firm=firm)
    ConnectionFactory(member__firm__name="Quill Partners")
    ConnectionFactory(state=State.GRAPH_SYNC)
    ConnectionFactory(provider=Provider.GOOGLE, state=State.GOOGLE_SYNC)
    client = client_of(staff_of("Rollout"))
    page = client.get("/admin/calendars/calendarconnection/cutoff/").content.decode()
    assert "in 128 days" in page
    assert "<strong>4</strong> members on the old Outlook sync would be disabled" in page
    assert "<strong>1</strong> on Google Calendar: never affected" in page
    assert page.index("Harper &amp; Wolfe LLP") < page.index("Quill Partners")
    ConnectionFactory.create_batch(20)
    with django_assert_num_queries(7):
        client.get("/admin/calendars/calendarconnection/cutoff/")


def test_only_staff_who_may_see_connections_see_it(client):
    path = "/admin/calendars/calendarconnection/cutoff/"
    assert client.get(path).status_code == 302
    member = ConnectionFactory().member
    assert client_of(member).get(path, follow=True).status_code == 403
