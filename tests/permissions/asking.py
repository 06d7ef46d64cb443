"""One request of one role, its answer and whether it wrote anything; whatever it did is undone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.test import Client

from tests.permissions.addresses import address_of, before, sent
from tests.permissions.table import Row
from tests.permissions.world import World

WRITES = ("INSERT", "UPDATE", "DELETE")
# What any request may write.
SESSION = '"django_session"'


@dataclass
class Recorder:
    writes: list[str] = field(default_factory=list)

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith(WRITES) and SESSION not in sql:
            self.writes.append(sql[:100])
        return execute(sql, *args)


class _Undo(Exception):
    pass


def ask(browser: Client, row: Row, world: World) -> str:
    """The cell of the table that the answer would fill."""
    own, recorder = Client(), Recorder()
    own.cookies.update(browser.cookies)
    try:
        with transaction.atomic():
            before(row, world)
            address, what = address_of(row, world), sent(row, world)
            with connection.execute_wrapper(recorder):
                answer = own.get(address, what) if row.method == "GET" else own.post(address, what)
                if answer.streaming:
                    answer.getvalue()
            raise _Undo
    except _Undo:
        return _status(answer) + ("+" if recorder.writes else "")


def _status(answer: Any) -> str:
    if answer.status_code == 302 and answer["Location"].split("?")[0].endswith("/login/"):
        return "login"
    return str(answer.status_code)
