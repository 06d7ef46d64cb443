"""The simulator from a test or a demo: start it in this process, steer it over HTTP."""

from __future__ import annotations

import json
import threading
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import requests

from tests.simulator.frame import Simulation
from tests.simulator.server import Server, serve_in_thread


class Refused(Exception):
    """The simulator did not do what ``/_sim/`` was asked; ``status`` and the reason it gave."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status, self.reason = status, reason


class Control:
    """The calls of ``/_sim/`` of a simulator at ``url``, wherever it runs. Each raises :class:`Refused`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        """One call below ``/_sim/``."""
        answer = self._session.request(method, f"{self.url}/_sim/{path}", json=body, timeout=120)
        if answer.status_code >= 400:
            try:
                reason = str(answer.json()["error"])
            except (ValueError, KeyError):
                reason = answer.text
            raise Refused(answer.status_code, reason)
        return answer

    def reset(self, seed: str | int | None = None, now: str | None = None) -> str:
        """Empty the world; the time it is then. The same ``seed`` gives the same ids."""
        body = {key: value for key, value in (("seed", seed), ("now", now)) if value is not None}
        return str(self.call("POST", "reset", body).json()["now"])

    def clock(self, advance: float | None = None) -> str:
        """The simulated time, after moving it on by so many seconds."""
        method, body = ("GET", None) if advance is None else ("POST", {"advance": advance})
        return str(self.call(method, "clock", body).json()["now"])

    def tenant(self, tid: str, consent: str = "user", ews: str = "on") -> dict[str, Any]:
        """Set who may consent in a tenant ("user", "admin") and whether EWS is let in ("on", "blocked")."""
        found: dict[str, Any] = self.call("POST", "tenants", {"tid": tid, "consent": consent, "ews": ews}).json()
        return found

    def mailbox(self, address: str, **fields: Any) -> dict[str, Any]:
        """Make (or replace) a mailbox; the fields are those of ``POST /_sim/mailboxes``. The account without events."""
        found: dict[str, Any] = self.call("POST", "mailboxes", {"address": address, **fields}).json()
        return found

    def get_mailbox(self, address: str) -> dict[str, Any]:
        """Everything in a mailbox: ``calendars`` with their ``events``, ``deleted``; each with ref and all ids."""
        found: dict[str, Any] = self.call("GET", f"mailboxes/{quote(address, safe='')}").json()
        return found

    def edit(self, address: str, ref: str | None, op: str, **fields: Any) -> dict[str, Any]:
        """Change something as the owner in Outlook; the event as it is then. Without ``ref`` say which by ``id``."""
        body = {"op": op, **({"ref": ref} if ref else {}), **fields}
        found: dict[str, Any] = self.call("POST", f"mailboxes/{quote(address, safe='')}/edit", body).json()
        return found

    def delta(self, address: str, **traps: Any) -> dict[str, Any]:
        """Set what delta brings beside the truth (see traps.py); ``lose="SyncStateNotFound"`` loses all links."""
        found: dict[str, Any] = self.call("POST", "delta", {"address": address, **traps}).json()
        return found

    def subscriptions(self, address: str | None = None) -> list[dict[str, Any]]:
        """The active subscriptions as Graph shows them, each with ``mailbox`` and ``paused``."""
        where = f"?address={quote(address, safe='')}" if address else ""
        found: list[dict[str, Any]] = self.call("GET", f"subscriptions{where}").json()
        return found

    def lifecycle(self, address: str, event: str, subscription: str | None = None) -> list[str]:
        """Send "reauthorizationRequired", "subscriptionRemoved" or "missed" for one or all subscriptions of a mailbox."""
        body = {"address": address, "event": event, "subscription": subscription}
        found: list[str] = self.call("POST", "lifecycle", body).json()
        return found

    def notifications(self, **settings: Any) -> dict[str, Any]:
        """Set ``deliver``, ``delay``, ``copies``, ``reverse`` (see delivery.py); these, ``waiting`` and ``posting``."""
        method, body = ("POST", settings) if settings else ("GET", None)
        found: dict[str, Any] = self.call(method, "notifications", body).json()
        return found

    def deliveries(self) -> list[dict[str, Any]]:
        """The requests that brought notices: ``at, url, kind, attempt, copy, status, error, ok, seconds, value``."""
        found: list[dict[str, Any]] = self.call("GET", "deliveries").json()
        return found

    def token(
        self, address: str, service: str | None = None, expires_in: int | None = None, scope: str | None = None
    ) -> dict[str, Any]:
        """Tokens without a sign-in: ``access_token``, ``refresh_token``, ``expires_in``, ``scope``."""
        fields = {"address": address, "service": service, "expires_in": expires_in, "scope": scope}
        body = {key: value for key, value in fields.items() if value is not None}
        found: dict[str, Any] = self.call("POST", "tokens", body).json()
        return found

    def channels(self, address: str | None = None) -> list[dict[str, Any]]:
        """Google's active push channels: ``id``, ``mailbox``, ``calendar``, ``resourceId``, ``address``, ``messages``."""
        query = f"?address={quote(address, safe='')}" if address else ""
        found: list[dict[str, Any]] = self.call("GET", f"channels{query}").json()
        return found

    def fault(self, **rule: Any) -> str:
        """Put a rule in force (see faults.py); its id."""
        return str(self.call("POST", "faults", rule).json()["id"])

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force, each with ``met``, ``applied`` and ``holding`` (requests it holds right now)."""
        found: list[dict[str, Any]] = self.call("GET", "faults").json()
        return found

    def clear_faults(self) -> None:
        """Drop all rules and let everybody go on."""
        self.call("DELETE", "faults")

    def release(self, fault_id: str) -> None:
        """Let those go on that a rule with ``hold`` holds; it holds nobody any more."""
        self.call("POST", f"release/{fault_id}")

    def journal(self, since: int = 0) -> list[dict[str, Any]]:
        """The requests answered after line ``since``."""
        return [json.loads(line) for line in self.call("GET", f"journal?since={since}").text.splitlines()]

    def outbox(self) -> list[dict[str, Any]]:
        """The mails that Outlook would have sent: ``at``, ``mailbox``, ``kind``, ``subject``, ``to``, ``event``."""
        found: list[dict[str, Any]] = self.call("GET", "outbox").json()
        return found

    def close(self) -> None:
        self._session.close()


class Simulator(Control):
    """A simulator in a thread of this process. ``with Simulator.start() as simulator: simulator.url``."""

    def __init__(self, server: Server, thread: threading.Thread) -> None:
        super().__init__(server.url)
        self._server, self._thread = server, thread

    @classmethod
    def start(cls, port: int = 0, latency: float = 0, page_cap: int = 1000) -> Self:
        """Start one; ``latency`` in milliseconds. Raises OSError where the port is taken."""
        server = Server(port, Simulation(latency, page_cap))
        return cls(server, serve_in_thread(server))

    def stop(self) -> None:
        """Stop listening, and let go on whoever is held."""
        self._server.simulation.faults.clear()
        self._server.simulation.world.deliveries.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
