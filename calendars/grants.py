"""Grants: the tokens of a connection, encrypted at rest, saved by compare-and-set."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from calendars.errors import GrantRefused
from calendars.models import CalendarConnection, Grant

# A token with less life left than this is renewed before use.
MARGIN = 300


class GrantUnreadable(Exception):
    """None of TOKEN_KEYS decrypts it: a key was removed too early. The member would have to sign in again."""


@dataclass(frozen=True)
class Tokens:
    """`expires_at` is a POSIX time; an empty `access_token` means: refresh before use. Never logged."""

    refresh_token: str
    access_token: str = ""
    expires_at: float = 0

    def __repr__(self) -> str:
        return "Tokens(…)"


def encrypt(text: str) -> bytes:
    return _fernet().encrypt(text.encode())


def decrypt(secret: bytes | memoryview) -> str:
    """Raises GrantUnreadable."""
    try:
        if settings.TOKEN_KEYS:
            return _fernet().decrypt(bytes(secret)).decode()
    except InvalidToken:
        pass
    raise GrantUnreadable("no key of TOKEN_KEYS decrypts this")


def secret_of(tokens: Tokens) -> bytes:
    return encrypt(json.dumps(asdict(tokens)))


def store(connection: CalendarConnection, service: str, tokens: Tokens, scopes: Iterable[str] = ()) -> Grant:
    """A new consent: replaces whatever grant there was for the service."""
    changes = {"secret": secret_of(tokens), "scopes": " ".join(sorted(scopes)), "lost_at": None}
    grant, created = Grant.objects.get_or_create(connection=connection, service=service, defaults=changes)
    if not created:
        Grant.objects.filter(pk=grant.pk).update(**changes, version=F("version") + 1, updated_at=timezone.now())
        grant.refresh_from_db()
    return grant


def read(grant: Grant) -> Tokens:
    """Raises GrantUnreadable."""
    return Tokens(**json.loads(decrypt(grant.secret)))


def lives(tokens: Tokens) -> bool:
    return bool(tokens.access_token) and tokens.expires_at > time.time() + MARGIN


def access_token(grant: Grant, redeem: Callable[[str], Tokens], *, refresh: bool = False) -> str:
    """A token that lives long enough for a request; `refresh` after the service refused the last one. `redeem` asks the
    service for new tokens for a refresh token.

    No lock is held while the service is asked: whoever loses the race to save reads what the winner saved. Raises what
    `redeem` does, and GrantUnreadable.
    """
    used = read(grant)
    if lives(used) and not refresh:
        return used.access_token
    grant.refresh_from_db()
    tokens = read(grant)
    if lives(tokens) and tokens.access_token != used.access_token:
        return tokens.access_token
    version = grant.version
    try:
        renewed = redeem(tokens.refresh_token)
        if renew(grant, renewed):
            return renewed.access_token
        grant.refresh_from_db()
    except GrantRefused:
        # Of a token that somebody has replaced meanwhile, be it by a new sign-in: no refusal of the grant.
        grant.refresh_from_db()
        if grant.version == version:
            raise
    return read(grant).access_token


def renew(grant: Grant, tokens: Tokens) -> bool:
    """Saves refreshed tokens unless somebody saved others since `grant` was read; then False: read again."""
    saved = Grant.objects.filter(pk=grant.pk, version=grant.version).update(
        secret=secret_of(tokens), version=F("version") + 1, updated_at=timezone.now()
    )
    if saved:
        grant.refresh_from_db()
    return bool(saved)


def lose(grant: Grant) -> bool:
    """Notes that the service refused this version of the grant for good; False where it has been replaced since."""
    since = Coalesce("lost_at", Value(timezone.now()))
    this = Grant.objects.filter(pk=grant.pk, version=grant.version)
    return bool(this.update(lost_at=since, version=F("version") + 1))


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])
