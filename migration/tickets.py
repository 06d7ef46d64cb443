"""Tickets: the first mismatch opens the member's one ticket, repeats are added to it, support decide (R7).

Each function is one transaction: a guarded UPDATE that repeats state and turn, an entry, an audit row; mails go out
after the commit. Approvals bind exactly one account, are used once and expire.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from calendars.models import CalendarConnection
from calendars.states import State as ConnectionState
from firms import audit
from firms.models import User
from migration import ticket_mails
from migration.models import SignInAttempt, Ticket, TicketEntry
from migration.ticket_states import LIVE, Cause, ForbiddenTicketMove, TicketState, offered, target

# Without letters and digits that are mistaken for each other on the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
MINTINGS = 20
NO_APPROVAL: dict[str, Any] = {
    "approved_address": "", "approved_tid": "", "approved_oid": "", "approved_as": "", "approved_until": None,
}  # fmt: skip
APPROVALS = {Cause.APPROVE_SAME_MAILBOX: "same_mailbox", Cause.APPROVE_OTHER_ACCOUNT: "other_account"}


class StaleTicket(Exception):
    """Something has happened to the ticket since it was read: look at it again and decide anew."""


@transaction.atomic
def record_mismatch(*, connection: CalendarConnection, attempt: SignInAttempt, now: datetime) -> Ticket:
    """Opens the member's one ticket, or adds to it, after a sign-in with another mailbox; support is told when the
    ticket comes to stand open. `attempt` holds the address, tid, oid and evidence of the account that signed in.

    Returns the ticket. The connection is not touched.
    """
    ticket = _live(connection.member) or _open(connection, Ticket.Kind.ANOTHER_MAILBOX, now)
    before, kind = ticket.state, ticket.kind
    if kind == Ticket.Kind.SIGN_IN_FAILS:
        kind = Ticket.Kind.ANOTHER_MAILBOX
    _move(
        ticket, Cause.MISMATCH, actor=connection.member, now=now, attempt=attempt, kind=kind,
        connection=connection, expected_address=connection.account,
        other_address=attempt.address, other_tid=attempt.tid, other_oid=attempt.oid,
    )  # fmt: skip
    if ticket.turn == 1 or before == TicketState.WAITING_FOR_MEMBER:
        ticket_mails.to_support(ticket, "mismatch", attempt=attempt)
    return ticket


@transaction.atomic
def calendar_not_found(*, connection: CalendarConnection, now: datetime, note: str) -> Ticket:
    """Opens the member's one ticket, or adds to it, after a run that could not tell which calendar was synced.
    `note` is for support: what was looked for and what was there."""
    ticket = _live(connection.member) or _open(connection, Ticket.Kind.CALENDAR_NOT_FOUND, now)
    before = ticket.state
    _move(
        ticket, Cause.CALENDAR_NOT_FOUND, actor=None, now=now, note=note,
        kind=Ticket.Kind.CALENDAR_NOT_FOUND, connection=connection, expected_address=connection.account,
    )  # fmt: skip
    if ticket.turn == 1 or before != TicketState.OPEN:
        ticket_mails.to_support(ticket, "calendar_not_found", note=note)
    return ticket


@transaction.atomic
def ask_for_help(*, connection: CalendarConnection, message: str, now: datetime) -> Ticket:
    """Opens the member's one ticket, or adds to it, because signing in does not work; support is told."""
    ticket = _live(connection.member) or _open(connection, Ticket.Kind.SIGN_IN_FAILS, now)
    if ticket.has_just_heard(Cause.HELP, message, "", now):
        return ticket
    attempt = SignInAttempt.objects.filter(connection=connection, consumed_at__isnull=False).first()
    _move(
        ticket, Cause.HELP, actor=connection.member, now=now, message=message, attempt=attempt,
        connection=connection, expected_address=connection.account,
    )  # fmt: skip
    ticket_mails.to_support(ticket, "help", attempt=attempt, message=message)
    return ticket


@transaction.atomic
def write(ticket: Ticket, *, message: str, now: datetime, reason: str = "") -> None:
    """The member's words to support, and which of the three reasons, if any. Raises ForbiddenTicketMove where it is closed."""
    ticket = _locked(ticket.pk)
    if ticket.has_just_heard(Cause.MESSAGE, message, reason, now):
        return
    said: dict[str, Any] = {"reason": reason} if reason else {}
    _move(ticket, Cause.MESSAGE, actor=ticket.member, now=now, message=message, **said)
    ticket_mails.to_support(ticket, "message", message=message)


@transaction.atomic
def decide(
    ticket: Ticket, cause: Cause, *, actor: User, turn: int, now: datetime, note: str = "", message: str = ""
) -> Ticket:
    """Carries out what support decided on the ticket as it stood at `turn`; returns it as it is now.

    `message` goes to the member, `note` stays with support. An approval binds exactly the account of the newest sign-in
    that did not match. Raises StaleTicket where something has happened since `turn`, ForbiddenTicketMove where the
    decision makes no sense in the state of ticket and connection; nothing is changed then.
    """
    ticket = _expired(_locked(ticket.pk), now)
    if ticket.turn != turn:
        raise StaleTicket(ticket.reference)
    if cause not in decisions(ticket):
        raise ForbiddenTicketMove(f"no {cause} of {ticket.reference}")
    changes: dict[str, Any] = {"closed_at": None} if cause == Cause.REOPEN else {}
    if cause in APPROVALS:
        changes = {
            "approved_as": APPROVALS[cause],
            "approved_address": ticket.other_address,
            "approved_tid": ticket.other_tid,
            "approved_oid": ticket.other_oid,
            "approved_until": now + timedelta(seconds=settings.APPROVAL_SECONDS),
        }
    attempt = _newest_mismatch(ticket) if cause in APPROVALS else None
    taken = ticket.approved_address if ticket.state == TicketState.APPROVED else ""
    try:
        with transaction.atomic():
            _move(ticket, cause, actor=actor, now=now, note=note, message=message, attempt=attempt, **changes)
    except IntegrityError as error:
        if cause != Cause.REOPEN:
            raise
        raise ForbiddenTicketMove(f"the member of {ticket.reference} has another ticket by now") from error
    ticket_mails.to_member(ticket, cause, message=message, taken=taken)
    return ticket


@transaction.atomic
def address_listed(ticket: Ticket, *, actor: User, note: str, now: datetime) -> None:
    """The address of the ticket's newest sign-in stands on a list that support approved: the member can use it now."""
    ticket = _locked(ticket.pk)
    _move(ticket, Cause.LISTED, actor=actor, now=now, note=note)
    ticket_mails.to_member(ticket, Cause.LISTED)


def decisions(ticket: Ticket) -> list[Cause]:
    """What support may do now; a forged request for anything else is refused by `decide`."""
    newest = _newest_mismatch(ticket)
    return offered(
        ticket.state,
        connection_state=ticket.connection.state,
        mismatched=newest is not None,
        account_known=bool(ticket.other_tid and ticket.other_oid) and newest is not None and newest.served,
        reopenable=ticket.state == TicketState.CLOSED and _reopenable(ticket),
    )


def _reopenable(ticket: Ticket) -> bool:
    """Whether support closed it, and the member has no other one by now."""
    last = ticket.entries.exclude(action=Cause.MAIL_FAILED).last()
    return last is not None and last.action == Cause.CLOSE and live_of(ticket.member_id) is None


@transaction.atomic
def approval_for(connection: CalendarConnection, *, tid: str, oid: str, now: datetime) -> Ticket | None:
    """The ticket on which support approved exactly this account for this connection, if it can still be used."""
    ticket = _live(connection.member)
    if ticket is None or ticket.connection_id != connection.pk:
        return None
    ticket = _expired(ticket, now)
    exactly = bool(tid and oid) and (ticket.approved_tid, ticket.approved_oid) == (tid, oid)
    return ticket if exactly and ticket.state == TicketState.APPROVED else None


@transaction.atomic
def use_approval(ticket: Ticket, *, now: datetime) -> None:
    """Uses the approval up and closes its ticket; to be called in the transaction that moves the connection.

    Raises StaleTicket where it was used, withdrawn or changed since `ticket` was read, or has expired: then the
    connection must not move either.
    """
    found = _locked(ticket.pk)
    bound = ("approved_tid", "approved_oid", "approved_as")
    same = all(getattr(found, name) == getattr(ticket, name) for name in bound)
    if found.state != TicketState.APPROVED or not same or _has_expired(found, now):
        raise StaleTicket(ticket.reference)
    _move(found, Cause.USED, actor=found.member, now=now)


@transaction.atomic
def close_after_success(connection: CalendarConnection, *, now: datetime) -> None:
    """Closes the member's ticket, if any, once the right account has signed in or the run is done (R7).

    A calendar that was not found is settled only by a run that is done, not by a sign-in before it.
    """
    ticket = _live(connection.member)
    if ticket is None:
        return
    if ticket.kind == Ticket.Kind.CALENDAR_NOT_FOUND and connection.state == ConnectionState.MIGRATING:
        return
    _move(ticket, Cause.SUCCESS, actor=None, now=now)


def expire_approvals() -> int:
    """By the clock: takes tickets whose approval nobody used in time back to open; returns how many. Safe to run again
    and again, and to miss: an approval is never used, nor shown as standing, past its time."""
    now, total = timezone.now(), 0
    overdue = Ticket.objects.filter(state=TicketState.APPROVED, approved_until__lte=now).values_list("pk", flat=True)
    for pk in list(overdue):
        with transaction.atomic():
            total += _expired(_locked(pk), now).state == TicketState.OPEN
    return total


def as_of(ticket: Ticket, now: datetime) -> Ticket:
    """The ticket for a page: an approval that has just expired is never shown as standing. No query unless it has."""
    if not _has_expired(ticket, now):
        return ticket
    with transaction.atomic():
        return _expired(_locked(ticket.pk), now)


def _has_expired(ticket: Ticket, now: datetime) -> bool:
    return ticket.state == TicketState.APPROVED and ticket.approved_until is not None and ticket.approved_until <= now


def _expired(ticket: Ticket, now: datetime) -> Ticket:
    if _has_expired(ticket, now):
        _move(ticket, Cause.EXPIRED, actor=None, now=now)
        ticket_mails.to_support(ticket, "expired")
    return ticket


def _locked(pk: int) -> Ticket:
    rows = Ticket.objects.select_for_update(no_key=True, of=("self",)).select_related("member__firm", "connection")
    return rows.get(pk=pk)


def live_of(member_id: int) -> Ticket | None:
    """The member's one ticket that is not closed, as it is at this moment."""
    return Ticket.objects.filter(member=member_id, state__in=LIVE).first()


def _live(member: User) -> Ticket | None:
    """The member's one ticket that is not closed, locked until the transaction ends."""
    rows = Ticket.objects.select_for_update(no_key=True, of=("self",)).select_related("member__firm", "connection")
    return rows.filter(member=member, state__in=LIVE).first()


def _open(connection: CalendarConnection, kind: Ticket.Kind, now: datetime) -> Ticket:
    """A new ticket; or the one that another request opened at the same moment, since a member has at most one."""
    for _ in range(MINTINGS):
        try:
            with transaction.atomic():
                opened = Ticket.objects.create(
                    reference=new_reference(), member=connection.member, connection=connection, kind=kind,
                    expected_address=connection.account, opened_at=now,
                )  # fmt: skip
        except IntegrityError:
            if other := _live(connection.member):
                return other
        else:
            audit.record(
                "ticket.opened", actor=None, member=connection.member, subject=opened, reference=opened.reference
            )
            return opened
    raise RuntimeError(f"{MINTINGS} references in a row were taken")


def new_reference() -> str:
    return "CS-" + "".join(secrets.choice(ALPHABET) for _ in range(6))


def _newest_mismatch(ticket: Ticket) -> SignInAttempt | None:
    entry = ticket.entries.filter(action=Cause.MISMATCH).select_related("attempt").order_by("-at", "-pk").first()
    return entry.attempt if entry else None


def _move(
    ticket: Ticket, cause: Cause, *, actor: User | None, now: datetime, note: str = "", message: str = "",
    attempt: SignInAttempt | None = None, **changes: Any,
) -> None:  # fmt: skip
    """The one place that writes a ticket: guarded UPDATE, entry and audit; brings the instance up to date."""
    source, after = ticket.state, target(ticket.state, cause)
    values = {"state": after, "turn": ticket.turn + 1, **changes}
    if after == TicketState.CLOSED:
        values["closed_at"] = now
    elif after != TicketState.APPROVED:
        values |= NO_APPROVAL
    if not Ticket.objects.filter(pk=ticket.pk, state=source, turn=ticket.turn).update(**values):
        raise StaleTicket(ticket.reference)
    for name, value in values.items():
        setattr(ticket, name, value)
    TicketEntry.objects.create(
        ticket=ticket, at=now, actor=actor, action=cause, note=note, message=message, attempt=attempt,
        reason=changes.get("reason", ""),
    )  # fmt: skip
    account = {"tid": ticket.approved_tid, "oid": ticket.approved_oid} if ticket.approved_oid else {}
    audit.record(
        f"ticket.{cause}", actor=actor, member=ticket.member, subject=ticket, note=note,
        reference=ticket.reference, before=source, after=after, reason=changes.get("reason", ""), **account,
    )  # fmt: skip
