"""A firm that changed its domain: support approve a reviewed list of old and new addresses at once.

plan      what each line of a list would do
approve   the lines that can be done, as one deed
standing  what a sign-in finds: the address that stands in for the old one. Nothing else is waived: the calendar must open,
          old ids must not contradict, and the first account that fits is the one that is bound
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from calendars.models import CalendarConnection
from calendars.states import Provider, State
from firms import audit
from firms.models import AuditEntry, Firm, User
from migration import address_lists, tickets
from migration.accounts import Claims, Evidence
from migration.models import AddressChange, Ticket
from migration.models.address_change import STANDING

Kind = AddressChange.Kind
# From which a sign-in is judged by address, or can be approved for another account.
READY_IN = {
    Kind.SAME_MAILBOX: {State.OLD_SYNC, State.DISABLED, State.REAUTH_REQUIRED, State.UNSUPPORTED},
    Kind.OTHER_ACCOUNT: {State.OLD_SYNC, State.DISABLED, State.REAUTH_REQUIRED, State.UNSUPPORTED, State.GRANT_LOST},
}


class ListChanged(Exception):
    """What the lines would do is not what was shown: look again."""


@dataclass(frozen=True)
class Line:
    """One line and what it would do: for the `connections`, two where members share a mailbox; or `problem`, then none."""

    number: int
    old: str
    new: str
    problem: str = ""
    connections: tuple[CalendarConnection, ...] = ()
    # The keys of earlier lines that stand for the same connections, and end with this one.
    replaces: tuple[int, ...] = ()

    @property
    def ready(self) -> bool:
        return not self.problem


def plan(firm: Firm, text: str, *, kind: str, now: datetime) -> list[Line]:
    """What each line would do, in a constant number of queries. Raises address_lists.TooLong."""
    pairs = address_lists.parse(text)
    found = _by_address(firm)
    taken = _taken({pair.new for pair in pairs if not pair.problem})
    standing = dict(AddressChange.objects.filter(STANDING, firm=firm, until__gt=now).values_list("connection_id", "pk"))
    return [_line(pair, found.get(pair.old, []), taken.get(pair.new, set()), Kind(kind), standing) for pair in pairs]


def digest(firm: Firm, kind: str, lines: Iterable[Line]) -> str:
    """Of what was shown: whoever confirms it confirms exactly this, and only once, since a list in force is replaced."""
    shown = [(line.old, line.new, line.problem, [one.pk for one in line.connections], line.replaces) for line in lines]
    return hashlib.sha256(repr((firm.pk, kind, shown)).encode()).hexdigest()


@transaction.atomic
def approve(
    *, firm: Firm, text: str, kind: str, seen: str, actor: User, note: str, lasts: timedelta, now: datetime
) -> list[AddressChange]:
    """Approves the lines that are ready, if they would still do what was `seen` (its digest); else raises ListChanged.

    Earlier lines that stand for the same connections end. Members with a ticket about just that address are told.
    """
    # One list at a time in a firm, so that what was planned is what is done.
    Firm.objects.select_for_update(no_key=True).get(pk=firm.pk)
    lines = plan(firm, text, kind=kind, now=now)
    if digest(firm, kind, lines) != seen:
        raise ListChanged
    pairs = [(line, connection) for line in lines if line.ready for connection in line.connections]
    before = AddressChange.objects.filter(STANDING, connection__in=[connection for _, connection in pairs])
    _end(before, actor=actor, now=now, note="Replaced by a newer list")
    made = AddressChange.objects.bulk_create(
        AddressChange(
            firm=firm, connection=connection, kind=kind, old_address=line.old, new_address=line.new,
            approved_by=actor, approved_at=now, until=now + lasts, note=note,
        )
        for line, connection in pairs
    )  # fmt: skip
    AuditEntry.objects.bulk_create(
        audit.entry(
            "address_change.approved", actor=actor, member=one.connection.member, subject=one, note=note,
            kind=one.kind, old=one.old_address, new=one.new_address, until=one.until.isoformat(),
        )
        for one in made
    )  # fmt: skip
    concerned = {(one.connection_id, one.new_address): one for one in made}
    for ticket in Ticket.objects.filter(connection__in=[one.connection_id for one in made], state__in=tickets.LIVE):
        if (ticket.connection_id, ticket.other_address.casefold()) in concerned:
            tickets.address_listed(ticket, actor=actor, note=note, now=now)
    return made


@transaction.atomic
def take_back(changes: Iterable[int], *, actor: User, note: str, now: datetime) -> int:
    """Ends those of the lines with these ids that stand; returns how many."""
    return _end(AddressChange.objects.filter(STANDING, pk__in=list(changes)), actor=actor, now=now, note=note)


def standing(connection: CalendarConnection, *, now: datetime) -> AddressChange | None:
    return AddressChange.objects.filter(STANDING, connection=connection, until__gt=now).first()


def stands_for(
    connection: CalendarConnection, claims: Claims, found: Evidence, *, now: datetime
) -> AddressChange | None:
    """The line that lets this connection move to another account, which this is: its mailbox has the address, and no other
    member holds it. No old id speaks for it, so the tenant must: one of whose own domains the address is. A personal
    account may be anybody's, whatever its address."""
    change = standing(connection, now=now)
    if change is None or change.kind != Kind.OTHER_ACCOUNT or found.is_guest or found.held_by_another_member:
        return None
    if claims.personal or _domain(found.sign_in_name) != _domain(change.new_address):
        return None
    return change if found.calendar_readable and change.new_address in found.addresses else None


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def settle(connection: CalendarConnection, claims: Claims, found: Evidence, *, now: datetime) -> bool:
    """In the transaction that accepts a sign-in: the line that stands for the connection is used up by this account, or
    ends because it was not needed. Whether one was used."""
    rows = AddressChange.objects.filter(STANDING, connection=connection)
    used = rows.filter(new_address__in=found.addresses, until__gt=now)
    for change in used.select_for_update(no_key=True, of=("self",)):
        audit.record(
            "address_change.used", actor=connection.member, member=connection.member, subject=change,
            tid=claims.tid, oid=claims.oid,
        )  # fmt: skip
    if used.update(used_at=now, tid=claims.tid, oid=claims.oid):
        return True
    rows.update(ended_at=now)
    return False


def _end(rows: QuerySet[AddressChange], *, actor: User, now: datetime, note: str) -> int:
    ended = list(rows.select_for_update(no_key=True, of=("self",)).select_related("connection__member").order_by("pk"))
    AddressChange.objects.filter(pk__in=[one.pk for one in ended]).update(ended_at=now)
    AuditEntry.objects.bulk_create(
        audit.entry(
            "address_change.taken_back", actor=actor, member=one.connection.member, subject=one, note=note,
            old=one.old_address, new=one.new_address,
        )
        for one in ended
    )  # fmt: skip
    return len(ended)


def _by_address(firm: Firm) -> dict[str, list[CalendarConnection]]:
    """The firm's live Outlook connections by each of their addresses."""
    rows = CalendarConnection.objects.filter(member__firm=firm, provider=Provider.OUTLOOK)
    found: dict[str, list[CalendarConnection]] = {}
    for connection in (
        rows.exclude(state=State.DISCONNECTED).select_related("member").defer("sync_state").order_by("pk")
    ):
        for address in {connection.account.casefold(), *(one.casefold() for one in connection.other_addresses)}:
            found.setdefault(address, []).append(connection)
    return found


def _taken(addresses: set[str]) -> dict[str, set[int]]:
    """By address, the members whose own it is: their login, their connection's account, or what was promised to them."""
    taken: dict[str, set[int]] = {}
    connected = CalendarConnection.objects.exclude(state=State.DISCONNECTED).annotate(low=Lower("account"))
    for rows, address, member in (
        (User.objects.annotate(low=Lower("email")).filter(low__in=addresses), "low", "pk"),
        (connected.filter(low__in=addresses), "low", "member"),
        (AddressChange.objects.filter(STANDING, new_address__in=addresses), "new_address", "connection__member"),
    ):
        for found, whose in rows.values_list(address, member):
            taken.setdefault(found, set()).add(whose)
    return taken


def _line(
    pair: address_lists.Pair, found: list[CalendarConnection], taken: set[int], kind: Kind, standing: dict[int, int]
) -> Line:
    problem = pair.problem or _problem(pair.new, found, taken, kind)
    if problem:
        return Line(pair.number, pair.old, pair.new, problem)
    replaces = tuple(standing[connection.pk] for connection in found if connection.pk in standing)
    return Line(pair.number, pair.old, pair.new, connections=tuple(found), replaces=replaces)


def _problem(new: str, found: list[CalendarConnection], taken: set[int], kind: Kind) -> str:
    if not found:
        return "No member of this firm has this address connected with Outlook"
    if taken - {connection.member_id for connection in found}:
        return "The new address is another member’s"
    for connection in found:
        if new in {connection.account.casefold(), *(one.casefold() for one in connection.other_addresses)}:
            return "The new address is known to be the mailbox’s already"
        if connection.state not in READY_IN[kind]:
            return f"Nothing to approve: {connection.get_state_display().lower()}, so its account is known by its id"
        if kind == Kind.SAME_MAILBOX and connection.oid:
            return "Nothing to approve: its account is known by its id, whatever it is called"
    return ""
