"""Answers of Microsoft's token endpoint, made by hand: sound but for what a test changes in them."""

import base64
import json
import time
from typing import Any

from django.conf import settings as product
from django.test import Client

from tests.migration.sign_in_steps import ADA, asked, at_microsoft, to_microsoft
from tests.simulator.client import Simulator


def redeemed(simulator: Simulator, address: str = ADA, **changes: Any) -> dict[str, Any]:
    """An answer of the token endpoint that is sound but for `changes` to its claims or, with a capital, to itself."""
    account = simulator.get_mailbox(address)
    now = int(time.time())
    claims = {
        "iss": f"https://login.microsoftonline.com/{account['tid']}/v2.0",
        "aud": product.MICROSOFT_CLIENT_ID,
        "tid": account["tid"],
        "oid": account["oid"],
        "sub": "pairwise",
        "exp": now + 3600,
    }
    tokens = simulator.token(address)
    answer = {**tokens, "token_type": "Bearer", "scope": "Calendars.ReadWrite User.Read openid profile"}
    claims |= {name: value for name, value in changes.items() if name.islower()}
    answer |= {name.lower(): value for name, value in changes.items() if not name.islower()}
    answer["id_token"] = f"{part({'alg': 'RS256'})}.{part({k: v for k, v in claims.items() if v is not None})}.x"
    return {name: value for name, value in answer.items() if value is not None}


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def come_back(simulator: Simulator, client: Client, answer: Any, account: str = ADA, **fault: Any) -> Any:
    """Signs in, the token endpoint giving `answer`; its nonce is the right one where it is left to be filled in."""
    address = to_microsoft(client)
    back = at_microsoft(address, account)
    if isinstance(answer, dict) and "id_token" in answer:
        head, claims, tail = answer["id_token"].split(".")
        read = json.loads(base64.urlsafe_b64decode(claims + "=="))
        read.setdefault("nonce", asked(address)["nonce"])
        answer = {**answer, "id_token": f"{head}.{part(read)}.{tail}"}
    simulator.fault(operation="token", body=answer, **fault)
    return client.get(back, follow=True)
