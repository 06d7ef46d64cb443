"""The state tokens of delta: all that a round needs, in a text that clients hand back unread.

A token holds a window, marks (revisions of the mailbox) and its age, so nothing is kept for it here. It says nothing of
the format of ids: the same link goes on with either.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import astuple, dataclass, replace
from typing import Self

from tests.simulator import ids

_SIGNATURE = 32


class BadToken(ValueError):
    """No token of ours."""


@dataclass(frozen=True)
class State:
    """Where a client stands: in a round (``nextLink``), or between two (``deltaLink``).

    A round brings what changed after ``since`` up to ``upto``; ``before`` is the ``since`` of the round before it.
    ``turn`` and ``done`` say how far it has come: the revision last told, in the first or (``double``) second telling.
    """

    calendar: str
    first: dt.datetime
    last: dt.datetime
    generation: int
    issued: dt.datetime
    since: int
    before: int
    upto: int
    started: bool = False
    turn: int = 0
    done: int = 0
    replays: bool = False

    @property
    def full(self) -> bool:
        """Does the round bring everything, and nothing that is gone? One that repeats such a round does tell what has
        gone since: a client that knows the calendar is not left to find out by itself."""
        return self.since == 0 and not self.replays

    def ended(self) -> State:
        """Between this round and the next."""
        return replace(self, before=self.since, since=self.upto, started=False, turn=0, done=0, replays=False)

    def token(self, seed: str, issued: dt.datetime) -> str:
        values = [
            one.isoformat() if isinstance(one, dt.datetime) else one for one in astuple(replace(self, issued=issued))
        ]
        text = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
        return f"{text}.{_sign(seed, text)}"

    @classmethod
    def read(cls, token: str, seed: str) -> Self:
        """The state behind a token; raises :class:`BadToken`."""
        text, _, signature = token.partition(".")
        if signature != _sign(seed, text):
            raise BadToken(token)
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        for position in (1, 2, 4):
            values[position] = dt.datetime.fromisoformat(values[position])
        return cls(*values)


def _sign(seed: str, text: str) -> str:
    return ids.digest(seed, "state", text).hex()[:_SIGNATURE]
