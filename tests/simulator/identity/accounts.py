"""Which account may sign in at which door, and whether its organisation lets the application in."""

from __future__ import annotations

from tests.simulator.http import BadBody, Request
from tests.simulator.identity.errors import Refusal
from tests.simulator.mailbox import Mailbox
from tests.simulator.world import PERSONAL_TENANT, Tenant, World

DOORS = ("common", "organizations", "consumers")


def known_tenant(world: World, tenant: str) -> None:
    """Refuse a tenant segment that is neither one of Microsoft's words nor a tenant of this world."""
    if tenant in DOORS or tenant == PERSONAL_TENANT or tenant in world.tenants:
        return
    text = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
    raise Refusal(90002, "invalid_tenant", text)


def issuer_tenant(tenant: str) -> str:
    """What stands in the issuer of `tenant`'s discovery document: a placeholder where it serves many."""
    if tenant == "consumers":
        return PERSONAL_TENANT
    return "{tenantid}" if tenant in DOORS else tenant


def listed(world: World) -> list[Mailbox]:
    """Every account of Microsoft's, by address."""
    with world.lock:
        mailboxes = [mailbox for mailbox in world.mailboxes.values() if is_microsoft(mailbox)]
    return sorted(mailboxes, key=lambda mailbox: mailbox.address)


def is_microsoft(mailbox: Mailbox) -> bool:
    """Whether the account signs in here rather than at Google."""
    return mailbox.provider != "google"


def account(world: World, address: str, tenant: str) -> Mailbox:
    """The account with this address, if it may come in through `tenant`; otherwise the page's refusal."""
    mailbox = world.find_account(address)
    if mailbox is None or not is_microsoft(mailbox):
        text = f"The user account {address} does not exist in the directory. Try another account."
        raise Refusal(50034, "invalid_grant", text)
    personal = mailbox.tid == PERSONAL_TENANT
    if tenant in ("common", mailbox.tid, "consumers" if personal else "organizations"):
        return mailbox
    if personal and tenant == "organizations":
        text = "The domain is not a valid login domain for the account type: use a work or school account."
        raise Refusal(500208, "invalid_request", text)
    provider = "live.com" if personal else f"https://sts.windows.net/{mailbox.tid}/"
    text = (
        f"User account '{address}' from identity provider '{provider}' does not exist in tenant '{tenant}' "
        f"and cannot access the application in that tenant."
    )
    raise Refusal(50020, "invalid_request", text)


def concerned(world: World, request: Request) -> Mailbox | None:
    """The account that a request is about, as far as it says: named, or behind its code or refresh token."""
    try:
        given = {**{name: values[0] for name, values in request.query.items()}, **request.form()}
    except BadBody:
        return None
    with world.lock:
        name = given.get("sim_account", "")
        if entry := world.codes.get(given.get("code", "")):
            name = entry["address"]
        elif known := world.refresh_tokens.get(given.get("refresh_token", "")):
            name = known.mailbox_address
        return world.find_account(name) if name else None


def consented(world: World, tid: str) -> bool:
    """Whether people of this tenant may let the application in, by themselves or by their administrator."""
    tenant = world.tenants.get(tid)
    return tenant is None or tenant.consent == "user"


def give_consent(world: World, tid: str) -> None:
    """The administrator's consent: from now on nobody of the tenant is sent away for the lack of it."""
    with world.lock:
        world.tenants.setdefault(tid, Tenant(tid)).consent = "user"
