"""The page on which support approve a list of new addresses: looked at first, confirmed as shown, taken back."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from calendars.models import CalendarConnection
from firms.models import AuditEntry, Firm
from migration.models import AddressChange
from tests.factories import FirmFactory, MemberFactory, StaffFactory
from tests.migration.sign_in_steps import ADA, connection_of
from tests.migration.visiting import text
from tests.staff import client_of, results, staff_of

pytestmark = pytest.mark.django_db
APPROVE = "/admin/migration/addresschange/approve/"
LIST = "/admin/migration/addresschange/"
NEW = "ada@king.example"
LINES = f"{ADA},{NEW}\nnobody@harper.example,nobody@king.example\nnonsense"


@pytest.fixture
def firm() -> Firm:
    return FirmFactory(slug="harper", name="Harper LLP")


@pytest.fixture
def ada(firm: Firm) -> CalendarConnection:
    return connection_of(ADA, member__firm=firm, member__name="Ada Byron")


def given(firm: Firm, /, **more: Any) -> dict[str, Any]:
    base = {"firm": firm.pk, "kind": "same_mailbox", "lines": LINES, "days": 30, "note": "their office rang"}
    return {**base, **more}


def confirmed(support: Client, firm: Firm, **more: Any) -> Any:
    """Looks at the list, then presses the button that the page then has."""
    shown = support.post(APPROVE, given(firm, preview="1", **more))
    fields = given(firm, confirm="1", **more) | {"seen": shown.context["seen"]}
    return support.post(APPROVE, fields, follow=True)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (lambda: None, 302), (MemberFactory, 302), (lambda: MemberFactory(role="administrator"), 302), (StaffFactory, 403),
        (lambda: staff_of("Rollout"), 403), (lambda: staff_of("Support"), 200),
        (lambda: StaffFactory(is_superuser=True), 200),
    ],
    ids=["anonymous", "member", "firm administrator", "staff", "Rollout", "Support", "superuser"],
)  # fmt: skip
def test_support_alone_see_and_approve_lists(who: Any, status: int, firm: Firm, ada: CalendarConnection) -> None:
    client = client_of(who())
    assert client.get(LIST).status_code == client.get(APPROVE).status_code == status
    assert client.post(APPROVE, given(firm, preview="1")).status_code == status
    assert not AddressChange.objects.exists()


def test_the_page_says_of_each_line_what_it_would_do_and_approves_nothing(
    support: Client, firm: Firm, ada: CalendarConnection
) -> None:
    answer = support.post(APPROVE, given(firm, preview="1"))
    page = text(answer)
    for words in ("1 line can be approved, for 1 member", "2 can’t", "Ada Byron", "No member of this firm", NEW,
                  "Not an old and a new address", "Nothing else is waived"):  # fmt: skip
        assert words in page, words
    assert 'value="Approve 1 line"' in answer.content.decode()
    assert not AddressChange.objects.exists()
    other = text(support.post(APPROVE, given(firm, preview="1", kind="other_account")))
    assert "moves to that other mailbox" in other and "never created in Outlook" in other


def test_what_was_shown_is_approved_and_stands_in_the_list(
    support: Client, supporter: Any, firm: Firm, ada: CalendarConnection
) -> None:
    answer = confirmed(support, firm)
    assert "new addresses of 1 member are approved" in text(answer)
    change = AddressChange.objects.get()
    assert (change.connection, change.approved_by, change.note) == (ada, supporter, "their office rang")
    for query in ({"q": "ada@king"}, {"q": ADA}, {"q": "harper"}, {"state": "standing"}):
        assert [row.pk for row in support.get(LIST, query).context["cl"].result_list] == [change.pk], query
    for state in ("used", "expired", "ended"):
        assert not support.get(LIST, {"state": state}).context["cl"].result_list
    assert "their office rang" in text(support.get(f"{LIST}{change.pk}/change/"))
    (row,) = results(support.get(LIST))
    for words in (ADA, NEW, "Ada Byron", "Harper LLP", "Standing", change.get_kind_display()):
        assert words in row, words


def test_without_having_looked_nothing_is_approved(support: Client, firm: Firm, ada: CalendarConnection) -> None:
    answer = support.post(APPROVE, given(firm, confirm="1"))
    assert "Nothing was approved" in text(answer) and not AddressChange.objects.exists()
    # The page shows it now, and its button does it.
    support.post(APPROVE, given(firm, confirm="1", seen=answer.context["seen"]))
    assert AddressChange.objects.count() == 1


def test_what_has_changed_since_is_shown_again(support: Client, firm: Firm, ada: CalendarConnection) -> None:
    shown = support.post(APPROVE, given(firm, preview="1"))
    connection_of("nobody@harper.example", member__firm=firm)
    answer = support.post(APPROVE, given(firm, confirm="1", seen=shown.context["seen"]))
    assert "something has changed since you looked" in text(answer) and "2 lines can be approved" in text(answer)
    assert not AddressChange.objects.exists()


def test_a_button_pressed_twice_approves_once(support: Client, firm: Firm, ada: CalendarConnection) -> None:
    seen = support.post(APPROVE, given(firm, preview="1")).context["seen"]
    support.post(APPROVE, given(firm, confirm="1", seen=seen))
    answer = support.post(APPROVE, given(firm, confirm="1", seen=seen))
    assert "has been approved already" in text(answer) and "in place of an earlier line" in text(answer)
    change = AddressChange.objects.get()
    assert change.ended_at is None
    assert not AuditEntry.objects.filter(action="address_change.taken_back").exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_a_file_is_read_shown_and_kept_for_the_confirmation(
    support: Client, firm: Firm, ada: CalendarConnection, encoding: str
) -> None:
    raw = f"Old address;Née\r\n{ADA};{NEW}\r\n".encode(encoding)
    shown = support.post(APPROVE, given(firm, preview="1", lines="", file=SimpleUploadedFile("list.csv", raw)))
    assert "1 line can be approved" in text(shown)
    lines = shown.context["form"]["lines"].value()
    support.post(APPROVE, given(firm, confirm="1", lines=lines, seen=shown.context["seen"]))
    assert AddressChange.objects.get().new_address == NEW


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"lines": ""}, "Paste the lines, or choose a file"),
        ({"note": " "}, "This field is required"),
        ({"firm": 999999}, "Select a valid choice"),
        ({"kind": "anything"}, "Select a valid choice"),
        ({"days": 0}, "greater than or equal to 1"),
        ({"days": 999}, "less than or equal to 180"),
        ({"lines": "a@b.example,c@d.example\n" * 2001}, "at most 2,000 at once"),
        ({"lines": "", "file": SimpleUploadedFile("x.xlsx", b"PK\x03\x04\x00\x00")}, "This is no CSV file"),
        ({"lines": "", "file": SimpleUploadedFile("x.csv", b"a" * 600_000)}, "too large"),
    ],
    ids=["nothing", "no note", "no firm", "no kind", "no day", "too many days", "too many lines", "no CSV", "too large"],
)  # fmt: skip
def test_what_can_t_be_read_is_said_and_changes_nothing(support: Client, firm: Firm, more: Any, words: str) -> None:
    if file := more.get("file"):
        file.seek(0)
    answer = support.post(APPROVE, given(firm, preview="1", **more))
    assert answer.status_code == 200 and words in text(answer)
    assert not AddressChange.objects.exists()


def test_what_was_pasted_is_shown_as_text(support: Client, firm: Firm) -> None:
    page = support.post(APPROVE, given(firm, preview="1", lines="<script>alert(1)</script>,=1+1")).content.decode()
    assert "<script>alert(1)" not in page and "&lt;script&gt;" in page


def test_the_list_can_be_taken_back_with_a_note(support: Client, firm: Firm, ada: CalendarConnection) -> None:
    confirmed(support, firm)
    chosen = {"action": "take_back", "_selected_action": [AddressChange.objects.get().pk]}
    assert "say in the note why" in text(support.post(LIST, chosen, follow=True))
    assert AddressChange.objects.get().ended_at is None
    answer = support.post(LIST, {**chosen, "note": "wrong list"}, follow=True)
    assert "1 taken back; 0 did not stand any more" in text(answer) and AddressChange.objects.get().ended_at
    assert AuditEntry.objects.get(action="address_change.taken_back").note == "wrong list"


@pytest.mark.parametrize("path", ["add/", "{}/delete/"])
def test_nobody_adds_or_deletes_lines_by_hand(support: Client, firm: Firm, ada: CalendarConnection, path: str) -> None:
    confirmed(support, firm)
    assert support.post(LIST + path.format(AddressChange.objects.get().pk), {"post": "yes"}).status_code == 403
    assert AddressChange.objects.count() == 1


def test_a_post_without_a_csrf_token_approves_nothing(supporter: Any, firm: Firm, ada: CalendarConnection) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(supporter)
    assert strict.post(APPROVE, given(firm, confirm="1")).status_code == 403


def test_the_ticket_of_a_mismatch_leads_there(support: Client, firm: Firm) -> None:
    from tests.migration.ticket_steps import mismatch, page_of, waiting_connection

    ticket = mismatch(waiting_connection(member=MemberFactory(firm=firm)))
    page = support.get(page_of(ticket)).content.decode()
    assert f"{APPROVE}?firm={firm.pk}" in page
    assert "Harper LLP" in support.get(f"{APPROVE}?firm={firm.pk}").content.decode()
