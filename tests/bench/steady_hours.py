"""`python -m tests.bench.steady_hours STEP …`: what a connection that is in step costs in an hour, in this process.

tables                  an empty database, for the rest to work in copies of it
hours SERVICE EVENTS    the first sync, and hours without and with ten changes

Hours go by without waiting: what the clock and notifications would ask for is asked for, and carried out as a worker does.
Each hour begins without an access token. Only the tasks are measured, not those who edit.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

from tests.bench import steady_member
from tests.bench.usage import Usage
from tests.simulator.client import Control

CHANGES = 10
# An hour in which nothing changes is over quickly, and is taken several times.
TIMES = {"": 3, "there": 1, "here": 1}
# A journal's line that may change something. Graph reads by POST too; EWS always.
WRITES = {
    "create", "change", "delete", "CreateItem", "UpdateItem", "DeleteItem", "events.insert", "events.patch",
    "events.update", "events.delete",
}  # fmt: skip
SIGN_IN = {"token", "discovery", "keys"}
SETTINGS = ("SYNC_POLL_SECONDS", "SYNC_FULL_DAYS", "SUBSCRIPTION_SECONDS", "WATCH_SECONDS")
CONTENT = ("event", "syncedevent", "eventversion", "localchange")


class Hour:
    """`tasks` until nothing is due, measured: requests by kind, statements, rows of events written."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.figures: dict[str, Any] = {"wall": 0.0, "cpu": 0.0, "syncs": 0, "statements": 0, "rows": 0}
        self._requests: Counter[str] = Counter()
        self._since = len(control.journal())

    def work(self) -> None:
        from django.db import connection as database

        from calendars.models import Sync
        from tests import queue

        before = Sync.objects.values_list("pull", flat=True).get()
        with database.execute_wrapper(self._statement), Usage() as usage:
            queue.drain()
        self.figures["wall"] += usage.figures["wall"]
        self.figures["cpu"] += usage.figures["cpu"]
        self.figures["syncs"] += Sync.objects.values_list("pull", flat=True).get() - before

    def end(self) -> dict[str, Any]:
        lines = self.control.journal(self._since)
        asked = [line for line in lines if line["parent"] is None]
        kinds = Counter("sign-in" if line["operation"] in SIGN_IN else line["operation"] for line in asked)
        wrong = [line for line in lines if line["status"] is None or line["status"] >= 400]
        if wrong:
            raise SystemExit(
                f"answers that spoil the figures: {[(line['operation'], line['status']) for line in wrong]}"
            )
        writes = sum(line["operation"] in WRITES for line in lines)
        return {**self.figures, "requests": dict(sorted(kinds.items())), "writes": writes}

    def _statement(self, execute: Callable[..., Any], query: str, params: Any, many: bool, context: Any) -> Any:
        self.figures["statements"] += 1
        done = execute(query, params, many, context)
        words = query.replace('"', " ").casefold().split()
        if words[0] in ("insert", "update", "delete") and any(f"calendars_{name}" in words[:3] for name in CONTENT):
            self.figures["rows"] += max(0, context["cursor"].rowcount)
        return done


class Member:
    """Her connection; `poll` and `told` are what an hour brings."""

    def __init__(self, service: str, events: int) -> None:
        from django.conf import settings

        self.control, self.service = Control(settings.SIMULATOR_URL), service
        steady_member.open_mailbox(self.control, service, events)
        self.connection = steady_member.connect(self.control, service)
        self._turn = 0
        self.first = self._first()
        self.rows = steady_member.singles(self.connection, service)

    def _first(self) -> dict[str, Any]:
        from django.db import transaction

        from calendars.sync import outbox

        hour = Hour(self.control)
        with transaction.atomic():
            outbox.wake(self.connection)
        hour.work()
        return hour.end()

    def hour(self, *, subscribed: bool, changed: str) -> dict[str, Any]:
        """`changed`: ten events "there", "here", or nothing (""), spread over the hour."""
        from django.conf import settings
        from django.utils import timezone

        from calendars.models import Sync

        seconds = settings.SYNC_POLL_SUBSCRIBED_SECONDS if subscribed else settings.SYNC_POLL_SECONDS
        polls = round(3600 / seconds)
        until = timezone.now() + timedelta(days=1) if subscribed else None
        Sync.objects.update(subscription_until=until)
        steady_member.give_token(self.control, self.connection, self.service)
        hour = Hour(self.control)
        for number in range(polls):
            for _ in range(number * CHANGES // polls, (number + 1) * CHANGES // polls) if changed else ():
                self._change(hour, subscribed, changed)
            self._poll(hour)
        return hour.end()

    def _poll(self, hour: Hour) -> None:
        from django.utils import timezone

        from calendars.models import Sync
        from calendars.sync import clock

        Sync.objects.update(next_at=timezone.now())
        if clock.enqueue_due(timezone.now()) != 1:
            raise SystemExit("the clock does not find what is due")
        hour.work()

    def _change(self, hour: Hour, subscribed: bool, changed: str) -> None:
        self._turn += 1
        row, subject = self.rows[self._turn % len(self.rows)], f"Changed {self._turn}"
        if changed == "here":
            steady_member.edit_here(self.connection, row.event_id, subject)
            hour.work()
        else:
            steady_member.edit_there(self.control, row.known_as, subject)
        if subscribed:
            # Also of what we have changed ourselves.
            self._told(row.known_as)
            hour.work()

    def _told(self, known_as: str) -> None:
        """As `calendars.graph.hooks` has believed it."""
        from django_q.tasks import async_task

        heard = {"connection": self.connection.pk, "subscription": "", "ids": [known_as], "lifecycle": []}
        async_task("calendars.graph.tasks.heed", [heard])


def tables() -> dict[str, Any]:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return {}


def hours(service: str, events: str) -> dict[str, Any]:
    from django.conf import settings

    member = Member(service, int(events))
    ways = [False, True] if service == "graph" else [False]
    found = []
    for subscribed in ways:
        for changed, times in TIMES.items():
            some = [member.hour(subscribed=subscribed, changed=changed) for _ in range(times)]
            found.append({"subscribed": subscribed, "changed": changed, **_middle(some)})
    return {
        "service": service, "events": int(events), "first": member.first, "hours": found,
        "settings": {name: getattr(settings, name) for name in SETTINGS},
    }  # fmt: skip


def _middle(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Of equal hours the one with the middle CPU time."""
    return sorted(found, key=lambda one: one["cpu"])[len(found) // 2]


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"tables": tables, "hours": hours}[sys.argv[1]](*sys.argv[2:])))
