"""The headers of a request that asks for immutable ids, for those that are measured beside the engine."""

import requests


def token(simulator: str, address: str) -> dict[str, str]:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{simulator}/_sim/tokens", json={"address": address}, timeout=60)
    answer.raise_for_status()
    return {
        "Authorization": f"Bearer {answer.json()['access_token']}",
        "Prefer": 'IdType="ImmutableId", outlook.timezone="UTC"',
    }
