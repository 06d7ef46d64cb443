"""A firm changes its domain (R6, R7): its mailboxes go by new addresses, nothing proves it, and support approve the list at
once. Told over HTTP, from the first ticket over the list to each member's own sign-in.
"""

from typing import Any

import pytest

from calendars.models import CalendarConnection
from calendars.states import State
from migration.models import AddressChange, Ticket
from tests import queue
from tests.factories import ConnectionFactory, FirmFactory, MemberFactory
from tests.flows.steps import log_in, press_the_button, put_first, sign_in, submit
from tests.migration.sign_in_steps import held, mailbox_with, synced
from tests.migration.visiting import text
from tests.simulator.client import Simulator
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
OLD, NEW = "harper.example", "harper-wolfe.example"


def member(firm: Any, name: str) -> CalendarConnection:
    return ConnectionFactory(member=MemberFactory(email=f"{name}@{OLD}", name=name.title(), firm=firm))


def test_a_firm_has_changed_its_domain(
    simulator: Simulator, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    firm = FirmFactory(name="Harper & Wolfe LLP", slug="harper-wolfe", flagged=True)
    ada, ben, cora = (member(firm, name) for name in ("ada", "ben", "cora"))
    eve = ConnectionFactory(member=MemberFactory(email="eve@elsewhere.example", firm=FirmFactory(flagged=True)))
    # Few events, and the old addresses are gone from the mailboxes: in doubt, refused.
    for connection in (ada, ben):
        name = connection.member.email.partition("@")[0]
        mailbox_with(simulator, synced(connection, 3), f"{name}@{NEW}")
    simulator.mailbox(f"cora@{NEW}", kind="guest")
    synced(cora, 3)

    client, prompt = log_in(ada.member)
    refused = sign_in(client, prompt, f"ada@{NEW}")
    assert "not the account your calendar belongs to" in text(refused)
    submit(client, refused, f"/move/tickets/{Ticket.objects.get().reference}/", reason="address_changed")

    # Support see from her words what it is, and go from her ticket to the list for the whole firm.
    support = client_of(staff_of("Support"))
    page = support.get(f"/admin/migration/ticket/{Ticket.objects.get().pk}/change/")
    assert "My address has changed" in text(page)
    form = support.get(f"/admin/migration/addresschange/approve/?firm={firm.pk}")
    pasted = "\n".join(f"{name}@{OLD} -> {name}@{NEW}" for name in ("ada", "ben", "cora", "eve"))
    given = {"firm": firm.pk, "kind": "same_mailbox", "lines": pasted, "days": 30, "note": "rang their office"}
    shown = submit(support, form, "/admin/migration/addresschange/approve/", **given, preview="1")
    assert "3 lines can be approved, for 3 members" in text(shown)
    assert "No member of this firm has this address connected" in text(shown), "eve is another firm's"
    before = [held(one) for one in (ada, ben, cora, eve)]
    with django_capture_on_commit_callbacks(execute=True):
        done = submit(support, shown, "/admin/migration/addresschange/approve/", **given,
                      seen=shown.context["seen"], confirm="1")  # fmt: skip
    assert done.status_code == 302 and AddressChange.objects.count() == 3
    assert [held(one) for one in (ada, ben, cora, eve)] == before, "nothing moves before a member signs in"
    assert mailoutbox[-1].to == [ada.member.email] and f"ada@{NEW}" in mailoutbox[-1].body

    # Ada's ticket waits for her, and closes with the sign-in; Ben, who comes later, never sees one.
    for connection in (ada, ben):
        client, prompt = log_in(connection.member)
        new = f"{connection.member.email.partition('@')[0]}@{NEW}"
        assert "which Support has accepted" in text(prompt) and put_first(press_the_button(client, prompt)) == new
        assert sign_in(client, prompt, new).redirect_chain[-1][0].startswith("/move/runs/")
        queue.drain()
        connection.refresh_from_db()
        assert connection.state == State.GRAPH_SYNC and connection.other_addresses == [new]
        assert AddressChange.objects.get(connection=connection).oid == connection.oid
    assert Ticket.objects.get().state == "closed"

    # The list waives nothing else: what is no mailbox of hers is none under the new address either.
    client, prompt = log_in(cora.member)
    assert "You came as a guest" in text(sign_in(client, prompt, f"cora@{NEW}"))
    cora.refresh_from_db()
    assert (cora.state, cora.oid) == (State.UNSUPPORTED, "")
