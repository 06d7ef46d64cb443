"""The cutoff (R11): after it nothing but Graph and Google syncs, flagged firm or not; moved later, what it disabled goes on."""

from datetime import timedelta

import pytest
import time_machine

from calendars import cutoff, tasks
from calendars.states import OUTLOOK_STATES, Provider, State
from firms.models import AuditEntry
from tests.factories import NOW, ConnectionFactory, FirmFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def cutoff_at(settings):
    settings.SYNC_CUTOFF = NOW
    return NOW


def test_only_the_old_sync_is_disabled_flagged_firm_or_not(cutoff_at):
    plain, flagged = ConnectionFactory(), ConnectionFactory(member__firm=FirmFactory(flagged=True))
    others = [ConnectionFactory(state=state) for state in sorted(OUTLOOK_STATES - {State.OLD_SYNC, State.DISABLED})]
    google = ConnectionFactory(provider=Provider.GOOGLE, state=State.GOOGLE_SYNC)
    with time_machine.travel(cutoff_at - timedelta(seconds=1), tick=False):
        assert tasks.keep_cutoff() == (0, 0)
    with time_machine.travel(cutoff_at, tick=False):
        assert tasks.keep_cutoff() == (2, 0)
        assert tasks.keep_cutoff() == (0, 0)
    for connection in (plain, flagged):
        connection.refresh_from_db()
        assert (connection.state, connection.stopped_at, connection.epoch) == (State.DISABLED, cutoff_at, 1)
    for connection in [*others, google]:
        before = connection.state, connection.epoch
        connection.refresh_from_db()
        assert (connection.state, connection.epoch) == before
    assert AuditEntry.objects.filter(action="connection.cutoff").count() == 2


def test_a_later_cutoff_takes_up_again_what_was_disabled(cutoff_at, settings):
    connection = ConnectionFactory()
    with time_machine.travel(cutoff_at, tick=False):
        tasks.keep_cutoff()
        settings.SYNC_CUTOFF = cutoff_at + timedelta(days=30)
        assert tasks.keep_cutoff() == (0, 1)
    connection.refresh_from_db()
    assert (connection.state, connection.stopped_at) == (State.OLD_SYNC, None)


@pytest.mark.parametrize("state", State)
def test_a_worker_may_sync_the_old_way_only_before_the_instant(state):
    before, at = NOW - timedelta(microseconds=1), NOW
    assert cutoff.old_sync_may_run(state, before, NOW) is (state == State.OLD_SYNC)
    assert cutoff.old_sync_may_run(state, at, NOW) is False
