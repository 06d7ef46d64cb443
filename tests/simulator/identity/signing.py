"""The key that signs id tokens: a real RSA key, made once per process."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def _private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _key_id() -> str:
    public = _private_key().public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return unpadded(hashlib.sha256(der).digest()[:20])


def unpadded(raw: bytes) -> str:
    """URL-safe base64 without padding, as in RFC 7515, section 2."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(claims: dict[str, Any]) -> str:
    """`claims` as a JWT that the published key verifies."""
    return jwt.encode(claims, _private_key(), algorithm="RS256", headers={"kid": _key_id()})


def published_keys() -> dict[str, Any]:
    """The JSON Web Key Set with the public half."""
    numbers = _private_key().public_key().public_numbers()
    key = {
        "kty": "RSA",
        "use": "sig",
        "kid": _key_id(),
        "x5t": _key_id(),
        "n": unpadded(numbers.n.to_bytes(256, "big")),
        "e": unpadded(numbers.e.to_bytes(3, "big")),
        "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
    }
    return {"keys": [key]}
