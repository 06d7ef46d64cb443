"""A sign-in with Microsoft from its start to its end (R5, R6). A sign-in under way is a row, consumed once.

start    asks Microsoft for its endpoints, then one transaction: the connection is made ready, the attempt is written
answer   consumes the attempt, asks Microsoft who signed in, judges, and settles in one transaction
No transaction is open while Microsoft is asked, and nothing is kept of a sign-in that is not accepted.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from calendars import connections, grants
from calendars.graph import tokens
from calendars.models import CalendarConnection
from calendars.states import Cause, Provider, State
from firms.models import User
from migration import acceptance, accounts, address_changes, asking, consent, evidence, reconnecting, situation
from migration.answers import Reason, Result, SignInEnded
from migration.models import SignInAttempt
from migration.prompt import Notice

logger = logging.getLogger(__name__)
# So many failures within the time end the circle: the member reads what goes wrong before they try again.
FAILURES = 3
FAILURES_WITHIN = timedelta(minutes=10)
NOT_FAILED = (Result.UNDER_WAY, Result.CONSUMED, Result.ACCEPTED)

# What makes a connection ready for a sign-in that its login has not made ready yet.
READY = {
    State.DISABLED: (Cause.BANNER_BUTTON,),
    State.OLD_SYNC: (Cause.CUTOFF, Cause.BANNER_BUTTON),
    State.UNSUPPORTED: (Cause.TRY_AGAIN,),
}
# In which an answer of Microsoft's can still be settled.
OPEN = (State.REAUTH_REQUIRED, State.GRANT_LOST, State.MIGRATING, State.DISCONNECTED)


class NotNow(Exception):
    """The member's connection, if any, has nothing to sign in for."""


class TooManyFailures(Exception):
    """Several sign-ins in a row have failed: explain before another is started."""


def may_sign_in(connection: CalendarConnection | None, *, now: datetime) -> bool:
    """Whether a sign-in leads anywhere: where the member is prompted, where Graph could not serve the mailbox, and where
    she connects her calendar by herself."""
    if connection is None or connection.provider != Provider.OUTLOOK:
        return False
    if connection.state == State.DISCONNECTED:
        return connections.live(connection.member) is None
    notice = situation.of_connection(connection, now=now).decision.notice
    return notice in (Notice.BANNER, Notice.UNSUPPORTED)


def start(member: User, *, redirect_uri: str, anyway: bool, now: datetime) -> str:
    """Begins an attempt; returns Microsoft's address to send the browser to.

    `anyway` starts in spite of TooManyFailures. Raises NotNow, TooManyFailures, calendars.graph.errors.TryLater,
    calendars.connections.StaleConnection; nothing is changed then.
    """
    connection = reconnecting.candidate(member, now=now)
    if not may_sign_in(connection, now=now):
        raise NotNow
    if connection.pk is None:
        connection.save()
    if not anyway and len(failures(connection, now=now)) >= FAILURES:
        raise TooManyFailures
    flow = tokens.application().initiate_auth_code_flow(
        tokens.SCOPES, redirect_uri=redirect_uri, **asking.parameters(connection, now=now)
    )
    with transaction.atomic():
        _make_ready(connection, now)
        SignInAttempt.objects.create(
            connection=connection,
            member=member,
            state_hash=hash_of(flow["state"]),
            flow=grants.encrypt(json.dumps(flow)),
            started_at=now,
            expires_at=now + timedelta(seconds=settings.SIGN_IN_SECONDS),
        )
    return str(flow["auth_uri"])


def _make_ready(connection: CalendarConnection, now: datetime) -> None:
    for cause in READY.get(State(connection.state), ()):
        if cause == Cause.CUTOFF:
            connections.move(connection, cause, actor=None, now=now, stopped_at=settings.SYNC_CUTOFF)
        else:
            connections.move(connection, cause, actor=connection.member, now=now)


def failures(connection: CalendarConnection, *, now: datetime) -> list[SignInAttempt]:
    """The sign-ins of this connection that have failed of late, newest first, as many as tell."""
    recent = SignInAttempt.objects.filter(connection=connection, started_at__gt=now - FAILURES_WITHIN)
    return list(recent.exclude(result__in=NOT_FAILED)[:FAILURES])


def answer(member: User, query: Mapping[str, str], *, now: datetime) -> SignInAttempt | None:
    """Takes Microsoft's answer; returns the attempt it belongs to, with its result, or None where it is none of the
    member's. An answer that comes a second time changes nothing."""
    attempt = _attempt(query)
    if attempt is None or attempt.member_id != member.pk:
        return None
    if not _consume(attempt, now):
        return attempt
    try:
        _judge(attempt, query, now)
    except SignInEnded as ended:
        _end(attempt, ended, now)
    except acceptance.Meanwhile:
        _end(attempt, SignInEnded(Result.FAILED, Reason.CHANGED), now)
    return attempt


def answer_to_nobody(query: Mapping[str, str], *, now: datetime) -> SignInAttempt | None:
    """An answer that finds nobody logged in. The attempt ends, so that its code is of no use to whoever comes next;
    returns it, None where there is none."""
    attempt = _attempt(query)
    if attempt is not None and _consume(attempt, now):
        _end(attempt, SignInEnded(Result.FAILED, Reason.SIGNED_OUT), now)
    return attempt


def _attempt(query: Mapping[str, str]) -> SignInAttempt | None:
    state = query.get("state", "")
    rows = SignInAttempt.objects.select_related("connection__member").filter(state_hash=hash_of(state))
    return rows.first() if state else None


def _consume(attempt: SignInAttempt, now: datetime) -> bool:
    """Once only; the instance keeps the flow that the row gives up."""
    consumed = SignInAttempt.objects.filter(pk=attempt.pk, consumed_at=None).update(
        consumed_at=now, result=Result.CONSUMED, flow=b""
    )
    return bool(consumed)


def _judge(attempt: SignInAttempt, query: Mapping[str, str], now: datetime) -> None:
    """Raises SignInEnded and acceptance.Meanwhile."""
    if now >= attempt.expires_at:
        raise SignInEnded(Result.FAILED, Reason.EXPIRED)
    connection = attempt.connection
    if connection.state not in OPEN or not may_sign_in(connection, now=now):
        raise SignInEnded(Result.FAILED, Reason.CHANGED)
    try:
        flow = json.loads(grants.decrypt(attempt.flow))
    except grants.GrantUnreadable:
        raise SignInEnded(Result.FAILED, Reason.UNCLEAR, "key gone") from None
    signed_in = evidence.exchange(flow, query)
    found = evidence.gather(connection, signed_in)
    listed = address_changes.standing(connection, now=now)
    same = listed.new_address if listed and listed.kind == listed.Kind.SAME_MAILBOX else ""
    judgement = accounts.judge(signed_in.claims, evidence.known(connection, same), found)
    attempt.address = found.mail if judgement.accepted else found.primary
    attempt.tid, attempt.oid = signed_in.claims.tid, signed_in.claims.oid
    attempt.ids_tried, attempt.ids_resolved = found.ids_tried, found.ids_resolved
    attempt.verdict, attempt.held_by_another = judgement.verdict, found.held_by_another_member
    attempt.served = found.calendar_readable
    refresh_token = signed_in.tokens.refresh_token
    old = reconnecting.old_tokens(connection, refresh_token, now=now) if judgement.accepted else None
    acceptance.settle(connection, attempt, acceptance.Judged(signed_in, found, judgement, listed, old), now)


@transaction.atomic
def _end(attempt: SignInAttempt, ended: SignInEnded, now: datetime) -> None:
    attempt.result, attempt.detail, attempt.claims = ended.result, ended.detail, ended.claims
    attempt.save(update_fields=["result", "detail", "claims", *SignInAttempt.FOUND])
    if ended.reason == Reason.ADMINISTRATOR:
        consent.needed(attempt.member, now=now)
    # The operator's fault hits everyone: it must be seen.
    level = logging.ERROR if ended.reason == Reason.OPERATOR else logging.INFO
    logger.log(level, "Sign-in %s of member %s ended: %s", attempt.pk, attempt.member_id, ended.detail)


def hash_of(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
