"""Tokens that rotate: whoever loses the race to save goes on with what the winner saved, and nothing older is kept."""

from datetime import timedelta

import pytest
import time_machine

from calendars import grants
from calendars.graph import tokens
from calendars.graph.errors import GrantRefused, TryLater
from calendars.models import Grant
from tests.calendars.graph.steps import ADA
from tests.factories import NOW
from tests.simulator.client import Simulator


@pytest.fixture
def grant(connection) -> Grant:
    return Grant.objects.get()


def stored() -> grants.Tokens:
    return grants.read(Grant.objects.get())


def test_a_token_is_used_while_it_lives_and_renewed_with_a_new_refresh_token(grant: Grant, simulator: Simulator):
    first = stored()
    access = tokens.access_token(grant)
    renewed = stored()
    assert renewed.access_token == access and renewed.refresh_token != first.refresh_token
    assert tokens.access_token(Grant.objects.get()) == access
    assert [line["path"] for line in simulator.journal() if line["path"].endswith("/token")] == [
        "/common/oauth2/v2.0/token"
    ]


def test_who_loses_the_race_reads_what_the_winner_saved(grant: Grant, monkeypatch):
    redeem = tokens.redeem
    late = Grant.objects.get()

    def another_is_faster(*args):
        renewed = redeem(*args)
        monkeypatch.setattr(tokens, "redeem", redeem)
        tokens.access_token(grant)
        return renewed

    monkeypatch.setattr(tokens, "redeem", another_is_faster)
    assert tokens.access_token(late) == stored().access_token == grants.read(grant).access_token
    assert Grant.objects.get().version == 2, "saved once"
    assert tokens.access_token(late) == stored().access_token


def test_who_comes_after_another_has_renewed_asks_nobody(grant: Grant, simulator: Simulator):
    late = Grant.objects.get()
    access = tokens.access_token(grant)
    before = len(simulator.journal())
    assert tokens.access_token(late, refresh=True) == access
    assert len(simulator.journal()) == before


def test_a_refusal_of_a_token_that_was_replaced_meanwhile_is_none_of_the_grant(grant: Grant, monkeypatch):
    redeem = tokens.redeem

    def replaced_and_refused(*args):
        grants.renew(Grant.objects.get(), redeem(*args))
        raise GrantRefused(code="invalid_grant")

    monkeypatch.setattr(tokens, "redeem", replaced_and_refused)
    assert tokens.access_token(grant) == stored().access_token


def test_a_refused_grant_is_left_as_it_was(grant: Grant, simulator: Simulator):
    before = Grant.objects.values().get()
    body = {"error": "invalid_grant", "error_codes": [50173]}
    simulator.fault(operation="token", status=400, body=body, count=1)
    with pytest.raises(GrantRefused):
        tokens.access_token(grant)
    assert Grant.objects.values().get() == before
    assert tokens.access_token(grant), "no refusal is remembered"


# --- Where tokens are asked for ---------------------------------------------------------------------------------------
def operations(simulator: Simulator, since: int) -> list[str]:
    return [line["operation"] for line in simulator.journal()[since:]]


def test_microsofts_endpoints_are_asked_for_once_a_day_and_tokens_each_time(grant: Grant, simulator: Simulator):
    before = len(simulator.journal())
    for _ in range(3):
        tokens.access_token(grant, refresh=True)
    assert operations(simulator, before) == ["discovery", "token", "token", "token"]
    assert tokens.application().get_accounts() == [], "whose tokens they are is known to no application"
    before = len(simulator.journal())
    with time_machine.travel(NOW + timedelta(hours=25), tick=True):
        tokens.access_token(grant, refresh=True)
    assert operations(simulator, before) == ["discovery", "token"]


@pytest.mark.parametrize("body", ["{}", "<html>"])
def test_an_answer_of_a_gateway_in_between_is_not_kept(grant: Grant, simulator: Simulator, body: str):
    simulator.fault(operation="discovery", body=body, count=1)
    with pytest.raises(TryLater):
        tokens.access_token(grant)
    assert tokens.access_token(grant)


def test_each_authority_has_endpoints_of_its_own(grant: Grant, simulator: Simulator, settings):
    tokens.access_token(grant, refresh=True)
    before = len(simulator.journal())
    settings.MICROSOFT_AUTHORITY = "https://login.microsoftonline.com/organizations"
    tokens.access_token(grant, refresh=True)
    assert [line["path"] for line in simulator.journal()[before:]] == [
        "/organizations/v2.0/.well-known/openid-configuration", "/organizations/oauth2/v2.0/token",
    ]  # fmt: skip


def test_without_a_new_refresh_token_the_old_one_stays(grant: Grant, simulator: Simulator):
    given = simulator.token(ADA, service="graph")
    body = {"access_token": given["access_token"], "token_type": "Bearer", "expires_in": 3600}
    before = stored()
    simulator.fault(operation="token", status=200, body=body)
    tokens.access_token(grant)
    assert stored().refresh_token == before.refresh_token and stored().access_token == given["access_token"]


def test_what_passes_is_no_refusal(grant: Grant, simulator: Simulator):
    simulator.fault(operation="token", status=503)
    with pytest.raises(TryLater):
        tokens.access_token(grant)
