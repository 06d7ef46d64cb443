"""The Microsoft identity platform, version 2, of the simulator.

`handle` serves, for a tenant segment of `organizations`, `common`, `consumers` or a tenant's id:

- `/{tenant}/v2.0/.well-known/openid-configuration`, `/{tenant}/discovery/v2.0/keys`
- `/common/discovery/instance`
- `/{tenant}/oauth2/v2.0/authorize`, `/{tenant}/oauth2/v2.0/token`, `/{tenant}/oauth2/v2.0/logout`
- `/{tenant}/v2.0/adminconsent`

Any `client_id` and any redirect address of https, or of this machine, count as registered. Any client secret
is right but for those that start with `wrong` (AADSTS7000215) or `expired` (AADSTS7000222).
Every time in a token is the simulated clock's.
"""

from __future__ import annotations

from tests.simulator.http import Request, Response
from tests.simulator.identity import accounts, discovery, pages
from tests.simulator.identity.accounts import concerned
from tests.simulator.identity.authorize import authorize, values_of
from tests.simulator.identity.consent import admin_consent
from tests.simulator.identity.errors import Refusal, token_answer
from tests.simulator.identity.redeem import token
from tests.simulator.world import World

__all__ = ["concerned", "handle"]


def handle(world: World, request: Request) -> Response | None:
    """Answer a request to the identity platform; None where the path is none of its."""
    tenant, *rest = request.segments
    tenant = tenant.lower()
    match rest:
        case ["discovery", "instance"] if tenant == "common":
            return discovery.instances(request)
        case ["v2.0", ".well-known", "openid-configuration"]:
            return _configuration(world, request, tenant)
        case ["discovery", "v2.0", "keys"]:
            return discovery.keys()
        case ["oauth2", "v2.0", "authorize"]:
            return authorize(world, request, tenant)
        case ["oauth2", "v2.0", "token"]:
            return token(world, request, tenant)
        case ["oauth2", "v2.0", "logout"]:
            return _logout(request)
        case ["v2.0", "adminconsent"]:
            return admin_consent(world, request, tenant)
    return None


def _configuration(world: World, request: Request, tenant: str) -> Response:
    try:
        accounts.known_tenant(world, tenant)
    except Refusal as refusal:
        return token_answer(refusal, request, world.now())
    return discovery.configuration(request, tenant, accounts.issuer_tenant(tenant))


def _logout(request: Request) -> Response:
    address = values_of(request).get("post_logout_redirect_uri")
    return Response.redirect(address) if address else pages.signed_out()
