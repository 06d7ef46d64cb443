"""The state of the simulated world: clock, tenants, mailboxes, tokens. One lock guards all of it.

Handlers take ``world.lock`` for as long as they read or change; nobody waits (latency, holds, the network) under it.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.simulator import ids
from tests.simulator.channels import Channel, Channels
from tests.simulator.delivery import Deliveries
from tests.simulator.events import Event
from tests.simulator.mailbox import Calendar, Mailbox
from tests.simulator.subscriptions import Subscription, Subscriptions

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
WINDOW = 600  # seconds in which a mailbox may make REQUESTS_PER_WINDOW requests
REQUESTS_PER_WINDOW = 10_000
SCOPES = {
    "graph": "openid profile offline_access User.Read Calendars.ReadWrite",
    "ews": "offline_access https://outlook.office365.com/EWS.AccessAsUser.All",
    "google": "https://www.googleapis.com/auth/calendar",
}


@dataclass
class Tenant:
    """A directory: who may consent, and whether EWS is still let in."""

    tid: str
    consent: str = "user"
    ews: str = "on"


@dataclass
class AccessToken:
    mailbox_address: str
    scope: str
    expires_at: dt.datetime


@dataclass
class RefreshToken:
    mailbox_address: str
    scope: str
    client_id: str
    issued_at: dt.datetime
    revoked: bool = False


@dataclass
class Mail:
    """A mail that Outlook would have sent."""

    at: str
    mailbox: str
    kind: str
    subject: str
    to: list[str]
    event: dict[str, Any] = field(default_factory=dict)


class World:
    """Everything the services know. The same seed gives the same ids and tokens, in the order they are made."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.deliveries = Deliveries(self.now)
        self._generations = 0  # never starts anew: no sync state outlives a reset
        self.reset()

    def reset(self, seed: str = "1", now: dt.datetime | None = None) -> None:
        """Empty the world. With ``now`` (aware) the clock starts there; it runs on either way."""
        with self.lock:
            self.seed = seed
            self._offset = dt.timedelta() if now is None else now - dt.datetime.now(dt.UTC)
            self.started = self.now()
            self.tenants: dict[str, Tenant] = {}
            self.mailboxes: dict[str, Mailbox] = {}
            self.codes: dict[str, dict[str, Any]] = {}
            self.access_tokens: dict[str, AccessToken] = {}
            self.refresh_tokens: dict[str, RefreshToken] = {}
            # What each account has ever let the application do: it outlives the token it came with.
            self.consents: dict[str, set[str]] = {}
            self.outbox: list[Mail] = []
            self.subscriptions = Subscriptions()
            self.channels = Channels()
            self.deliveries.clear()
            self._tokens_made = 0
            self._aliases: dict[str, Mailbox] = {}
            self._requests: dict[str, deque[dt.datetime]] = {}

    def now(self) -> dt.datetime:
        """The simulated time, aware, UTC."""
        return dt.datetime.now(dt.UTC) + self._offset

    def advance(self, seconds: float) -> None:
        with self.lock:
            self._offset += dt.timedelta(seconds=seconds)
        self.deliveries.wake()

    def add_mailbox(self, mailbox: Mailbox) -> None:
        """Put a mailbox in the place of whatever had its address, and its tenant where there is none."""
        with self.lock:
            self.lose_sync_states(mailbox)
            mailbox.watch = self._tell
            self.mailboxes[mailbox.address.casefold()] = mailbox
            self.tenants.setdefault(mailbox.tid, Tenant(mailbox.tid))
            self._aliases = {}
            for known in self.mailboxes.values():
                for name in known.names():
                    self._aliases.setdefault(name.casefold(), known)

    def _tell(self, change: str, event: Event, calendar: Calendar) -> None:
        """Notify whoever subscribed to the changes of a calendar."""
        for one in self.subscriptions.covering(change, calendar, self.now()):
            self.deliveries.put("change", one.url, one.change_notice(change, event), one)
        for channel in self.channels.covering(calendar, self.now()):
            self.message(channel, "exists")

    def message(self, channel: Channel, state: str) -> None:
        """Tell a channel of Google's that something is there to be read."""
        headers = channel.headers(state)
        about = {"channel": channel.id, "state": state, "number": channel.number}
        self.deliveries.put("channel", channel.url, about, headers=headers)

    def happens(self, subscription: Subscription, happening: str) -> None:
        """Something happens to a subscription itself, and its lifecycle address is told."""
        if happening == "subscriptionRemoved":
            self.subscriptions.remove(subscription)
        elif happening == "reauthorizationRequired":
            subscription.paused = True
        notice = subscription.lifecycle_notice(happening)
        self.deliveries.put("lifecycle", subscription.lifecycle_url, notice, subscription)

    def lose_sync_states(self, mailbox: Mailbox) -> None:
        """Every state handed out for the mailbox until now is unknown from here on."""
        with self.lock:
            self._generations += 1
            mailbox.generation = self._generations

    def find_account(self, name: str) -> Mailbox | None:
        """The mailbox of an address, alias, user principal name or object id; the address wins."""
        with self.lock:
            key = name.strip().casefold()
            return self.mailboxes.get(key) or self._aliases.get(key)

    def new_token(self, kind: str) -> str:
        """A new secret of the seed's sequence, for codes and tokens."""
        with self.lock:
            self._tokens_made += 1
            return ids.token(self.seed, kind, self._tokens_made)

    def issue_tokens(self, mailbox: Mailbox, scope: str, expires_in: int = 4000, client_id: str = "") -> dict[str, Any]:
        """A new pair of tokens: ``access_token``, ``refresh_token``, ``expires_in``, ``scope``."""
        with self.lock:
            now = self.now()
            access, refresh = self.new_token("access"), self.new_token("refresh")
            expires = now + dt.timedelta(seconds=expires_in)
            self.access_tokens[access] = AccessToken(mailbox.address, scope, expires)
            self.refresh_tokens[refresh] = RefreshToken(mailbox.address, scope, client_id, now)
            self.consents.setdefault(mailbox.address, set()).update(scope.split())
            return {
                "access_token": access,
                "refresh_token": refresh,
                "expires_in": expires_in,
                "scope": scope,
            }

    def check_access(self, token: str) -> Mailbox | None:
        """The mailbox a token stands for; None where it is unknown or expired."""
        with self.lock:
            known = self.access_tokens.get(token)
            if known is None or known.expires_at <= self.now():
                return None
            return self.find_account(known.mailbox_address)

    def token_owner(self, authorization: object) -> Mailbox | None:
        """Whose access token a header carries, expired or of another service as it may be."""
        with self.lock:
            known = self.access_tokens.get(str(authorization or "").partition(" ")[2].strip())
            return self.find_account(known.mailbox_address) if known is not None else None

    def count_request(self, mailbox: Mailbox) -> int | None:
        """Note one request for a mailbox; the seconds to wait where there were too many. Refused ones count too."""
        with self.lock:
            now, window = self.now(), dt.timedelta(seconds=WINDOW)
            seen = self._requests.setdefault(mailbox.address.casefold(), deque(maxlen=REQUESTS_PER_WINDOW + 1))
            while seen and seen[0] <= now - window:
                seen.popleft()
            seen.append(now)
            if len(seen) <= REQUESTS_PER_WINDOW:
                return None
            return max(1, round((seen[0] + window - now).total_seconds()) + 1)

    def send(self, mailbox: Mailbox, kind: str, subject: str, to: list[str], event: dict[str, Any]) -> None:
        """Put a mail in the outbox."""
        with self.lock:
            stamp = self.now().isoformat().replace("+00:00", "Z")
            self.outbox.append(Mail(stamp, mailbox.address, kind, subject, to, event))
