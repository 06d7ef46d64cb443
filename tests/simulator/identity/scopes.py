"""Scopes, compared as Microsoft compares them and handed back as they were asked for."""

from __future__ import annotations

from tests.simulator.identity.errors import Refusal

GRAPH = "https://graph.microsoft.com"
EXCHANGE = "https://outlook.office365.com"
# They ask for parts of the answer rather than for an access to something.
RESERVED = frozenset({"openid", "profile", "email", "offline_access"})


def normal(scope: str) -> str:
    """The short, case-free form: a Graph permission may come with its resource in front or without.

    Exchange has two addresses for the one service.
    """
    return scope.lower().replace("https://outlook.office.com/", EXCHANGE + "/").removeprefix(GRAPH + "/")


def resource(scope: str) -> str:
    """The service that a permission belongs to; a permission without one is Graph's."""
    return normal(scope).rsplit("/", 1)[0] if "://" in normal(scope) else GRAPH


def permissions(scopes: list[str]) -> list[str]:
    """The scopes that give access to a service."""
    return [scope for scope in scopes if scope.lower() not in RESERVED]


def for_one_resource(asked: list[str], granted: list[str]) -> list[str]:
    """The scopes that an access token is issued for: `asked`, or all `granted` where nothing is asked.

    An access token is good for a single service, and for nothing beyond what was consented to.
    """
    wanted = asked or granted
    if len({resource(scope) for scope in permissions(wanted)}) > 1:
        text = (
            f"The provided value for the input parameter 'scope' is not valid because it contains more than "
            f"one resource. Scope {' '.join(wanted)} is not valid."
        )
        raise Refusal(700022, "invalid_request", text)
    beyond = {normal(scope) for scope in permissions(wanted)} - {normal(scope) for scope in granted}
    if beyond:
        text = (
            "The user or administrator has not consented to use the application. Send an interactive "
            "authorization request for this user and resource."
        )
        raise Refusal(65001, "invalid_grant", text, suberror="consent_required")
    return wanted
