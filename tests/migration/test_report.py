"""The report of a run, as a page and as CSV. The outcomes are rows made here; that runs write such rows is told by the
runs' tests, and what later syncs make of an anomaly is not yet behind it."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from migration.models import MigrationRun
from migration.report import COLUMNS, FORMULA_STARTS, harmless
from tests.factories import NOW, MemberFactory
from tests.migration.report_rows import HOWS, found, many, not_found, run_of
from tests.migration.visiting import logged_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> MigrationRun:
    return run_of()


@pytest.fixture
def browser(run):
    return logged_in(run.connection.member)


def read_csv(answer) -> list[dict[str, str]]:
    content = answer.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_each_event_with_when_how_and_why(run, browser):
    for how in HOWS:
        found(run, how, subject=f"Found {how}")
    found(run, calendar="moved", subject="Elsewhere")
    not_found(run, subject="Gone")
    page = text(browser.get(f"/move/runs/{run.pk}/report/"))
    for words in (
        "Found by id 2", "Found by subject and times 3", "Not found in Outlook 1",
        "Found translated Tue, Dec 1, 2026, 9:00 AM – 10:00 AM Found by id It is still the same appointment.",
        "Subject, start and end showed which one it is.", "found by the series and that date",
        "Elsewhere Tue, Dec 1, 2026, 9:00 AM – 10:00 AM Found by id It is still the same appointment. It is in another "
        "calendar of your mailbox now.",
        "Gone Tue, Dec 1, 2026, 9:00 AM – 10:00 AM Not found No appointment like it is in Outlook. Your event stays "
        "here, and it is not created in Outlook again.",
        "Times are in your time zone, America/New_York",
    ):  # fmt: skip
        assert words in page


def test_times_are_the_members_and_dates_of_all_day_events_nobodys(run, browser):
    run.connection.member.time_zone = "Asia/Tokyo"
    run.connection.member.save()
    day = {"all_day": True, "starts_at": datetime(2026, 11, 26, tzinfo=UTC)}
    found(run, subject="Timed")
    found(run, subject="One day", **day, ends_at=datetime(2026, 11, 27, tzinfo=UTC))
    found(run, subject="Three days", **day, ends_at=datetime(2026, 11, 29, tzinfo=UTC))
    found(run, subject="Floating", floating=True)
    found(
        run, subject="Over night", starts_at=datetime(2026, 12, 1, 14, 30, tzinfo=UTC),
        ends_at=datetime(2026, 12, 1, 15, 30, tzinfo=UTC),
    )  # fmt: skip
    page = text(browser.get(f"/move/runs/{run.pk}/report/"))
    assert "Timed Tue, Dec 1, 2026, 11:00 PM – Wed, Dec 2, 2026, 12:00 AM" in page
    assert "One day Thu, Nov 26, 2026, all day" in page
    assert "Three days Thu, Nov 26, 2026 – Sat, Nov 28, 2026, all day" in page
    assert "Floating Tue, Dec 1, 2026, 9:00 AM – 10:00 AM" in page
    rows = {row["subject"]: row for row in read_csv(browser.get(f"/move/runs/{run.pk}/report.csv"))}
    assert (rows["Timed"]["start"], rows["Timed"]["end"]) == ("2026-12-01 23:00", "2026-12-02 00:00")
    assert (rows["Three days"]["start"], rows["Three days"]["end"]) == ("2026-11-26", "2026-11-28")
    assert rows["Three days"]["all_day"] == "yes" and rows["Timed"]["time_zone"] == "Asia/Tokyo"
    assert (rows["Over night"]["start"], rows["Over night"]["end"]) == ("2026-12-01 23:30", "2026-12-02 00:30")


def test_candidates_are_shown_with_what_tells_them_apart(run, browser):
    times = {"start": "2026-12-01T14:00:00+00:00", "end": "2026-12-01T15:00:00+00:00"}
    not_found(
        run,
        {"subject": "Hearing", "location": "Court 3", **times},
        {"subject": "Hearing", "location": "Court 4", **times},
        reason="ambiguous",
        subject="Hearing",
    )
    days = {"all_day": True, "start": "2026-12-02T00:00:00+00:00", "end": "2026-12-03T00:00:00+00:00"}
    not_found(run, {"subject": "Near miss", **days}, {}, subject="Moved")
    page = text(browser.get(f"/move/runs/{run.pk}/report/", {"outcome": "anomaly"}))
    assert "They are: Hearing, Tue, Dec 1, 2026, 9:00 AM – 10:00 AM, Court 3" in page and "Court 4" in page
    assert "These come close: Near miss, Wed, Dec 2, 2026, all day (no subject), time unknown" in page


def test_filter_search_and_both(run, browser):
    found(run, subject="Hearing of Vance")
    found(run, "subject_times", subject="Hearing of Holloway")
    not_found(run, subject="100% sure_thing")

    def subjects(**query) -> list[str]:
        html = browser.get(f"/move/runs/{run.pk}/report/", query)
        rows = read_csv(browser.get(f"/move/runs/{run.pk}/report.csv", query))
        page = text(html)
        assert all(row["subject"] in page for row in rows)
        return sorted(row["subject"] for row in rows)

    assert subjects(outcome="metadata") == ["Hearing of Holloway"]
    assert subjects(outcome="anomaly") == ["100% sure_thing"]
    assert subjects(q="hearing") == ["Hearing of Holloway", "Hearing of Vance"]
    assert subjects(q="hearing", outcome="id") == ["Hearing of Vance"]
    assert subjects(q="%") == subjects(q="_") == ["100% sure_thing"]
    assert subjects(q="nothing like it") == []
    assert len(subjects(outcome="nonsense")) == len(subjects(q="\0")) == len(subjects(page="nonsense")) == 3
    assert "No event with “nothing” in the subject" in text(
        browser.get(f"/move/runs/{run.pk}/report/", {"q": "nothing"})
    )


def test_subjects_are_text_and_nothing_else(run, browser):
    found(run, subject="<script>alert(1)</script>")
    page = browser.get(f"/move/runs/{run.pk}/report/", {"q": "<script>"}).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_pages_keep_filter_and_search(run, browser):
    many(run, 400)
    page = browser.get(f"/move/runs/{run.pk}/report/", {"outcome": "id", "q": "Matter", "page": 2})
    assert "Page 2 of 3" in text(page)
    assert "?outcome=id&amp;q=Matter&amp;page=3" in page.content.decode()
    assert "Page 3 of 3" in text(browser.get(f"/move/runs/{run.pk}/report/", {"outcome": "id", "page": 99}))


def queries_of(get) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = get()
        answer.getvalue() if answer.streaming else answer.content
    return len(queries)


@pytest.mark.parametrize("query", ["", "?outcome=anomaly", "?q=Matter&page=2"])
def test_a_page_costs_the_same_whatever_the_number_of_events(run, browser, query):
    path = f"/move/runs/{run.pk}/report/{query}"
    many(run, 300)
    few = queries_of(lambda: browser.get(path))
    other = run_of()
    many(other, 5000)
    theirs = logged_in(other.connection.member)
    lots = queries_of(lambda: theirs.get(f"/move/runs/{other.pk}/report/{query}"))
    assert few == lots <= 8


def test_the_csv_has_every_event_in_a_query_a_thousand(run, browser):
    many(run, 5000)
    answers = []
    assert queries_of(lambda: answers.append(browser.get(f"/move/runs/{run.pk}/report.csv")) or answers[0]) <= 12
    rows = read_csv(browser.get(f"/move/runs/{run.pk}/report.csv"))
    assert len({row["uid"] for row in rows}) == len(rows) == 5000
    assert tuple(rows[0]) == COLUMNS
    assert {row["outcome"] for row in rows} == {"id", "metadata", "anomaly"}
    assert answers[0].headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answers[0].headers["Content-Disposition"].startswith('attachment; filename="outlook-move-')


def test_the_columns_are_those_that_are_written_down(settings):
    written = (settings.BASE_DIR / "docs" / "http.md").read_text()
    assert ", ".join(f"`{column}`" for column in COLUMNS) in " ".join(written.split())


@pytest.mark.parametrize("subject", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", '=HYPERLINK("x";"y")'])
def test_a_spreadsheet_computes_nothing(run, browser, subject):
    found(run, subject=subject)
    [row] = read_csv(browser.get(f"/move/runs/{run.pk}/report.csv"))
    assert row["subject"] == f"'{subject}"


@given(st.text())
def test_a_cell_is_kept_but_for_the_apostrophe(cell):
    safe = harmless(cell)
    assert safe in (cell, f"'{cell}") and not safe.startswith(FORMULA_STARTS)


def test_a_run_under_way_has_a_report_that_says_so():
    run = run_of(state="confirming", step="confirming", total=10, finished_at=None)
    found(run, subject="Already")
    page = text(logged_in(run.connection.member).get(f"/move/runs/{run.pk}/report/"))
    assert "The move is not finished: 9 events still have to be looked for." in page and "Already" in page
    assert "To go 9" in page
    MigrationRun.objects.filter(pk=run.pk).update(state="cancelled", finished_at=NOW)
    page = text(logged_in(run.connection.member).get(f"/move/runs/{run.pk}/report/"))
    assert "This move was called off before it was finished" in page


def test_what_is_another_members_does_not_exist(run):
    stranger = logged_in(MemberFactory(firm=run.connection.member.firm, role="administrator", is_staff=True))
    for path in ("", "status/", "report/", "report.csv"):
        assert stranger.get(f"/move/runs/{run.pk}/{path}").status_code == 404
        assert logged_in(run.connection.member).get(f"/move/runs/{run.pk + 1}/{path}").status_code == 404
