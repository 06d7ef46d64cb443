"""What a judged sign-in changes: one short transaction, or nothing at all (I8)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from calendars import connections, grants
from calendars.connections import StaleConnection
from calendars.models import CalendarConnection, Grant
from calendars.states import Cause, State
from firms import audit
from migration import evidence, runs, tickets
from migration.accounts import Judgement
from migration.answers import Result
from migration.evidence import SignedIn
from migration.models import SignInAttempt, Ticket
from migration.tickets import StaleTicket

# What support may approve while the connection is in this state.
APPROVABLE = {
    State.REAUTH_REQUIRED: {"same_mailbox", "other_account"},
    State.GRANT_LOST: {"other_account"},
}


class Meanwhile(Exception):
    """Something else moved the connection or the ticket while the person was at Microsoft: nothing was changed."""


def settle(
    connection: CalendarConnection, attempt: SignInAttempt, signed_in: SignedIn, judgement: Judgement, now: datetime
) -> None:
    """Carries out the verdict on `connection` as it was read before Microsoft was asked, and saves the attempt, which
    holds address and evidence by now. Raises Meanwhile, with nothing changed."""
    try:
        with transaction.atomic():
            ticket = _approval(connection, signed_in, now) if judgement.refused else None
            if judgement.accepted or ticket:
                _accept(connection, attempt, signed_in, judgement, ticket, now)
            elif judgement.refused:
                _hold(connection)
                _refuse(connection, attempt, now)
            else:
                _hold(connection)
                _not_served(connection, attempt, now)
    except (StaleConnection, StaleTicket) as error:
        raise Meanwhile(str(error)) from error


def _approval(connection: CalendarConnection, signed_in: SignedIn, now: datetime) -> Ticket | None:
    """Support's approval of exactly this account, where the connection's state still has a move for it."""
    claims = signed_in.claims
    ticket = tickets.approval_for(connection, tid=claims.tid, oid=claims.oid, now=now)
    return ticket if ticket and ticket.approved_as in APPROVABLE.get(State(connection.state), set()) else None


def _hold(connection: CalendarConnection) -> None:
    """Nobody else moves the connection until the transaction ends. Raises StaleConnection where somebody has."""
    rows = CalendarConnection.objects.select_for_update(no_key=True, of=("self",))
    if not rows.filter(pk=connection.pk, state=connection.state, epoch=connection.epoch).exists():
        raise StaleConnection(f"connection {connection.pk} is no longer {connection.state}, epoch {connection.epoch}")


def _accept(
    connection: CalendarConnection,
    attempt: SignInAttempt,
    signed_in: SignedIn,
    judgement: Judgement,
    ticket: Ticket | None,
    now: datetime,
) -> None:
    other_account = ticket is not None and ticket.approved_as == "other_account"
    pins: dict[str, Any] = {"tid": signed_in.claims.tid, "oid": signed_in.claims.oid}
    if other_account:
        pins |= _of_other_account(attempt.address)
    else:
        alias = judgement.alias or (attempt.address if ticket else "")
        pins["other_addresses"] = _with(connection, alias)
    first_sign_in = not connection.oid
    _move(connection, other_account, now, pins)
    if first_sign_in and not ticket and evidence.held_by_another_member(connection, signed_in.claims):
        raise StaleConnection("another member has signed in with this account meanwhile")
    grants.store(connection, Grant.Service.GRAPH, signed_in.tokens, signed_in.scopes)
    _end(attempt, Result.ACCEPTED)
    audit.record(
        "sign_in.accepted", actor=connection.member, member=connection.member, subject=connection,
        attempt=attempt.pk, address=attempt.address, verdict=judgement.verdict,
        approved_as=ticket.approved_as if ticket else "", **{name: pins[name] for name in ("tid", "oid")},
    )  # fmt: skip
    if ticket:
        tickets.use_approval(ticket, now=now)
    tickets.close_after_success(connection, now=now)
    if connection.state == State.MIGRATING:
        # A live run, which waited for this grant, is taken up where it stopped.
        runs.queue(connection, metadata_only=other_account)


def _move(connection: CalendarConnection, other_account: bool, now: datetime, pins: dict[str, Any]) -> None:
    if other_account:
        connections.move(connection, Cause.APPROVED_ACCOUNT, actor=connection.member, now=now, **pins)
    elif connection.state == State.REAUTH_REQUIRED:
        connections.move(connection, Cause.SAME_MAILBOX, actor=connection.member, now=now, **pins)
    elif connection.state == State.GRANT_LOST:
        connections.move(connection, Cause.SAME_ACCOUNT, actor=connection.member, now=now, stopped_at=None, **pins)
    else:
        # It goes on migrating in the same epoch, so that its run goes on too.
        _hold(connection)
        CalendarConnection.objects.filter(pk=connection.pk).update(**pins)


def _of_other_account(address: str) -> dict[str, Any]:
    """The old account's addresses, folders and positions mean nothing in the approved one."""
    return {
        "account": address,
        "other_addresses": [],
        "ews_folder_id": "",
        "calendar_id": "",
        "sync_state": "",
        "migrated_at": None,
    }


def _with(connection: CalendarConnection, alias: str) -> list[str]:
    known = [*connection.other_addresses]
    new = alias and alias.casefold() not in {connection.account.casefold(), *(one.casefold() for one in known)}
    return [*known, alias.casefold()] if new else known


def _refuse(connection: CalendarConnection, attempt: SignInAttempt, now: datetime) -> None:
    _end(attempt, Result.ANOTHER_MAILBOX)
    audit.record(
        "sign_in.refused", actor=connection.member, member=connection.member, subject=connection,
        attempt=attempt.pk, address=attempt.address, tid=attempt.tid, oid=attempt.oid,
    )  # fmt: skip
    tickets.record_mismatch(connection=connection, attempt=attempt, now=now)


def _not_served(connection: CalendarConnection, attempt: SignInAttempt, now: datetime) -> None:
    """Only a connection that has yet to move is set aside; one that has moved keeps its state and asks again."""
    if connection.state == State.REAUTH_REQUIRED:
        connections.move(connection, Cause.CANNOT_SERVE, actor=connection.member, now=now)
    _end(attempt, Result.NOT_SERVED)


def _end(attempt: SignInAttempt, result: Result) -> None:
    attempt.result = result
    attempt.save(update_fields=["result", "address", "tid", "oid", "ids_tried", "ids_resolved"])
