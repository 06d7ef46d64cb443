"""SyncFolderItems, round after round: what exchangelib is told of changes made in Outlook, through Graph and by moves."""

import itertools

import pytest
from exchangelib.errors import ErrorInvalidSyncStateData, ErrorSyncFolderNotFound
from exchangelib.properties import ItemId

from tests.simulator_tests.ews_steps import Outlook, kinds
from tests.simulator_tests.graph_steps import ADA, firm_calendar, meeting


def test_the_first_round_brings_everything_and_the_second_nothing(outlook: Outlook) -> None:
    first, state = outlook.sync()
    assert kinds(first) == [("create", "Hearing"), ("create", "Series"), ("create", "Off")]
    assert {item.id for _, item in first} == {outlook.graph.id(ref, "ewsId") for ref in ("hearing", "series", "off")}
    assert outlook.sync(state) == ([], state)


def test_changes_by_hand_and_through_graph_come_once_each_and_in_order(outlook: Outlook) -> None:
    _, state = outlook.sync()
    hearing = outlook.graph.id("hearing")
    outlook.simulator.edit(ADA, "hearing", "change", subject="Hearing, moved")
    outlook.graph.call("PATCH", f"/me/events/{hearing}", json={"location": {"displayName": "Court 3"}})
    outlook.graph.call("POST", "/me/events", json={key: value for key, value in meeting("new").items() if key != "ref"})
    gone = outlook.graph.kept("off")["ewsId"]
    outlook.graph.call("DELETE", f"/me/events/{outlook.graph.id('off')}")
    changes, state = outlook.sync(state)
    assert kinds(changes) == [("update", "Hearing, moved"), ("create", "New"), ("delete", None)]
    assert isinstance(changes[2][1], ItemId) and changes[2][1].id == gone
    assert outlook.sync(state)[0] == []


@pytest.mark.parametrize(
    "edit", [{"op": "change", "subject": "Elsewhere"}, {"op": "delete"}], ids=["edited", "cancelled"]
)
def test_a_changed_occurrence_is_a_change_of_its_series(outlook: Outlook, edit: dict[str, str]) -> None:
    _, state = outlook.sync()
    before = outlook.fetch("series").changekey
    outlook.simulator.edit(ADA, "series", occurrence="2026-12-14", **edit)
    changes, _ = outlook.sync(state)
    assert kinds(changes) == [("update", "Series")]
    assert changes[0][1].changekey != before


def test_pages_add_up_and_say_when_they_are_done(outlook: Outlook) -> None:
    for number in range(9):
        outlook.simulator.edit(ADA, f"many-{number}", "create", event=meeting(f"many-{number}"))
    since = len(outlook.simulator.journal())
    changes, state = outlook.sync(max_changes_returned=5)
    asked = [line for line in outlook.simulator.journal(since) if line["operation"] == "SyncFolderItems"]
    assert (len(changes), len({item.id for _, item in changes}), len(asked)) == (12, 12, 3)
    assert outlook.sync(state)[0] == []


def test_what_changes_between_two_pages_is_not_lost(outlook: Outlook) -> None:
    for number in range(6):
        outlook.simulator.edit(ADA, f"many-{number}", "create", event=meeting(f"many-{number}"))
    outlook.simulator.edit(ADA, "series", "change", subject="Changed before")
    calendar = outlook.account.calendar
    round_ = calendar.sync_items(only_fields=["subject"], max_changes_returned=3)
    told = list(itertools.islice(round_, 3))
    outlook.simulator.edit(ADA, "hearing", "change", subject="Changed")  # it was on the first page
    outlook.simulator.edit(ADA, "many-5", "change", subject="Changed too")  # it would have been on the last
    outlook.simulator.edit(ADA, "many-4", "delete")  # nobody was told of it yet
    outlook.simulator.edit(ADA, "off", "delete")
    told += round_
    known: dict[str, str] = {}
    for kind, item in told:
        if kind == "delete":
            known.pop(item.id, None)  # the service may name one that nobody was told of
        else:
            known[item.id] = item.subject
    kept = outlook.simulator.get_mailbox(ADA)["calendars"][0]["events"]
    assert known == {event["ewsId"]: event["subject"] for event in kept}
    # Who was never told of an item can only be told of a new one, whenever it was made.
    assert {("create", "Changed before"), ("create", "Changed too")} <= set(kinds(told))
    assert outlook.sync(calendar.item_sync_state)[0] == []


def test_what_comes_and_goes_between_two_rounds_is_not_mentioned(outlook: Outlook) -> None:
    _, state = outlook.sync()
    outlook.simulator.edit(ADA, "short", "create", event=meeting("short"))
    outlook.simulator.edit(ADA, "short", "delete")
    assert outlook.sync(state)[0] == []


def test_a_move_away_is_a_deletion_and_the_way_back_a_new_item_with_the_old_uid(outlook: Outlook) -> None:
    outlook.simulator.mailbox(ADA, calendars=[firm_calendar(), {"name": "Other"}])
    outlook = Outlook(outlook.simulator)
    first, state = outlook.sync()
    before = next(item for _, item in first if item.subject == "Hearing")
    outlook.simulator.edit(ADA, "hearing", "move", calendar="Other")
    (change,), state = outlook.sync(state)
    assert (change[0], change[1].id) == ("delete", before.id)
    outlook.simulator.edit(ADA, "hearing", "move", calendar="Calendar")
    (change,), state = outlook.sync(state)
    assert (change[0], change[1].uid) == ("create", before.uid)
    assert change[1].id != before.id


def test_a_restored_item_comes_back_under_another_id(outlook: Outlook) -> None:
    _, state = outlook.sync()
    outlook.simulator.edit(ADA, "hearing", "delete")
    (gone,), state = outlook.sync(state)
    outlook.simulator.edit(ADA, "hearing", "restore")
    (back,), _ = outlook.sync(state)
    assert (gone[0], back[0], back[1].subject) == ("delete", "create", "Hearing")
    assert back[1].id != gone[1].id


def test_an_old_state_can_be_used_again(outlook: Outlook) -> None:
    _, state = outlook.sync()
    outlook.simulator.edit(ADA, "hearing", "change", subject="Changed")
    assert outlook.sync(state) == outlook.sync(state)


def test_states_that_are_lost_or_of_another_calendar_are_refused(outlook: Outlook) -> None:
    outlook.simulator.mailbox(ADA, calendars=[firm_calendar(), {"name": "Other"}])
    outlook = Outlook(outlook.simulator)
    _, state = outlook.sync()
    (other,) = outlook.account.calendar.children
    with pytest.raises(ErrorInvalidSyncStateData):
        list(other.sync_items(sync_state=state, only_fields=["subject"]))
    for wrong in ("nonsense", "bm9uc2Vuc2U=", state[:-8]):
        with pytest.raises(ErrorInvalidSyncStateData):
            outlook.sync(wrong)
    outlook.simulator.mailbox(ADA, calendars=[firm_calendar()])  # another mailbox in the place of the old one
    with pytest.raises(ErrorInvalidSyncStateData):
        outlook.sync(state)
    assert len(outlook.sync()[0]) == 3


def test_a_state_can_be_lost_on_demand(outlook: Outlook) -> None:
    _, state = outlook.sync()
    outlook.simulator.fault(operation="SyncFolderItems", code="ErrorInvalidSyncStateData", count=1)
    with pytest.raises(ErrorInvalidSyncStateData):
        outlook.sync(state)
    assert outlook.sync(state)[0] == []


def test_a_folder_that_is_gone(outlook: Outlook) -> None:
    calendar = outlook.account.calendar
    outlook.simulator.mailbox(ADA, calendars=[])
    with pytest.raises(ErrorSyncFolderNotFound):
        list(calendar.sync_items(only_fields=["subject"]))


@pytest.mark.parametrize("most", ["0", "513", "x", ""])
def test_pages_have_limits(outlook: Outlook, most: str) -> None:
    answer = outlook.soap(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>"
        f'<t:DistinguishedFolderId Id="calendar"/></m:SyncFolderId><m:MaxChangesReturned>{most}</m:MaxChangesReturned>'
        "</m:SyncFolderItems>"
    )
    assert answer.status_code == 500 and "ErrorSchemaValidation" in answer.text


def test_items_can_be_left_out(outlook: Outlook) -> None:
    ignored = ItemId(id=outlook.graph.id("hearing", "ewsId"))
    assert kinds(outlook.sync(ignore=[ignored])[0]) == [("create", "Series"), ("create", "Off")]
