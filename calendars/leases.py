"""One worker at a time: one lease per connection for old sync, run and Graph sync.

A worker opens every transaction that writes with `hold`. It is one UPDATE that repeats owner, fence, state and epoch, so
whoever was frozen while another took over, or while the connection moved on, changes nothing any more; and it locks the
row until the transaction ends, so that nobody takes over in the middle of it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from calendars.models import CalendarConnection


class LeaseLost(Exception):
    """Another worker holds the connection now, or it has left the state this work was for: stop, write nothing."""


@dataclass(frozen=True)
class Lease:
    connection_id: int
    owner: str
    fence: int
    state: str
    epoch: int
    seconds: float


def take(connection: CalendarConnection, *, owner: str, seconds: float, grace: float = 0) -> Lease | None:
    """A lease on the connection in the state and epoch it was read in; None where another worker holds it.

    `grace` seconds must have gone by since a dead worker's lease ran out: its last request may still be under way.
    """
    now = timezone.now()
    free = Q(lease_owner="") | Q(lease_until__lt=now - timedelta(seconds=grace))
    taken = CalendarConnection.objects.filter(
        free,
        pk=connection.pk,
        state=connection.state,
        epoch=connection.epoch,
        lease_fence=connection.lease_fence,
    ).update(lease_owner=owner, lease_until=now + timedelta(seconds=seconds), lease_fence=F("lease_fence") + 1)
    if not taken:
        return None
    fence = connection.lease_fence + 1
    return Lease(connection.pk, owner, fence, connection.state, connection.epoch, seconds)


def is_held(connection: CalendarConnection) -> bool:
    """Whether a worker holds the connection, as the instance was read; informs, never steers."""
    return (
        bool(connection.lease_owner) and connection.lease_until is not None and connection.lease_until > timezone.now()
    )


def hold(lease: Lease) -> None:
    """Extends the lease; raises LeaseLost. First statement of every transaction in which a worker writes."""
    _extend(lease, state=lease.state, epoch=lease.epoch)


def keep(lease: Lease) -> None:
    """As `hold`, whatever state the connection is in by now: for what came of a request that was under way when it moved
    on. Whoever works on it next waits until the lease is released."""
    _extend(lease)


def _extend(lease: Lease, **still: Any) -> None:
    until = timezone.now() + timedelta(seconds=lease.seconds)
    held = CalendarConnection.objects.filter(
        pk=lease.connection_id, lease_owner=lease.owner, lease_fence=lease.fence, **still
    ).update(lease_until=until)
    if not held:
        raise LeaseLost(f"connection {lease.connection_id}, fence {lease.fence}")


def release(lease: Lease) -> None:
    """Frees the connection for the next worker, whatever state it is in by now; the fence keeps its number."""
    CalendarConnection.objects.filter(pk=lease.connection_id, lease_owner=lease.owner, lease_fence=lease.fence).update(
        lease_owner="", lease_until=None
    )
