"""Who signed in, as the application is told: the id token and `client_info`.

Vendor's page: Microsoft, "ID token claims reference".
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime
from typing import Any

from tests.simulator.identity.signing import sign, unpadded
from tests.simulator.mailbox import Mailbox


def id_token(
    mailbox: Mailbox, *, client_id: str, scopes: list[str], nonce: str | None, now: datetime, life: int
) -> str:
    """A signed id token; which claims it holds depends on `scopes`, as with Microsoft."""
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "ver": "2.0",
        "iss": f"https://login.microsoftonline.com/{mailbox.tid}/v2.0",
        "aud": client_id,
        "iat": issued,
        "nbf": issued,
        "exp": issued + life,
        "sub": _pairwise(mailbox, client_id),
        "tid": mailbox.tid,
        "uti": secrets.token_urlsafe(16),
        "rh": "0.",
    }
    if nonce:
        claims["nonce"] = nonce
    asked = {scope.lower() for scope in scopes}
    if "profile" in asked:
        claims |= {"oid": mailbox.oid, "name": mailbox.name, "preferred_username": _username(mailbox)}
    if "email" in asked and mailbox.mail:
        claims["email"] = mailbox.mail
    return sign(claims)


def client_info(mailbox: Mailbox) -> str:
    """The account's and the tenant's id, as MSAL reads them: base64url of a small JSON object."""
    return unpadded(json.dumps({"uid": mailbox.oid, "utid": mailbox.tid}).encode())


def _username(mailbox: Mailbox) -> str:
    """What the person signs in with; for a guest that is the address at home, not the name it has here."""
    return mailbox.address if mailbox.kind == "guest" else mailbox.upn or mailbox.address


def _pairwise(mailbox: Mailbox, client_id: str) -> str:
    """The same for one account at one application, another at every other application."""
    return unpadded(hashlib.sha256(f"{mailbox.tid}/{mailbox.oid}/{client_id}".encode()).digest())
