"""Lists of the admin: what they find, and that they ask the database no more often when there is more to show."""

import pytest

from calendars.models import Grant
from firms import audit
from firms.models import Wave
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory, SyncedEventFactory
from tests.staff import client_of, results, staff_of

pytestmark = pytest.mark.django_db


def fill(number: int) -> None:
    staff = StaffFactory()
    for _ in range(number):
        firm = FirmFactory(flagged=staff)
        synced = SyncedEventFactory(connection__member__firm=firm)
        Grant.objects.create(connection=synced.connection, service="ews", secret=b"sealed")
        MemberFactory(firm=firm)
        wave = Wave.objects.create(name="Wave", flag_at=NOW, scheduled_by=staff)
        wave.firms.add(firm)
        audit.record("firm.flagged", actor=staff, firm=firm, member=synced.connection.member, subject=firm)


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/admin/firms/firm/", 5),
        ("/admin/firms/firm/?_facets=True", 13),
        ("/admin/firms/firm/?q=member", 5),
        ("/admin/firms/firm/?flag=set", 5),
        ("/admin/firms/user/", 5),
        ("/admin/firms/user/?_facets=True", 17),
        ("/admin/firms/wave/", 4),
        ("/admin/firms/auditentry/", 5),
        ("/admin/calendars/calendarconnection/", 4),
        ("/admin/calendars/grant/", 4),
        ("/admin/calendars/syncedevent/", 4),
        ("/admin/autocomplete/?app_label=firms&model_name=wave&field_name=firms&term=firm", 4),
    ],
)
def test_a_list_costs_the_same_with_3_firms_and_with_30(django_assert_num_queries, path, queries):
    client = client_of(StaffFactory(is_superuser=True))
    fill(3)
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == 200
    fill(27)
    with django_assert_num_queries(queries):
        assert client.get(path).status_code == 200


def test_firms_are_found_by_name_by_short_name_and_by_a_members_address():
    wanted = FirmFactory(name="Harper & Wolfe LLP", slug="harper-wolfe")
    MemberFactory.create_batch(2, firm=wanted)
    MemberFactory(firm=wanted, email="ada@counsel.example")
    MemberFactory()
    client = client_of(staff_of("Support"))
    for words in ("Wolfe", "harper-w", "ada@counsel", "member"):
        rows = [row for row in results(client.get("/admin/firms/firm/", {"q": words})) if "harper-wolfe" in row]
        assert len(rows) == 1 and " 3 " in rows[0], words


def test_firms_are_filtered_by_flag_and_by_wave():
    staff = staff_of("Rollout")
    flagged, other = FirmFactory(flagged=staff, slug="flagged"), FirmFactory(slug="other")
    wave = Wave.objects.create(name="First", flag_at=NOW, scheduled_by=staff)
    wave.firms.add(other)
    client = client_of(staff)
    assert [
        row for row in results(client.get("/admin/firms/firm/?flag=set")) if flagged.slug in row and staff.email in row
    ]
    assert len(results(client.get("/admin/firms/firm/?flag=set"))) == 1
    for query in ("flag=none", f"waves__id__exact={wave.pk}"):
        (row,) = results(client.get(f"/admin/firms/firm/?{query}"))
        assert "other" in row


def test_members_are_filtered_by_the_flag_of_their_firm_and_by_their_calendar():
    flagged = ConnectionFactory(member__firm__flagged=True, state="reauth_required").member
    google = ConnectionFactory(provider="google", state="google_sync").member
    ConnectionFactory(member=google, state="disconnected")
    none = MemberFactory()
    client = client_of(staff_of("Support"))

    def found(query: str) -> set[str]:
        return {row.split()[0] for row in results(client.get(f"/admin/firms/user/?role__exact=member&{query}"))}

    assert found("flag=set") == {flagged.email}
    assert {google.email, none.email} <= found("flag=none") and flagged.email not in found("flag=none")
    assert found("calendar=google_sync") == {google.email}
    assert found("calendar=reauth_required") == {flagged.email}
    assert none.email in found("calendar=none") and google.email not in found("calendar=none")
    assert found(f"q={flagged.firm.slug}") == {flagged.email}


def test_the_audit_is_found_by_firm_by_member_and_by_who_did_it():
    staff, member = staff_of("Rollout"), MemberFactory(firm__slug="harper-wolfe")
    audit.record("connection.login", actor=staff, member=member, subject=member, note="by hand")
    audit.record("firm.flagged", actor=StaffFactory(), firm=FirmFactory())
    client = client_of(staff)
    for words in ("harper-wolfe", member.email, staff.email):
        (row,) = results(client.get("/admin/firms/auditentry/", {"q": words}))
        assert "connection.login" in row and "by hand" in row
    assert len(results(client.get("/admin/firms/auditentry/?action=firm.flagged"))) == 1
