"""What a new token shows of the account that signed in: read-only questions to Microsoft, no transaction open."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msal
import requests
from django.conf import settings

from calendars import connections, grants
from calendars.graph import tokens
from calendars.graph.client import GraphClient, Profile
from calendars.graph.errors import GrantRefused, GraphError, MailboxNotServed, TryLater
from calendars.models import CalendarConnection, SyncedEvent
from firms.models import User
from migration import accounts, answers
from migration.accounts import Claims, Evidence, Known
from migration.answers import Reason, Result, SignInEnded

# Graph's word for an account that never had a mailbox, which is what a missing licence looks like.
NEVER_MADE = "resourcenotfound"
# No address is longer: 64 signs, an @ and 255.
ADDRESS_LENGTH = 320


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


def known(connection: CalendarConnection, listed: str = "") -> Known:
    return Known(connection.account, tuple(connection.other_addresses), connection.tid, connection.oid, listed)


def gather(connection: CalendarConnection, signed_in: SignedIn) -> Evidence:
    """Address set, a working calendar call, and how many old ids resolve. Raises SignInEnded where Microsoft gives no
    answer, which proves nothing, and where its two answers are about different accounts."""
    client = _client(signed_in.tokens.access_token)
    try:
        profile = client.me()
        if not signed_in.claims.names(profile.id):
            raise SignInEnded(Result.FAILED, Reason.UNCLEAR, "id token and mailbox of different accounts")
        addresses = accounts.mailbox_addresses(profile.mail, profile.user_principal_name, profile.proxy_addresses)
        missing = _why_no_calendar(client)
        first = not signed_in.claims.equals(connection.tid, connection.oid)
        ids = old_ids(connection) if first and not missing else []
        resolved = len(client.translate(ids)) if ids else 0
        fits = bool(addresses & known(connection).addresses)
        shared = first and not missing and not fits and _sees_shared(client, connection)
    except GraphError as error:
        raise answers.from_graph(error) from None
    finally:
        client.close()
    return Evidence(
        addresses=addresses,
        primary=shown_address(profile, connection),
        mail=_one_line(profile.mail or profile.user_principal_name),
        calendar_readable=not missing,
        unlicensed=missing.casefold() == NEVER_MADE,
        ids_tried=len(ids),
        ids_resolved=resolved,
        is_guest=accounts.is_guest(profile.user_principal_name),
        held_by_another_member=bool(other_holders(connection, signed_in.claims)),
        sees_shared=shared,
        sign_in_name=profile.user_principal_name.casefold(),
    )


def shown_address(profile: Profile, connection: CalendarConnection) -> str:
    """The address that names the account to people: `mail`, unless it is the very one that was expected while the
    sign-in name is another: an account that only looks like ours is named by what it cannot choose."""
    if profile.mail and profile.mail.casefold() != connection.account.casefold():
        return _one_line(profile.mail)
    return _one_line(profile.user_principal_name or profile.mail)


def _one_line(address: str) -> str:
    """As it is stored, shown and mailed: in a directory of one's own, one may write there what one likes."""
    return " ".join(address.split()).casefold()[:ADDRESS_LENGTH]


def old_ids(connection: CalendarConnection) -> list[str]:
    """At most 1,000 old ids of singles and series masters, those latest in time first: they are likeliest to exist."""
    rows = SyncedEvent.objects.filter(connection=connection, series=None, deleted_at=None, ews_id__isnull=False)
    newest = rows.order_by("-starts_at", "pk").values_list("ews_id", flat=True)
    return [ews_id for ews_id in newest[: accounts.IDS_TRIED_AT_MOST] if ews_id]


def other_holders(connection: CalendarConnection, claims: Claims) -> list[int]:
    """The other members whose live connections are pinned to this very account."""
    others = connections.holders(claims.tid, claims.oid).exclude(member_id=connection.member_id)
    return list(others.values_list("member_id", flat=True))


def _why_no_calendar(client: GraphClient) -> str:
    """Empty where it opens; else Microsoft's word for why it never will."""
    try:
        client.default_calendar()
    except MailboxNotServed as error:
        return error.code or "no mailbox"
    return ""


def _sees_shared(client: GraphClient, connection: CalendarConnection) -> bool:
    """Whether the calendar synced until now is one that others lend to this account, of a mailbox that is nobody's own:
    one that several people share, which nobody signs in to. A colleague's is another person's."""
    expected = connection.account.casefold()
    if expected not in {one.owner_address for one in client.calendars()}:
        return False
    elsewhere = CalendarConnection.objects.filter(account__iexact=expected).exclude(member_id=connection.member_id)
    return not (User.objects.filter(email__iexact=expected).exists() or elsewhere.exists())


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
