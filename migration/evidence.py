"""What a new token shows of the account that signed in: read-only questions to Microsoft, no transaction open."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msal
import requests
from django.conf import settings

from calendars import grants
from calendars.graph import tokens
from calendars.graph.client import GraphClient, Profile
from calendars.graph.errors import GrantRefused, GraphError, MailboxNotServed, TryLater
from calendars.models import CalendarConnection, SyncedEvent
from calendars.states import State
from migration import accounts, answers
from migration.accounts import Claims, Evidence, Known
from migration.answers import Reason, Result, SignInEnded


@dataclass(frozen=True)
class SignedIn:
    """Who signed in, with the tokens that are dropped unless the verdict is good."""

    claims: Claims
    tokens: grants.Tokens
    scopes: list[str]


def exchange(flow: dict[str, Any], query: Mapping[str, str]) -> SignedIn:
    """Redeems the code with an msal application of its own, so that nothing outlives a refusal. Raises SignInEnded."""
    if query.get("error") or not query.get("code"):
        raise answers.from_callback(query)
    try:
        answer = tokens.application().acquire_token_by_auth_code_flow(flow, dict(query))
    except TryLater as error:
        raise answers.from_graph(error) from None
    except (requests.RequestException, msal.exceptions.MsalError) as error:
        raise SignInEnded(Result.FAILED, Reason.UNREACHABLE, type(error).__name__) from None
    except (ValueError, RuntimeError, LookupError, TypeError, AttributeError) as error:
        # HTML in place of JSON, an id token that is none, or not our nonce. msal's texts quote them: not kept.
        raise SignInEnded(Result.FAILED, Reason.UNCLEAR, type(error).__name__) from None
    return _checked(answer)


def _checked(answer: dict[str, Any]) -> SignedIn:
    try:
        tokens.check(answer)
    except GraphError as error:
        raise answers.from_token_endpoint(answer, error) from None
    claims = answers.checked_claims(
        answer.get("id_token_claims") or {},
        client_id=settings.MICROSOFT_CLIENT_ID,
        authority=settings.MICROSOFT_AUTHORITY,
        now=time.time(),
    )
    return SignedIn(claims, tokens.tokens_of(answer), answers.checked_scopes(answer))


def known(connection: CalendarConnection) -> Known:
    return Known(connection.account, tuple(connection.other_addresses), connection.tid, connection.oid)


def gather(connection: CalendarConnection, signed_in: SignedIn) -> Evidence:
    """Address set, a working calendar call, and how many old ids resolve. Raises SignInEnded where Microsoft gives no
    answer: no answer proves nothing."""
    client = _client(signed_in.tokens.access_token)
    try:
        profile = client.me()
        readable = _has_calendar(client)
        tried, resolved = 0, 0
        if readable and not signed_in.claims.equals(connection.tid, connection.oid):
            ids = old_ids(connection)
            tried, resolved = len(ids), len(client.translate(ids)) if ids else 0
    except GraphError as error:
        raise answers.from_graph(error) from None
    finally:
        client.close()
    return Evidence(
        addresses=accounts.mailbox_addresses(profile.mail, profile.user_principal_name, profile.proxy_addresses),
        primary=shown_address(profile, connection),
        calendar_readable=readable,
        ids_tried=tried,
        ids_resolved=resolved,
        is_guest=accounts.is_guest(profile.user_principal_name),
        held_by_another_member=held_by_another_member(connection, signed_in.claims),
    )


def shown_address(profile: Profile, connection: CalendarConnection) -> str:
    """The address that names the account to people: `mail`, unless it is the very one that was expected while the
    sign-in name is another: an account that only looks like ours is named by what it cannot choose."""
    if profile.mail and profile.mail.casefold() != connection.account.casefold():
        return profile.mail.casefold()
    return (profile.user_principal_name or profile.mail).casefold()


def old_ids(connection: CalendarConnection) -> list[str]:
    """At most 1,000 old ids of singles and series masters, those latest in time first: they are likeliest to exist."""
    rows = SyncedEvent.objects.filter(connection=connection, series=None, deleted_at=None, ews_id__isnull=False)
    newest = rows.order_by("-starts_at", "pk").values_list("ews_id", flat=True)
    return [ews_id for ews_id in newest[: accounts.IDS_TRIED_AT_MOST] if ews_id]


def held_by_another_member(connection: CalendarConnection, claims: Claims) -> bool:
    """Whether another member's live connection is pinned to this very account."""
    rows = CalendarConnection.objects.filter(tid__iexact=claims.tid, oid__iexact=claims.oid)
    return rows.exclude(state=State.DISCONNECTED).exclude(member_id=connection.member_id).exists()


def _has_calendar(client: GraphClient) -> bool:
    try:
        client.default_calendar()
    except MailboxNotServed:
        return False
    return True


def _client(access_token: str) -> GraphClient:
    """A client for one fresh token, in all no longer than one request may take: a person waits for the page."""
    until = time.monotonic() + settings.HTTP_TIMEOUT

    def token(refresh: bool) -> str:
        if refresh:
            raise GrantRefused(code="fresh token refused")
        return access_token

    def in_time() -> None:
        if time.monotonic() > until:
            raise TryLater("no time left", seconds=settings.HTTP_TIMEOUT, reason="unreachable", asked=True)

    return GraphClient(token, before_request=in_time)
