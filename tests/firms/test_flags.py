import pytest

from firms import flags
from firms.models import AuditEntry
from tests.factories import FirmFactory, StaffFactory

pytestmark = pytest.mark.django_db


def test_a_flag_says_who_and_when_and_is_set_once():
    staff, firms = StaffFactory(), FirmFactory.create_batch(3)
    assert flags.set_flag(firms=[firm.pk for firm in firms], actor=staff, note="first wave") == 3
    assert flags.set_flag(firms=[firm.pk for firm in firms], actor=staff) == 0
    firms[0].refresh_from_db()
    assert firms[0].is_flagged and firms[0].flagged_by == staff
    entries = AuditEntry.objects.filter(action="firm.flagged")
    assert {entry.firm_id for entry in entries} == {firm.pk for firm in firms}
    assert {(entry.actor, entry.note) for entry in entries} == {(staff, "first wave")}
