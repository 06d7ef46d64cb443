"""Microsoft takes the grant back while Ada's calendar moves: the run waits, she is asked again, and it goes on where it was.

Told over HTTP, from the login to the report.
"""

from pathlib import Path
from typing import Any

import pytest
import time_machine

from calendars.models import SyncedEvent
from calendars.states import State
from firms.models import User
from migration import tasks
from migration.models import MigrationRun
from tests import queue, sample
from tests.factories import NOW, FirmFactory
from tests.flows.steps import log_in, pick, press_the_button
from tests.migration import moving
from tests.migration.sign_in_steps import page
from tests.simulator.client import Simulator

pytestmark = pytest.mark.django_db
REFUSED = {"error": "invalid_grant", "error_description": "AADSTS50173: revoked", "error_codes": [50173]}


def first_pages(simulator: Simulator) -> int:
    return len([line for line in simulator.journal() if line["operation"] == "list" and "$skip" not in line["query"]])


@pytest.mark.usefixtures("no_daily_sync")
def test_a_grant_that_is_lost_half_way_is_asked_for_again_and_nothing_is_done_twice(
    simulator: Simulator, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calendars.graph.client.PAGE", 10)
    settings.TASK_SECONDS = 0
    made = sample.calendar(40)
    with time_machine.travel(NOW, tick=True):
        moving.mailbox(simulator, made.events)
        connection = moving.connection_with(made, tmp_path, member__firm=FirmFactory(flagged=True))
        member = User.objects.get(pk=connection.member_id)
        client, prompt = log_in(member)
        client.get(pick(press_the_button(client, prompt), moving.ADDRESS), follow=True)
        run = MigrationRun.objects.get()
        for turn in range(3):
            tasks.advance_run(run.pk, turn)
        run.refresh_from_db()
        assert run.state == "listing" and run.listed > 0

        # In the middle of the listing Microsoft refuses token and grant.
        simulator.fault(path="/v1.0/", status=401)
        simulator.fault(path="/token", status=400, body=REFUSED)
        listed = run.listed
        queue.drain()
        run.refresh_from_db()
        assert (run.state, run.wait_reason, run.wait_until, run.listed) == ("waiting", "grant", None, listed)
        assert tasks.sweep_runs() == 0, "nothing goes on by itself"
        simulator.clear_faults()

        # At her next login she meets the prompt, and signs in once more.
        client, prompt = log_in(member)
        assert prompt.redirect_chain[-1][0].startswith("/move/")
        assert "sign in" in page(prompt).casefold()
        client.get(pick(press_the_button(client, prompt), moving.ADDRESS), follow=True)
        assert MigrationRun.objects.get() == run, "the same run"
        queue.drain()
        run.refresh_from_db()
        connection.refresh_from_db()
        assert (run.state, connection.state) == (MigrationRun.State.DONE, State.GRAPH_SYNC)
        assert run.by_id == run.total == 40
        assert first_pages(simulator) == 1, "it went on where it was"
        names = moving.refs(simulator)
        linked = SyncedEvent.objects.values_list("uid", "appointment_id")
        assert {uid: names[one] for uid, one in linked} == made.truth
        assert "40" in page(client.get(f"/move/runs/{run.pk}/report/"))
        _, dashboard = log_in(member)
        assert dashboard.redirect_chain[-1][0] == "/"
