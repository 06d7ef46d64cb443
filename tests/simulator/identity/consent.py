"""An administrator lets the application in for a whole organisation.

Vendor's page: Microsoft, "Admin consent on the Microsoft identity platform".
"""

from __future__ import annotations

from urllib.parse import urlencode

from tests.simulator.http import Request, Response
from tests.simulator.identity import accounts, pages
from tests.simulator.identity.authorize import check_way_back, values_of, with_parameters
from tests.simulator.identity.errors import Refusal, callback_parameters
from tests.simulator.world import World


def admin_consent(world: World, request: Request, tenant: str) -> Response:
    """Consent for the tenant in the path, or for that of the account picked where the path names none."""
    try:
        values = values_of(request)
        accounts.known_tenant(world, tenant)
        check_way_back(values)
        if "cancel" in values:
            text = "The resource owner or authorization server denied the request."
            refusal = Refusal(65004, "access_denied", text, subcode="cancel")
            return _back(values, callback_parameters(refusal, world.now()))
        address = values.get("sim_account", "").strip()
        if tenant in accounts.DOORS and not address:
            return _page(world, request, values)
        tid = accounts.account(world, address, tenant).tid if address else tenant
    except Refusal as refusal:
        return pages.error_page(refusal, world.now())
    accounts.give_consent(world, tid)
    granted = {"admin_consent": "True", "tenant": tid}
    if "scope" in values:
        granted["scope"] = values["scope"]
    return _back(values, granted)


def _page(world: World, request: Request, values: dict[str, str]) -> Response:
    return pages.account_page(
        action=f"{request.path}?{urlencode(request.query, doseq=True)}",
        mailboxes=[mailbox for mailbox in accounts.listed(world) if mailbox.kind == "work"],
        hinted=None,
        typed="",
        scopes=values.get("scope", "").split(),
        client_id=values["client_id"],
        heading="Permissions for your whole organisation",
    )


def _back(values: dict[str, str], answer: dict[str, str]) -> Response:
    if "state" in values:
        answer = {**answer, "state": values["state"]}
    return Response.redirect(with_parameters(values["redirect_uri"], answer))
