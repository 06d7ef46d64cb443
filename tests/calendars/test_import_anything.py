"""Import: whatever a file holds, it is imported whole, or refused line by line; never a traceback."""

import json

import pytest
from django.core.management import CommandError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.calendars.import_samples import ADA, Importer, connection, edited, event, firm, google, master, member
from tests.factories import FirmFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def importer(tmp_path) -> Importer:
    return Importer(tmp_path)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["2026-11-23", "2026-11-23T09:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "UTC",
                       "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=-1FR", "weekly", "\ud800", "\0", ADA, "harper-wolfe"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
whole = st.sampled_from([
    firm(), member(role=None), connection(), google(), event(as_synced={}), master(), edited(modified=None, body=None),
])  # fmt: skip


@st.composite
def nearly_right(draw: st.DrawFn) -> dict:
    """A good line of which a few fields are something else."""
    line = draw(whole)
    return line | draw(st.dictionaries(st.sampled_from(sorted(line)), values, max_size=3))


garbage = (
    st.binary(max_size=60).map(lambda line: line.replace(b"\n", b""))
    | values.map(lambda value: json.dumps(value).encode())
    | nearly_right().map(lambda line: json.dumps(line).encode())
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(garbage, min_size=1, max_size=6))
def test_whatever_a_file_holds_it_is_imported_or_refused_line_by_line(importer, lines):
    importer.path.write_bytes(b"\n".join(lines) + b"\n")
    with transaction.atomic():
        FirmFactory(slug="there-before")
        try:
            assert "synced events: created" in importer.again()
        except CommandError:
            problems, sentence = importer.refused_again()
            numbers = [int(problem.split(":")[0].removeprefix("line ")) for problem in problems]
            assert numbers and numbers == sorted(set(numbers)) and set(numbers) <= set(range(1, len(lines) + 1))
            assert sentence.split()[0] == str(len(numbers))
        transaction.set_rollback(True)
