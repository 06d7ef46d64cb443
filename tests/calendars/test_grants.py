import json
import logging
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database

from calendars import grants
from calendars.models import CalendarConnection, Grant
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db

TOKENS = grants.Tokens("0.refresh-of-ada", "eyJ.access-of-ada", 1_795_000_000.5)


@pytest.fixture
def connection() -> CalendarConnection:
    return ConnectionFactory()


def raw_secret() -> bytes:
    with database.cursor() as cursor:
        cursor.execute("SELECT secret FROM calendars_grant")
        return bytes(cursor.fetchone()[0])


def test_what_is_stored_is_read_again_and_lies_encrypted(connection: CalendarConnection):
    grant = grants.store(connection, "graph", TOKENS, ["openid", "Calendars.ReadWrite"])
    assert grants.read(Grant.objects.get()) == TOKENS
    assert (grant.version, grant.scopes, grant.lost_at) == (1, "Calendars.ReadWrite openid", None)
    secret = raw_secret()
    for part in (TOKENS.refresh_token, TOKENS.access_token, "refresh_token", "of-ada"):
        assert part.encode() not in secret
    assert secret != grants.secret_of(TOKENS), "never twice the same"
    assert json.loads(grants.decrypt(secret))["refresh_token"] == TOKENS.refresh_token


def test_keys_are_rotated_the_first_encrypts_and_all_decrypt(connection: CalendarConnection, settings: Any):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.TOKEN_KEYS = [old]
    grant = grants.store(connection, "graph", TOKENS)
    settings.TOKEN_KEYS = [new, old]
    assert grants.read(grant) == TOKENS
    assert grants.renew(grant, TOKENS)
    settings.TOKEN_KEYS = [new]
    assert grants.read(Grant.objects.get()) == TOKENS
    settings.TOKEN_KEYS = [old]
    with pytest.raises(grants.GrantUnreadable):
        grants.read(Grant.objects.get())


@pytest.mark.parametrize("keys", [[], [Fernet.generate_key().decode()]], ids=["no key", "another key"])
def test_without_its_key_a_grant_is_unreadable(connection: CalendarConnection, settings: Any, keys: list[str]):
    grant = grants.store(connection, "ews", TOKENS)
    settings.TOKEN_KEYS = keys
    with pytest.raises(grants.GrantUnreadable) as caught:
        grants.read(grant)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_secret_that_was_tampered_with_is_unreadable(connection: CalendarConnection):
    grant = grants.store(connection, "ews", TOKENS)
    grant.secret = bytes(grant.secret)[:-5] + b"AAAA="
    with pytest.raises(grants.GrantUnreadable):
        grants.read(grant)


def test_a_refresh_is_saved_unless_another_was_saved_first(connection: CalendarConnection):
    grant = grants.store(connection, "graph", TOKENS)
    slow = Grant.objects.get()
    assert grants.renew(grant, grants.Tokens("second", "access"))
    assert grant.version == 2 and grants.read(grant).refresh_token == "second"
    before = Grant.objects.values().get()
    assert not grants.renew(slow, grants.Tokens("late"))
    assert not grants.lose(slow), "what was refused is not what is held now"
    assert Grant.objects.values().get() == before
    assert grants.read(Grant.objects.get()).refresh_token == "second"


def test_a_refusal_is_noted_once_and_ends_older_refreshes(connection: CalendarConnection):
    grant = grants.store(connection, "graph", TOKENS)
    assert grants.lose(grant)
    assert Grant.objects.get().lost_at is not None
    assert not grants.lose(grant)
    assert not grants.renew(grant, grants.Tokens("late"))


def test_a_grant_that_is_refused_again_has_been_lost_since_the_first_time(connection: CalendarConnection):
    assert grants.lose(grants.store(connection, "ews", TOKENS))
    lost_at = Grant.objects.get().lost_at
    assert grants.lose(Grant.objects.get()), "it is the one that is held"
    assert Grant.objects.get().lost_at == lost_at


def test_a_new_consent_replaces_the_grant_of_its_service_alone(connection: CalendarConnection):
    graph = grants.store(connection, "graph", TOKENS)
    grants.store(connection, "ews", grants.Tokens("old sync"))
    grants.lose(graph)
    again = grants.store(connection, "graph", grants.Tokens("new"), ["openid"])
    assert (again.pk, again.version, again.lost_at, again.scopes) == (graph.pk, 3, None, "openid")
    assert grants.read(again).refresh_token == "new"
    assert grants.read(Grant.objects.get(service="ews")).refresh_token == "old sync"


def test_tokens_show_themselves_nowhere(connection: CalendarConnection, caplog: pytest.LogCaptureFixture):
    grant = grants.store(connection, "graph", TOKENS)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").warning("%s %r %s %r", TOKENS, TOKENS, grant, {"tokens": [TOKENS]})
    shown = f"{TOKENS} {TOKENS!r} {[TOKENS]} {grant} {grant!r} {caplog.text}"
    assert TOKENS.refresh_token not in shown and TOKENS.access_token not in shown
