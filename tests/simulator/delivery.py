"""Notices on their way to the addresses that subscribed: one thread, at least once, in no promised order.

What is not answered with 2xx within three seconds is posted again, after pauses that double up to ten minutes, for four
hours of the simulated time; then it is dropped, and a ``missed`` goes to the subscription's lifecycle address.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus

import requests

from tests.simulator.subscriptions import Subscription

ANSWER_WITHIN = 3.0
HANDSHAKE_WITHIN = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 5, 600
GIVE_UP = dt.timedelta(hours=4)
MODES = ("on", "hold", "off")


@dataclass(frozen=True)
class Settings:
    """``deliver``: "on", "hold" (all waits until it is on again) or "off" (what is due is lost, and nobody is told).

    ``delay`` seconds of the simulated time lie between a change and its notice, which comes ``copies`` times, each in a
    request of its own; with ``reverse`` those that go together stand in it latest first.
    """

    deliver: str = "on"
    delay: float = 0
    copies: int = 1
    reverse: bool = False


@dataclass(eq=False)
class Notice:
    """One line of a notification on its way. ``kind`` is "change", "lifecycle" or "channel".

    Google's, of a channel, have ``headers`` that say everything: what is posted is empty, ``body`` is for the log.
    """

    kind: str
    url: str
    body: dict[str, Any]
    subscription: Subscription | None
    due: dt.datetime
    give_up: dt.datetime
    copy: int = 0
    headers: dict[str, str] | None = None
    attempts: int = 0


def handshake(url: str, token: str) -> str | None:
    """Ask an address whether it wants notifications; what is wrong with its answer, None where it is right."""
    joint = "&" if "?" in url else "?"
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        answer = _post(f"{url}{joint}validationToken={quote_plus(token)}", b"", headers, HANDSHAKE_WITHIN)
    except TimeoutError:
        return "Subscription validation request timed out."
    except requests.RequestException:
        return "Subscription validation request failed. The notification endpoint could not be reached."
    if answer.status_code != 200:
        return (
            "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation"
            " request."
        )
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "text/plain" or answer.content != token.encode():
        return (
            "Subscription validation request failed. Response must exactly match validationToken query parameter, as"
            " text/plain."
        )
    return None


def _post(url: str, body: bytes | dict[str, Any], headers: dict[str, str], within: float) -> requests.Response:
    """Raises TimeoutError, also for an answer that came whole but late, and requests.RequestException."""
    begun = time.monotonic()
    with requests.Session() as session:
        session.trust_env = False
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        try:
            answer = session.post(url, headers=headers, timeout=within, allow_redirects=False, **sent)
        except requests.Timeout as error:
            raise TimeoutError from error
    if time.monotonic() - begun > within:
        raise TimeoutError
    return answer


@dataclass
class Deliveries:
    """The notices that wait, and what became of those that went. ``now`` is the simulated time."""

    now: Callable[[], dt.datetime]
    settings: Settings = field(default_factory=Settings)
    log: list[dict[str, Any]] = field(default_factory=list)
    _waiting: list[Notice] = field(default_factory=list)
    _posting: list[Notice] = field(default_factory=list)
    _thread: threading.Thread | None = None
    _stopped: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(
        self,
        kind: str,
        url: str | None,
        body: dict[str, Any],
        subscription: Subscription | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Send a notice, if it has an address."""
        if url is None:
            return
        with self._changed:
            due = self.now() + dt.timedelta(seconds=self.settings.delay)
            for copy in range(self.settings.copies):
                self._waiting.append(Notice(kind, url, body, subscription, due, due + GIVE_UP, copy, headers))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="notifications")
                self._thread.start()
            self._changed.notify_all()

    def set(self, **wanted: Any) -> None:
        with self._changed:
            self.settings = replace(self.settings, **wanted)
            self._changed.notify_all()

    def wake(self) -> None:
        """The clock has moved on."""
        with self._changed:
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget everything."""
        with self._changed:
            self.settings = Settings()
            self.log = []
            self._waiting = []
            self._posting = []

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(ANSWER_WITHIN + 1)

    def state(self) -> dict[str, Any]:
        """The settings, with how many notices wait and how many are under way right now."""
        with self._changed:
            return {**asdict(self.settings), "waiting": len(self._waiting), "posting": len(self._posting)}

    def sent(self) -> list[dict[str, Any]]:
        with self._changed:
            return list(self.log)

    def _run(self) -> None:
        while (notices := self._next()) is not None:
            line = self._send(notices)
            with self._changed:
                if self._posting is not notices:
                    continue  # The world they belong to is no more.
                self.log.append(line)
                self._posting = []
                if not line["ok"]:
                    self._again(notices)

    def _next(self) -> list[Notice] | None:
        """Those that go in the next request; waits for them. None when it is over."""
        with self._changed:
            while not self._stopped:
                due = self._due()
                if due:
                    first = due[0]
                    together = [first] if first.headers else [
                        one for one in due if (one.kind, one.url, one.copy) == (first.kind, first.url, first.copy)
                    ]  # fmt: skip
                    self._waiting = [one for one in self._waiting if one not in together]
                    self._posting = together[::-1] if self.settings.reverse else together
                    return self._posting
                self._changed.wait(self._pause())
        return None

    def _due(self) -> list[Notice]:
        if self.settings.deliver == "hold":
            return []
        due = [one for one in self._waiting if one.due <= self.now()]
        if self.settings.deliver == "off" and due:
            self._waiting = [one for one in self._waiting if one not in due]
            return []
        return due

    def _pause(self) -> float | None:
        if self.settings.deliver == "hold" or not self._waiting:
            return None
        return max(0.0, (min(one.due for one in self._waiting) - self.now()).total_seconds())

    def _send(self, notices: list[Notice]) -> dict[str, Any]:
        """One request; its line in the log."""
        first = notices[0]
        at, begun = self.now(), time.monotonic()
        status, error = None, None
        try:
            headers = first.headers or {"Content-Type": "application/json; charset=utf-8"}
            body = b"" if first.headers else {"value": [one.body for one in notices]}
            status = _post(first.url, body, headers, ANSWER_WITHIN).status_code
        except TimeoutError:
            error = "no answer in time"
        except requests.RequestException as problem:
            error = type(problem).__name__
        return {
            "at": at.isoformat(), "url": first.url, "kind": first.kind, "attempt": first.attempts + 1, "copy": first.copy,
            "status": status, "error": error, "ok": status is not None and 200 <= status < 300,
            "seconds": round(time.monotonic() - begun, 3),
            "value": [{key: held for key, held in one.body.items() if key != "clientState"} for one in notices],
        }  # fmt: skip

    def _again(self, notices: list[Notice]) -> None:
        now = self.now()
        for one in notices:
            pause = min(FIRST_PAUSE * 2**one.attempts, LONGEST_PAUSE)
            one.attempts += 1
            one.due = now + dt.timedelta(seconds=pause)
            if one.due <= one.give_up:
                self._waiting.append(one)
            elif one.kind == "change" and one.subscription is not None:
                missed = one.subscription.lifecycle_notice("missed")
                self.put("lifecycle", one.subscription.lifecycle_url, missed, one.subscription)
