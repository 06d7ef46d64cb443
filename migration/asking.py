"""What a sign-in asks Microsoft for: which account, and what the person is to prove."""

from datetime import datetime
from typing import Any

from calendars.models import CalendarConnection
from migration.models import AddressChange, SignInAttempt, Ticket
from migration.models.address_change import STANDING

Result = SignInAttempt.Result


def expected_address(connection: CalendarConnection, *, now: datetime) -> str:
    """The account to sign in with: the one synced until now, or the one that support approved in its place."""
    approved = Ticket.objects.filter(connection=connection, state=Ticket.State.APPROVED, approved_until__gt=now).first()
    if approved and approved.approved_address:
        return approved.approved_address
    listed = AddressChange.objects.filter(STANDING, connection=connection, until__gt=now).first()
    return listed.new_address if listed else connection.account


def parameters(connection: CalendarConnection, *, now: datetime) -> dict[str, Any]:
    """`login_hint`, `prompt` and `claims_challenge` for msal.

    After another account has signed in, the right one is asked for with its password: the browser is signed in with the
    other, and might give that one again by itself. Not `select_account`, which excludes the hint.
    """
    hint = expected_address(connection, now=now)
    last = SignInAttempt.objects.filter(connection=connection).exclude(result=Result.UNDER_WAY).first()
    wrong = last is not None and last.result == Result.ANOTHER_MAILBOX and hint == connection.account
    return {
        "login_hint": hint,
        "prompt": "login" if wrong else None,
        "claims_challenge": (last.claims if last else "") or None,
    }
