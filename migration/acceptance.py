"""What a judged sign-in changes: one short transaction, or nothing at all (I8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from calendars import connections, grants
from calendars.connections import StaleConnection
from calendars.models import CalendarConnection, Grant
from calendars.states import Cause, State
from firms import audit
from migration import address_changes, consent, evidence, reconnecting, runs, tickets
from migration.accounts import Evidence, Judgement
from migration.answers import Result
from migration.evidence import SignedIn
from migration.models import AddressChange, SignInAttempt, Ticket
from migration.tickets import StaleTicket

# What support may approve while the connection is in this state.
APPROVABLE = {
    State.REAUTH_REQUIRED: {"same_mailbox", "other_account"},
    State.GRANT_LOST: {"other_account"},
}


class Meanwhile(Exception):
    """Something else moved the connection or the ticket while the person was at Microsoft: nothing was changed."""


@dataclass(frozen=True)
class Judged:
    """A sign-in and what was made of it; `listed`: the line of a list of new addresses that stood for the connection.
    `old`: tokens for the old sync, where a disconnected connection would go back to it."""

    signed_in: SignedIn
    found: Evidence
    judgement: Judgement
    listed: AddressChange | None = None
    old: grants.Tokens | None = None


@dataclass(frozen=True)
class Approval:
    """Support's yes to an account that was refused by itself: on the member's ticket, or on a list."""

    approved_as: str
    ticket: Ticket | None = None


def settle(connection: CalendarConnection, attempt: SignInAttempt, judged: Judged, now: datetime) -> None:
    """Carries out the verdict on `connection` as it was read before Microsoft was asked, and saves the attempt, which
    holds evidence and verdict by now. Raises Meanwhile, with nothing changed."""
    judgement = judged.judgement
    try:
        with transaction.atomic():
            approval = _approval(connection, judged, now) if judgement.refused else None
            if judgement.accepted or approval:
                _accept(connection, attempt, judged, approval, now)
            elif judgement.refused:
                _hold(connection)
                _refuse(connection, attempt, now)
            else:
                _hold(connection)
                _not_served(connection, attempt, now)
    except (StaleConnection, StaleTicket) as error:
        raise Meanwhile(str(error)) from error


def _approval(connection: CalendarConnection, judged: Judged, now: datetime) -> Approval | None:
    """Of exactly this account, where the connection's state still has a move for it and there is a calendar to move to."""
    possible = APPROVABLE.get(State(connection.state), set()) if judged.found.calendar_readable else set()
    claims = judged.signed_in.claims
    ticket = tickets.approval_for(connection, tid=claims.tid, oid=claims.oid, now=now)
    if ticket and ticket.approved_as in possible:
        return Approval(ticket.approved_as, ticket)
    if "other_account" in possible and address_changes.stands_for(connection, claims, judged.found, now=now):
        return Approval("other_account")
    return None


def _hold(connection: CalendarConnection) -> None:
    """Nobody else moves the connection until the transaction ends. Raises StaleConnection where somebody has."""
    rows = CalendarConnection.objects.select_for_update(no_key=True, of=("self",))
    if not rows.filter(pk=connection.pk, state=connection.state, epoch=connection.epoch).exists():
        raise StaleConnection(f"connection {connection.pk} is no longer {connection.state}, epoch {connection.epoch}")


def _accept(
    connection: CalendarConnection,
    attempt: SignInAttempt,
    judged: Judged,
    approval: Approval | None,
    now: datetime,
) -> None:
    signed_in, ticket = judged.signed_in, approval.ticket if approval else None
    other_account = approval is not None and approval.approved_as == "other_account"
    pins: dict[str, Any] = {"tid": signed_in.claims.tid, "oid": signed_in.claims.oid}
    if other_account:
        pins |= _of_other_account(attempt.address)
    else:
        alias = judged.judgement.alias or (attempt.address if approval else "")
        pins["other_addresses"] = _with(connection, alias)
        pins |= {} if connection.account else {"account": attempt.address}
    first_sign_in = not connection.oid
    if connection.state == State.DISCONNECTED:
        reconnecting.move(connection, judged.old, now=now, pins=pins)
    else:
        _move(connection, other_account, now, pins)
    others = evidence.other_holders(connection, signed_in.claims)
    if first_sign_in and not approval and others and not attempt.held_by_another:
        raise StaleConnection("another member has signed in with this account meanwhile")
    if connection.state != State.OLD_SYNC:
        grants.store(connection, Grant.Service.GRAPH, signed_in.tokens, signed_in.scopes)
    _end(attempt, Result.ACCEPTED)
    audit.record(
        "sign_in.accepted", actor=connection.member, member=connection.member, subject=connection,
        attempt=attempt.pk, address=attempt.address, verdict=judged.judgement.verdict,
        approved_as=approval.approved_as if approval else "", also_held_by=others,
        **{name: pins[name] for name in ("tid", "oid")},
    )  # fmt: skip
    if ticket:
        tickets.use_approval(ticket, now=now)
    tickets.close_after_success(connection, now=now)
    _use_list(connection, judged, now)
    consent.settle(connection, now=now)
    if connection.state == State.MIGRATING:
        # A live run, which waited for this grant, is taken up where it stopped.
        runs.queue(connection, metadata_only=other_account)


def _use_list(connection: CalendarConnection, judged: Judged, now: datetime) -> None:
    """Raises StaleConnection where support took the line back after the sign-in was judged by it."""
    used = address_changes.settle(connection, judged.signed_in.claims, judged.found, now=now)
    if judged.listed and judged.listed.new_address in judged.found.addresses and not used:
        raise StaleConnection("the list of new addresses was taken back meanwhile")


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
        why = attempt.get_verdict_display()
        connections.move(connection, Cause.CANNOT_SERVE, actor=connection.member, now=now, note=why)
    _end(attempt, Result.NOT_SERVED)


def _end(attempt: SignInAttempt, result: Result) -> None:
    attempt.result = result
    attempt.save(update_fields=["result", *SignInAttempt.FOUND])
