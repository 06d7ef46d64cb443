"""The demo's walk, with few events: against a live server, with the queue's tasks done in between."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.core.mail import send_mail

from calendars import tasks
from calendars.graph import tasks as tasks_of_graph
from tests import queue
from tests.demo import browser, bystanders, in_step, mails, results, seeding, traffic, walk, wrong_account
from tests.demo.cast import ADA, BEN, DORA, EGON, FIRMS, GWEN, Person
from tests.demo.checks import Checks
from tests.demo.stage import Stage
from tests.sample import Sample

HARPER, MILLS, QUILL = FIRMS
SMALL = replace(ADA, total=60, deleted=2, renumbered=3)


def tick() -> None:
    """The worker and its clock."""
    tasks.enqueue_due_syncs()
    tasks_of_graph.keep_subscriptions()
    queue.drain()


@pytest.fixture
def stage(simulator, live_server, settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    settings.PUBLIC_URL = live_server.url
    settings.SYNC_POLL_SECONDS = 0.2
    monkeypatch.setattr(in_step, "SILENCE", 1.0)
    monkeypatch.setattr(in_step, "GRACE", 0.1)
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mails")
    settings.SITE_URL = live_server.url
    settings.SUPPORT_EMAIL = "support@caretsync.example"
    firms = (
        replace(HARPER, people=(SMALL, BEN)),
        replace(MILLS, people=(replace(DORA, total=5, deleted=0), replace(EGON, total=5, renumbered=0))),
        replace(QUILL, people=(replace(GWEN, total=5),)),
    )
    with (tmp_path / "output").open("w") as output:
        seeded = seeding.seed(simulator, tmp_path / "firms.jsonl", firms=firms, output=output)
    return Stage(live_server.url, simulator, seeded, tmp_path / "mails", Checks(), tick)


@pytest.mark.django_db(transaction=True)
def test_the_walk_finds_everything_as_seeded(stage: Stage) -> None:
    in_step.old_sync_runs(stage)
    walk.move(stage, SMALL)
    in_step.graph_sync_runs(stage)
    wrong_account.refuse_and_retry(stage)
    bystanders.look_on(stage)

    assert stage.checks.wrong == []
    assert stage.checks.verdict() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "believed", [replace(SMALL, deleted=3), replace(SMALL, renumbered=4), replace(SMALL, total=61)]
)
def test_a_figure_other_than_seeded_fails_the_walk(stage: Stage, believed: Person) -> None:
    walk.move(stage, believed)

    assert stage.checks.verdict() == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_in_outlook_during_the_move_fails_the_walk(stage: Stage) -> None:
    ref = next(ref for ref in stage.seeded.samples[SMALL.email].truth.values() if ref)

    def meddle() -> None:
        stage.simulator.edit(SMALL.email, ref, "change", event={"categories": ["changed"]})
        tick()

    stage.alive = meddle
    walk.move(stage, SMALL)

    assert "the mailbox is as it was, to the letter" in stage.checks.wrong


def link(uid: str, appointment: str | None) -> dict[str, object]:
    return {"uid": uid, "appointment_id": appointment}


NAMES = {"A": "first", "B": "second", "C": "a stranger's"}
SAMPLE = Sample(truth={"first": "first", "second": "second", "gone": None})


@pytest.mark.parametrize(
    ("links", "wrong"),
    [
        ([link("first", "A"), link("second", "B"), link("gone", None)], []),
        ([link("first", "B"), link("second", "A"), link("gone", None)], ["first", "second"]),
        ([link("first", "A"), link("second", None), link("gone", None)], ["second"]),
        ([link("first", "A"), link("second", "B"), link("gone", "C")], ["gone"]),
        ([link("first", "A"), link("second", "unknown"), link("gone", None)], ["second"]),
        ([link("first", "A"), link("gone", None)], ["second"]),
        ([link("first", "A"), link("first", "A"), link("second", "B"), link("gone", None)], ["first"]),
        ([link("first", "A"), link("second", "B"), link("gone", None), link("more", None)], ["more"]),
    ],
)
def test_links_are_compared_one_by_one(links: list[dict[str, object]], wrong: list[str]) -> None:
    assert results.wrong(links, SAMPLE, NAMES) == wrong


def line(method: str, operation: str, path: str = "/v1.0/me/events", parent: int | None = None) -> dict[str, object]:
    return {"method": method, "operation": operation, "path": path, "parent": parent}


def test_changes_are_seen_inside_batches_too() -> None:
    journal = [
        line("GET", "list"),
        line("POST", "translate", "/v1.0/me/translateExchangeIds"),
        line("POST", "token", "/common/oauth2/v2.0/token"),
        line("POST", "batch", "/v1.0/$batch"),
        line("GET", "get", parent=4),
        line("PATCH", "change", parent=4),
        line("DELETE", "delete"),
    ]

    assert traffic.changes(journal) == ["PATCH /v1.0/me/events", "DELETE /v1.0/me/events"]
    assert len(traffic.requests(journal)) == 5
    assert traffic.described(journal).endswith("; 2 questions inside the batches")


def test_the_move_ends_where_the_daily_sync_begins_and_is_one_mailbox_s() -> None:
    def asked(seq: int, operation: str, mailbox: str | None = ADA.email) -> dict[str, object]:
        return {**line("GET", operation), "seq": seq, "mailbox": mailbox}

    kinds = [asked(1, "authorize", None), asked(2, "list"), asked(3, "delta", DORA.email), asked(4, "batch")]
    for first in ("delta", "subscriptions"):
        journal = [*kinds, asked(5, first), asked(6, "list")]
        assert [one["seq"] for one in traffic.of_the_move(journal, ADA.email)] == [1, 2, 4]
    assert len(traffic.of_the_move(kinds, ADA.email)) == 3


def test_kept_mails_are_read_one_by_one(settings, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    send_mail("First", "Grüße\n\nzwei Absätze\n", None, ["support@caretsync.example"])
    send_mail("Second", "-----\n", None, ["support@caretsync.example"])

    found = mails.sent(tmp_path)

    assert sorted(str(mail["Subject"]) for mail in found) == ["First", "Second"]
    assert any("Grüße\n\nzwei Absätze" in mails.body(mail) for mail in found)


class Answer:
    url, status_code = "http://127.0.0.1:8000/move/", 200
    text = """<script>var no = 1;</script><h1>Two
      words</h1><dl><div><dt>Found by id</dt><dd>4,948</dd></div><div><dt>Since</dt><dd>today</dd></div></dl>
      <progress value="60"></progress><form method="post" action="/one/"><input type="hidden" name="a" value="1">
      <input name="shown" value="2"><input type="checkbox" name="left"><input type="checkbox" name="ticked" value="on"
      checked><select name="chosen"><option value="x"><option value="y" selected></select><textarea name="text"></textarea>
      </form><form><input type="hidden" name="b"></form><a href="/x?y=1&amp;z=2">x</a>"""


def test_a_page_is_read_as_a_person_would() -> None:
    page = browser.read(Answer)  # type: ignore[arg-type]

    assert page.text == "Two words Found by id 4,948 Since today x"
    assert (page.path, page.percent, page.figures, page.links) == ("/move/", 60, {"Found by id": 4948}, ["/x?y=1&z=2"])
    form = page.form("/one/")
    assert form is not None
    assert form.fields == {"a": "1", "shown": "2", "ticked": "on", "chosen": "y", "text": ""}
    assert page.form("/move/") is not None
    assert page.form("/two/") is None
