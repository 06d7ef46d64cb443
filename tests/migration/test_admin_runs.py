"""Runs, outcomes, sign-ins and held appointments in the admin: looked at, never edited; a stuck run can go on."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from calendars.models import HeldAppointment
from calendars.states import State
from firms.models import AuditEntry
from migration.models import MigrationRun, Outcome, SignInAttempt
from tests.factories import NOW, ConnectionFactory, FirmFactory, MemberFactory, StaffFactory, SyncedEventFactory
from tests.migration.ticket_steps import attempt
from tests.staff import client_of, staff_of

pytestmark = pytest.mark.django_db
RUNS = reverse("admin:migration_migrationrun_changelist")
OUTCOMES = reverse("admin:migration_outcome_changelist")
SIGN_INS = reverse("admin:migration_signinattempt_changelist")
HELD = reverse("admin:calendars_heldappointment_changelist")


def run_of(connection=None, state=MigrationRun.State.FAILED, **fields) -> MigrationRun:
    connection = connection or ConnectionFactory(state=State.MIGRATING, stopped_at=NOW)
    failure = {"failure_class": "BadRequest", "failure_message": "no such calendar", "failure_hint": "look at it"}
    if state != MigrationRun.State.FAILED:
        failure = {}
    return MigrationRun.objects.create(
        connection=connection, state=state, step=MigrationRun.State.LISTING, total=5000, requests=7, **failure, **fields
    )


def outcome_of(run, **fields) -> Outcome:
    event = SyncedEventFactory(connection=run.connection)
    found = {"outcome": "anomaly", "reason": "not_found"} | fields
    if found["outcome"] != "anomaly":
        found |= {"reason": "", "appointment_id": f"AAkA{event.pk}", "calendar": "synced"}
    return Outcome.objects.create(run=run, synced_event=event, **found)


def page_of(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def retry_of(run) -> str:
    return reverse("admin:migration_migrationrun_retry", args=[run.pk])


def rows_of(answer) -> list[int]:
    return [row.pk for row in answer.context["cl"].result_list]


# --- who may what ---

#                             runs, retry, outcomes, sign-ins, held appointments
MAY = {
    "anonymous":             (302, 302, 302, 302, 302),
    "the member":            (302, 302, 302, 302, 302),
    "firm administrator":    (302, 302, 302, 302, 302),
    "staff without a group": (403, 403, 403, 403, 403),
    "Rollout":               (200, "retried", 403, 403, 403),
    "Support":               (200, "retried", 200, 200, 200),
    "superuser":             (200, "retried", 200, 200, 200),
}  # fmt: skip
WHO = {
    "anonymous": lambda member: None,
    "the member": lambda member: member,
    "firm administrator": lambda member: MemberFactory(firm=member.firm, role="administrator"),
    "staff without a group": lambda member: StaffFactory(),
    "Rollout": lambda member: staff_of("Rollout"),
    "Support": lambda member: staff_of("Support"),
    "superuser": lambda member: StaffFactory(is_superuser=True),
}


@pytest.mark.parametrize("who", WHO)
def test_who_may_look_and_retry(who):
    run = run_of()
    client = client_of(WHO[who](run.connection.member))
    runs, retry, outcomes, sign_ins, held = MAY[who]
    assert client.get(RUNS).status_code == client.get(page_of(run)).status_code == runs
    assert client.get(OUTCOMES).status_code == outcomes
    # Nobody is offered what would be refused.
    assert ("Outcome of each event" in client.get(page_of(run)).content.decode()) == (outcomes == 200)
    assert client.get(SIGN_INS).status_code == sign_ins
    assert client.get(HELD).status_code == held
    answer = client.post(retry_of(run))
    run.refresh_from_db()
    if retry == "retried":
        assert run.state == "listing" and answer["Location"] == page_of(run)
    else:
        assert run.state == "failed" and answer.status_code == retry
        assert not OrmQ.objects.exists()


def test_who_may_only_look_at_runs_is_offered_no_retry():
    from django.contrib.auth.models import Permission

    viewer, run = StaffFactory(), run_of()
    viewer.user_permissions.add(Permission.objects.get(codename="view_migrationrun"))
    client = client_of(viewer)
    assert "Retry" not in client.get(page_of(run)).content.decode()
    client.post(RUNS, {"action": "retry", "_selected_action": [run.pk]})
    assert client.post(retry_of(run)).status_code == 403
    assert MigrationRun.objects.get().state == "failed"


@pytest.mark.parametrize("model", ["migrationrun", "outcome", "signinattempt", "heldappointment"])
def test_nothing_is_added_changed_or_deleted_by_hand(model):
    run = run_of()
    outcome = outcome_of(run)
    held = HeldAppointment.objects.create(
        connection=run.connection, synced_event=outcome.synced_event, appointment_id="AAkAlike"
    )
    row = {"migrationrun": run, "outcome": outcome, "signinattempt": attempt(run.connection), "heldappointment": held}[
        model
    ]
    client, name = client_of(StaffFactory(is_superuser=True)), f"{row._meta.app_label}_{model}"
    before = type(row).objects.filter(pk=row.pk).values().get()
    assert client.get(reverse(f"admin:{name}_add")).status_code == 403
    assert client.post(page_of(row), {"state": "done", "outcome": "id"}).status_code == 403
    assert client.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    changelist = reverse(f"admin:{name}_changelist")
    client.post(changelist, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert type(row).objects.filter(pk=row.pk).values().get() == before


# --- retry ---


@pytest.mark.parametrize("state", [MigrationRun.State.FAILED, MigrationRun.State.WAITING])
def test_a_stuck_run_goes_on_where_it_stopped_and_the_audit_says_who(support, supporter, state):
    run = run_of(state=state)
    assert "Retry now" in support.get(page_of(run)).content.decode()
    support.post(retry_of(run))
    run.refresh_from_db()
    assert (run.state, run.failure_class, run.wait_reason) == ("listing", "", "")
    row = AuditEntry.objects.get(action="run.taken_up")
    assert (row.actor, row.member) == (supporter, run.connection.member)
    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize("state", ["listing", "done", "cancelled", "queued"])
def test_a_run_that_is_not_stuck_is_left_alone(support, state):
    run = run_of(state=state)
    assert "Retry now" not in support.get(page_of(run)).content.decode()
    answer = support.post(retry_of(run), follow=True)
    assert "neither failed nor waiting" in answer.content.decode()
    assert MigrationRun.objects.get().state == state and not OrmQ.objects.exists()


def test_a_retry_is_a_post_with_a_token_of_a_run_that_is_there(support, supporter):
    run = run_of()
    assert support.get(retry_of(run)).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(supporter)
    assert strict.post(retry_of(run)).status_code == 403
    assert support.post(reverse("admin:migration_migrationrun_retry", args=[run.pk + 99])).status_code == 404
    assert MigrationRun.objects.get().state == "failed"


def test_a_selection_is_retried_and_what_is_not_stuck_is_counted(support):
    failed, waiting, done = run_of(), run_of(state="waiting"), run_of(state="done")
    chosen = {"action": "retry", "_selected_action": [failed.pk, waiting.pk, done.pk]}
    answer = support.post(RUNS, chosen, follow=True).content.decode()
    assert "2 taken up where they stopped; 1 neither failed nor waiting." in answer
    assert sorted(MigrationRun.objects.values_list("state", flat=True)) == ["done", "listing", "listing"]


# --- lists and pages ---


def test_the_run_s_page_says_where_it_stands_and_what_can_be_done(support):
    run = run_of(by_id=4948, by_metadata=40, anomalies=12, wait_until=NOW + timedelta(minutes=3))
    page = support.get(page_of(run)).content.decode()
    for words in ["Failed", "Reading the calendar", "5000", "4948", "40", "12", "BadRequest", "no such calendar",
                  "look at it", run.connection.account, f"{OUTCOMES}?run__id__exact={run.pk}"]:  # fmt: skip
        assert words in page, words


def test_runs_are_searched_and_filtered(support):
    flagged = MemberFactory(name="Ada Byron", firm=FirmFactory(flagged=True))
    one = run_of(ConnectionFactory(member=flagged, account="cal@harper.example", state=State.MIGRATING))
    other = run_of(state="waiting", wait_reason="grant")
    assert set(rows_of(support.get(RUNS))) == {one.pk, other.pk}
    for query, expected in [
        ({"q": "CAL@harper"}, one), ({"q": "byron"}, one), ({"q": other.connection.member.email}, other),
        ({"state__exact": "failed"}, one), ({"trouble": "grant"}, other), ({"flag": "set"}, one), ({"flag": "none"}, other),
    ]:  # fmt: skip
        assert rows_of(support.get(RUNS, query)) == [expected.pk], query


def test_outcomes_are_searched_and_filtered_and_name_the_event(support):
    run, stranger = run_of(), run_of()
    lost = outcome_of(run)
    found = outcome_of(run, outcome="id", how="translated")
    outcome_of(stranger)
    assert set(rows_of(support.get(OUTCOMES, {"run__id__exact": run.pk}))) == {lost.pk, found.pk}
    for query, expected in [
        ({"outcome__exact": "id"}, found), ({"how__exact": "translated"}, found),
        ({"reason__exact": "not_found", "run__id__exact": run.pk}, lost), ({"q": found.synced_event.uid}, found),
    ]:  # fmt: skip
        assert rows_of(support.get(OUTCOMES, query)) == [expected.pk], query
    assert set(rows_of(support.get(OUTCOMES, {"q": run.connection.account}))) == {lost.pk, found.pk}
    assert lost.synced_event.subject in support.get(page_of(lost)).content.decode()


def test_sign_ins_show_evidence_and_never_what_could_answer_in_the_member_s_place(support):
    row = attempt(ConnectionFactory(), address="private@mail.example")
    SignInAttempt.objects.filter(pk=row.pk).update(flow=b"secret-flow", state_hash="abad1dea" * 8)
    for address in (SIGN_INS, page_of(row), f"{SIGN_INS}?q=private@mail", f"{SIGN_INS}?result__exact=another_mailbox"):
        page = support.get(address).content.decode()
        assert "private@mail.example" in page and "1 of 1,000 old ids" in page
        assert "secret-flow" not in page and "abad1dea" not in page
    assert rows_of(support.get(SIGN_INS, {"result__exact": "accepted"})) == []


def test_held_appointments_stand_beside_the_event_they_may_be(support):
    outcome = outcome_of(run_of())
    held = HeldAppointment.objects.create(
        connection=outcome.run.connection, synced_event=outcome.synced_event, appointment_id="AAkAlike",
        shown={"subject": "Hearing moved", "start": "2026-12-02T09:00:00", "location": "Court 3"},
    )  # fmt: skip
    page = support.get(page_of(held)).content.decode()
    for words in ["Hearing moved", "2026-12-02T09:00:00", "Court 3", outcome.synced_event.subject]:
        assert words in page, words
    assert rows_of(support.get(HELD, {"q": outcome.synced_event.uid})) == [held.pk]


@pytest.mark.parametrize("model", ["runs", "outcomes", "sign-ins", "held"])
def test_lists_cost_the_same_for_one_row_and_for_many(support, model, django_assert_max_num_queries):
    def add():
        run = run_of()
        outcome = outcome_of(run)
        attempt(run.connection)
        HeldAppointment.objects.create(
            connection=run.connection, synced_event=outcome.synced_event, appointment_id=f"AAkA{run.pk}"
        )

    address = {"runs": RUNS, "outcomes": OUTCOMES, "sign-ins": SIGN_INS, "held": HELD}[model]
    add()
    support.get(address)
    with django_assert_max_num_queries(40) as few:
        support.get(address)
    for _ in range(10):
        add()
    with django_assert_max_num_queries(len(few.captured_queries)):
        assert len(rows_of(support.get(address))) == 11
