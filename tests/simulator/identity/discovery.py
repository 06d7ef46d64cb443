"""What a client reads before it signs anybody in: the endpoints, the known hosts, the keys."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.simulator.http import Request, Response
from tests.simulator.identity.signing import published_keys

# MSAL accepts https authorities only, and a token endpoint of https only, while the simulator speaks plain
# http. So a client names an https host that exists nowhere, and its transport sends what is meant for that
# host to the simulator. This is the host unless the transport says otherwise in X-Forwarded-Host.
PLACEHOLDER_HOST = "login.sim.test"


def configuration(request: Request, tenant: str, issuer_tenant: str) -> Response:
    """The OpenID configuration of `tenant`; a browser needs no placeholder, so its addresses are plain."""
    secure = f"https://{_secure_host(request)}/{tenant}"
    plain = f"{request.base_url}/{tenant}"
    return Response.json(
        {
            "issuer": f"https://login.microsoftonline.com/{issuer_tenant}/v2.0",
            "authorization_endpoint": f"{plain}/oauth2/v2.0/authorize",
            "token_endpoint": f"{secure}/oauth2/v2.0/token",
            "end_session_endpoint": f"{plain}/oauth2/v2.0/logout",
            "jwks_uri": f"{plain}/discovery/v2.0/keys",
            "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "claims_supported": [
                *("sub", "iss", "aud", "exp", "iat", "nbf", "nonce", "ver"),
                *("tid", "oid", "name", "preferred_username", "email"),
            ],
            "request_uri_parameter_supported": False,
            "tenant_region_scope": None,
            "cloud_instance_name": "microsoftonline.com",
        }
    )


def instances(request: Request) -> Response:
    """The hosts that are one and the same authority, for clients that ask before they trust a host."""
    asked = request.arg("authorization_endpoint")
    if not asked:
        text = "AADSTS900144: The request must contain the following parameter: 'authorization_endpoint'."
        return Response.json({"error": "invalid_request", "error_description": text}, status=400)
    tenant = urlsplit(asked).path.strip("/").split("/")[0] or "common"
    host = _secure_host(request)
    microsoft = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]
    return Response.json(
        {
            "tenant_discovery_endpoint": f"https://{host}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {"preferred_network": host, "preferred_cache": host, "aliases": [host]},
                {"preferred_network": microsoft[0], "preferred_cache": microsoft[1], "aliases": microsoft},
            ],
        }
    )


def keys() -> Response:
    """The keys that verify id tokens."""
    return Response.json(published_keys())


def _secure_host(request: Request) -> str:
    return request.headers.get("x-forwarded-host") or PLACEHOLDER_HOST
