"""What Microsoft's sign-in answers, in the words that the product acts on. Pure.

Vendor's pages: Microsoft, "Microsoft identity platform and OAuth 2.0 authorization code flow", "Microsoft Entra
authentication and authorization error codes", "ID token claims reference".
"""

import json
import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from calendars.graph.errors import (
    AccessDenied,
    GrantRefused,
    GraphError,
    MailboxNotServed,
    OperatorFault,
    TryLater,
)
from calendars.graph.tokens import SCOPES
from migration.accounts import Claims
from migration.models import SignInAttempt

Result = SignInAttempt.Result
# Clocks differ a little.
SKEW = 120
RESERVED_SCOPES = {"openid", "profile", "email", "offline_access"}
GRAPH_PREFIX = "https://graph.microsoft.com/"

CONSENT_NUMBERS = {"90093", "90094", "90095"}
CANCEL_NUMBER = "65004"
CONSENT_WITHDRAWN = "65001"
CODE_USED = "54005"
OURS = {"invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope", "invalid_client"}
PASSING = {"server_error", "temporarily_unavailable"}


class Reason(StrEnum):
    """Why a sign-in ended as it did, finer than its result: chooses the words that the member reads."""

    CANCELLED = "cancelled"
    ADMINISTRATOR = "administrator"
    PERMISSION = "permission"
    REFUSED = "refused"
    # Refusals of which we can say what they are and whom to ask.
    FURTHER_CHECK = "further_check"
    ACCESS_RULE = "access_rule"
    BLOCKED = "blocked"
    NOT_ASSIGNED = "not_assigned"
    SIGNED_OUT = "signed_out"
    EXPIRED = "expired"
    USED = "used"
    UNREACHABLE = "unreachable"
    UNCLEAR = "unclear"
    OPERATOR = "operator"
    CALENDAR_DENIED = "calendar_denied"
    CHANGED = "changed"


# The token endpoint's finer words, and the numbers, which may change: what neither tells stays REFUSED.
BY_SUBERROR = {
    "basic_action": Reason.FURTHER_CHECK,
    "additional_action": Reason.ACCESS_RULE,
    "message_only": Reason.ACCESS_RULE,
}
BY_NUMBER = {
    **dict.fromkeys(("50072", "50074", "50076", "50078", "50079", "50158"), Reason.FURTHER_CHECK),
    **dict.fromkeys(("53000", "53001", "53002", "53003", "53004", "530003", "530032"), Reason.ACCESS_RULE),
    **dict.fromkeys(("50053", "50057"), Reason.BLOCKED),
    "50105": Reason.NOT_ASSIGNED,
}
CLAIMS_LENGTH = 4000


class SignInEnded(Exception):
    """The sign-in ends here and nothing is kept. `code` is Microsoft's own word, for support; it holds no token.
    `claims`: what Microsoft wants the next sign-in to prove, as JSON text to be handed back to it."""

    def __init__(self, result: Result, reason: Reason, code: str = "", claims: str = "") -> None:
        super().__init__(f"{reason} {code}".strip())
        self.result, self.reason, self.code, self.claims = result, reason, code, claims

    @property
    def detail(self) -> str:
        return str(self)[:300]


def reason_of(attempt: SignInAttempt) -> Reason | None:
    """The reason that `SignInEnded.detail` left in the attempt."""
    word = attempt.detail.partition(" ")[0]
    return Reason(word) if word in set(Reason) else None


def code_of(attempt: SignInAttempt) -> str:
    """Microsoft's own word for it, which `SignInEnded.detail` left there too."""
    return attempt.detail.partition(" ")[2]


def from_callback(query: Mapping[str, str]) -> SignInEnded:
    """What a callback without a code means. Its parameters are anybody's to write: only known words are kept."""
    error, subcode = _word(query.get("error", "")), _word(query.get("error_subcode", ""))
    numbers = re.findall(r"AADSTS(\d{4,8})", query.get("error_description", ""))[:1]
    code = " ".join([part for part in (error, subcode) if part] + [f"AADSTS{number}" for number in numbers])
    if CONSENT_NUMBERS & set(numbers) or error == "consent_required":
        return SignInEnded(Result.CONSENT_MISSING, Reason.ADMINISTRATOR, code)
    if subcode == "cancel" or CANCEL_NUMBER in numbers or (error == "access_denied" and not numbers):
        return SignInEnded(Result.CANCELLED, Reason.CANCELLED, code)
    if error in PASSING:
        return SignInEnded(Result.FAILED, Reason.UNREACHABLE, code)
    if error in OURS:
        return SignInEnded(Result.FAILED, Reason.OPERATOR, code)
    if not error:
        return SignInEnded(Result.FAILED, Reason.UNCLEAR, "neither code nor error")
    return SignInEnded(Result.REFUSED, _finer(numbers, ""), code)


def from_token_endpoint(answer: Mapping[str, Any], error: GraphError) -> SignInEnded:
    """What a refused redemption of the code means; `error` is what `calendars.graph.tokens.check` made of it."""
    numbers = {str(number) for number in answer.get("error_codes") or []}
    if CODE_USED in numbers:
        return SignInEnded(Result.FAILED, Reason.USED, error.code)
    if CONSENT_NUMBERS & numbers:
        return SignInEnded(Result.CONSENT_MISSING, Reason.ADMINISTRATOR, error.code)
    if answer.get("error") == "consent_required" or answer.get("suberror") == "consent_required":
        return SignInEnded(Result.CONSENT_MISSING, Reason.PERMISSION, error.code)
    if CONSENT_WITHDRAWN in numbers:
        return SignInEnded(Result.CONSENT_MISSING, Reason.PERMISSION, error.code)
    if isinstance(error, GrantRefused):
        reason = _finer(numbers, str(answer.get("suberror") or ""))
        return SignInEnded(Result.REFUSED, reason, error.code, _claims(answer.get("claims")))
    return from_graph(error)


def from_graph(error: GraphError) -> SignInEnded:
    """What an error of Graph's or of the token endpoint's means for a sign-in."""
    code = error.code or str(error)
    match error:
        case TryLater():
            return SignInEnded(Result.FAILED, Reason.UNREACHABLE, code)
        case OperatorFault():
            return SignInEnded(Result.FAILED, Reason.OPERATOR, code)
        case GrantRefused():
            return SignInEnded(Result.REFUSED, Reason.REFUSED, code)
        case AccessDenied() | MailboxNotServed():
            return SignInEnded(Result.FAILED, Reason.CALENDAR_DENIED, code)
    return SignInEnded(Result.FAILED, Reason.UNCLEAR, code)


def checked_claims(claims: Mapping[str, Any], *, client_id: str, authority: str, now: float) -> Claims:
    """Who signed in, casefolded; msal checks the nonce and nothing else. `now` is a POSIX time. Raises SignInEnded.

    The token came from the token endpoint over TLS, so its signature needs no check ("ID tokens", validation).
    """
    tid, oid = claims.get("tid"), claims.get("oid")
    if not isinstance(tid, str) or not isinstance(oid, str) or not tid or not oid:
        raise _unclear("no tid or oid")
    if claims.get("aud") != client_id:
        raise _unclear("aud")
    # Microsoft's document says "…/{tenantid}/v2.0" for doors that serve many tenants: the token's own tid goes there.
    if claims.get("iss") != f"https://{urlsplit(authority).netloc}/{tid}/v2.0":
        raise _unclear("iss")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or expires + SKEW < now:
        raise _unclear("exp")
    return Claims(tid.casefold(), oid.casefold())


def checked_scopes(answer: Mapping[str, Any]) -> list[str]:
    """The scopes granted, without the reserved ones, which msal adds by itself. Raises SignInEnded where one that the
    sync needs is missing, or the token that renews the others."""
    granted = [scope for scope in str(answer.get("scope") or "").split() if scope.casefold() not in RESERVED_SCOPES]
    short = {scope.casefold().removeprefix(GRAPH_PREFIX) for scope in granted}
    missing = [scope for scope in SCOPES if scope.casefold() not in short]
    if missing:
        raise SignInEnded(Result.CONSENT_MISSING, Reason.PERMISSION, "without " + ",".join(missing))
    if not answer.get("refresh_token"):
        raise SignInEnded(Result.CONSENT_MISSING, Reason.PERMISSION, "without refresh token")
    return granted


def _finer(numbers: Collection[str], suberror: str) -> Reason:
    if suberror in BY_SUBERROR:
        return BY_SUBERROR[suberror]
    return next((BY_NUMBER[number] for number in sorted(numbers) if number in BY_NUMBER), Reason.REFUSED)


def _claims(given: Any) -> str:
    """What to hand back to Microsoft; nothing where it is not the JSON object that it should be."""
    try:
        readable = isinstance(given, str) and len(given) <= CLAIMS_LENGTH and isinstance(json.loads(given), dict)
    except ValueError:
        return ""
    return given if readable else ""


def _unclear(what: str) -> SignInEnded:
    return SignInEnded(Result.FAILED, Reason.UNCLEAR, f"id token: {what}")


def _word(value: str) -> str:
    return value if re.fullmatch(r"[a-z_]{1,60}", value) else ""
