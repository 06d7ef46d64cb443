"""Who is let in, and what exchangelib makes of refusals, throttling and broken connections."""

import threading

import pytest
import requests
from exchangelib import CalendarItem
from exchangelib.credentials import OAuth2AuthorizationCodeCredentials
from exchangelib.errors import (
    ErrorAccessDenied,
    ErrorExceededConnectionCount,
    ErrorNonExistentMailbox,
    ErrorServerBusy,
    ErrorTimeoutExpired,
    MalformedResponseError,
    UnauthorizedError,
)

from tests.simulator.client import Simulator
from tests.simulator_tests.ews_steps import Outlook
from tests.simulator_tests.graph_steps import ADA, BOB

FOLDER = (
    "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>"
    '<t:DistinguishedFolderId Id="calendar"/></m:FolderIds></m:GetFolder>'
)


def test_a_request_needs_a_token_of_this_service_that_has_not_expired(outlook: Outlook) -> None:
    refused = [
        {"Authorization": ""},
        {"Authorization": "Bearer nobody"},
        {"Authorization": f"Bearer {outlook.graph.token}"},
    ]
    assert [outlook.soap(FOLDER, **headers).status_code for headers in refused] == [401, 401, 401]
    assert outlook.soap(FOLDER).status_code == 200
    outlook.simulator.clock(advance=4001)
    assert outlook.soap(FOLDER).status_code == 401
    with pytest.raises(UnauthorizedError):
        outlook.sync()
    line = outlook.simulator.journal()[-1]
    assert (line["status"], line["mailbox"]) == (401, ADA), "who was refused is known from the token"


def test_a_grant_of_the_old_sync_renews_itself(outlook: Outlook) -> None:
    pair = outlook.simulator.token(ADA, service="ews", expires_in=1)
    outlook.simulator.clock(advance=2)
    saved: list[dict[str, object]] = []

    class Grant(OAuth2AuthorizationCodeCredentials):
        @property
        def token_url(self) -> str:
            return f"{outlook.simulator.url}/organizations/oauth2/v2.0/token"

        def on_token_auto_refreshed(self, access_token: dict[str, object]) -> None:
            super().on_token_auto_refreshed(access_token)
            saved.append(dict(access_token))

    token = {"access_token": pair["access_token"], "refresh_token": pair["refresh_token"], "token_type": "Bearer"}
    grant = Grant(
        client_id="caret", client_secret="s", tenant_id="organizations", access_token={**token, "expires_at": 1}
    )
    outlook.account.protocol.config._credentials = grant
    assert [kind for kind, _ in outlook.sync()[0]] == ["create"] * 3
    assert saved and saved[0]["refresh_token"] != pair["refresh_token"]
    assert [line["status"] for line in outlook.simulator.journal() if line["operation"] == "token"] == [200]


@pytest.mark.parametrize("host", ["outlook.office365.com", "outlook.office.com"])
def test_the_identity_platform_renews_tokens_for_either_name_of_exchange(simulator: Simulator, host: str) -> None:
    simulator.mailbox(ADA)
    form = {
        "grant_type": "refresh_token", "client_id": "caret", "client_secret": "s",
        "refresh_token": simulator.token(ADA, service="ews")["refresh_token"],
        "scope": f"https://{host}/EWS.AccessAsUser.All offline_access",
    }  # fmt: skip
    answer = requests.post(f"{simulator.url}/organizations/oauth2/v2.0/token", data=form, timeout=30)
    assert answer.status_code == 200, answer.text
    sent = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert requests.post(f"{simulator.url}/EWS/Exchange.asmx", b"", headers=sent, timeout=30).status_code == 500
    assert requests.get(f"{simulator.url}/v1.0/me", headers=sent, timeout=30).status_code == 401


def test_a_tenant_that_blocks_the_service_answers_403_to_everything(outlook: Outlook) -> None:
    tid = outlook.simulator.get_mailbox(ADA)["tid"]
    outlook.simulator.tenant(tid, ews="blocked")
    answer = outlook.soap(FOLDER)
    assert (answer.status_code, answer.content) == (403, b"")
    with pytest.raises(MalformedResponseError, match="Code: 403"):
        outlook.sync()
    assert outlook.graph.get("/me")["mail"] == ADA, "Graph goes on"
    outlook.simulator.tenant(tid, ews="on")
    assert len(outlook.sync()[0]) == 3


def test_personal_accounts_have_no_such_service(simulator: Simulator, outlook: Outlook) -> None:
    simulator.mailbox("pat@home.example", kind="personal")
    assert Outlook(simulator, "pat@home.example").soap(FOLDER).status_code == 403


def test_mailboxes_of_others_are_closed_unless_they_are_shared(outlook: Outlook) -> None:
    outlook.simulator.mailbox(BOB)
    outlook.simulator.mailbox("room@firm.example", kind="shared")

    def of(address: str) -> object:
        return outlook.sign_in(outlook.token, address).calendar

    assert of("countess@firm.example") == of(ADA), "an alias is the same mailbox"
    assert of("room@firm.example").name == "Calendar"  # type: ignore[attr-defined]
    for address, error in ((BOB, ErrorAccessDenied), ("nobody@firm.example", ErrorNonExistentMailbox)):
        with pytest.raises(error):
            of(address)


def test_throttling_says_how_long_to_wait(outlook: Outlook) -> None:
    calendar = outlook.account.calendar
    outlook.simulator.fault(
        operation="ews", status=500, code="ErrorServerBusy", headers={"Retry-After": "42"}, count=1, mailbox=ADA
    )
    with pytest.raises(ErrorServerBusy) as busy:
        list(calendar.all().only("subject"))
    assert busy.value.back_off == 42
    outlook.simulator.fault(operation="FindItem", status=503, headers={"Retry-After": "30"}, count=1)
    with pytest.raises(ErrorServerBusy):
        list(calendar.all().only("subject"))
    assert len(list(calendar.all().only("subject"))) == 3


def test_a_fault_before_the_effect_and_one_after_it(outlook: Outlook) -> None:
    outlook.account.calendar  # noqa: B018
    rule = outlook.simulator.fault(operation="SyncFolderItems", cut=True, when="after", count=1)
    with pytest.raises(ErrorTimeoutExpired):
        outlook.sync()
    (summary,) = outlook.simulator.faults()
    assert (summary["id"], summary["applied"]) == (rule, 1)
    assert len(outlook.sync()[0]) == 3


def test_the_journal_names_operation_mailbox_and_time_and_keeps_no_token(outlook: Outlook) -> None:
    outlook.sync()
    lines = [line for line in outlook.simulator.journal() if line["path"] == "/EWS/Exchange.asmx"]
    assert [line["operation"] for line in lines] == ["GetFolder", "GetFolder", "SyncFolderItems"]
    assert {(line["method"], line["mailbox"], line["status"], line["in_flight"]) for line in lines} == {
        ("POST", ADA, 200, 1)
    }
    assert "SyncFolderItems" in lines[2]["body"] and outlook.token not in str(lines)
    assert lines[2]["start"].startswith("2026-11-22T08:00")


def test_requests_in_flight_are_counted_apart_from_graphs(outlook: Outlook) -> None:
    outlook.simulator.fault(operation="GetFolder", hold=True)
    held = [threading.Thread(target=outlook.soap, args=(FOLDER,)) for _ in range(27)]
    for thread in held:
        thread.start()
    while outlook.simulator.faults()[0]["holding"] < 27:
        pass
    assert outlook.graph.get("/me/calendar")["name"] == "Calendar"
    with pytest.raises(ErrorExceededConnectionCount):
        outlook.sync()
    outlook.simulator.clear_faults()
    for thread in held:
        thread.join()
    counted = [line["in_flight"] for line in outlook.simulator.journal() if line["operation"] == "GetFolder"]
    assert max(counted) == 28
    assert len(outlook.sync()[0]) == 3


@pytest.mark.parametrize(
    "body",
    ["", "<m:Nonsense/>", "<m:GetItem><m:ItemIds/></m:GetItem><m:GetItem/>", "no xml <"],
    ids=lambda body: body[:12],
)
def test_what_is_no_request_is_a_fault(outlook: Outlook, body: str) -> None:
    answer = outlook.soap(body)
    assert answer.status_code == (501 if "Nonsense" in body else 500)
    if answer.status_code == 500:
        assert "ErrorSchemaValidation" in answer.text


def test_a_property_that_no_schema_knows_is_a_fault(outlook: Outlook) -> None:
    wrong = (
        FOLDER.replace("GetFolder", "FindItem")
        .replace("FolderShape", "ItemShape")
        .replace("FolderIds", "ParentFolderIds")
    )
    wrong = wrong.replace("<m:FindItem>", '<m:FindItem Traversal="Shallow">')
    path = '<t:AdditionalProperties><t:FieldURI FieldURI="calendar:Moon"/></t:AdditionalProperties></m:ItemShape>'
    answer = outlook.soap(wrong.replace("</m:ItemShape>", path))
    assert answer.status_code == 500 and "calendar:Moon" in answer.text
    assert outlook.soap(wrong).status_code == 200


def test_only_this_address_and_only_posts(outlook: Outlook) -> None:
    for method, path, status in (("GET", "/EWS/Exchange.asmx", 405), ("POST", "/EWS/Services.wsdl", 404)):
        headers = {"Authorization": f"Bearer {outlook.token}"}
        answer = requests.request(method, outlook.simulator.url + path, headers=headers, timeout=30)
        assert answer.status_code == status


def test_the_register_of_exchangelib_is_left_as_it_was_found(outlook: Outlook) -> None:
    assert CalendarItem.get_field_by_fieldname("firm_id").value_cls.property_name == "FirmEventId"
