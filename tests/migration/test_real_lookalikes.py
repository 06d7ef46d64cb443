"""Texts, ids and doubles as real calendars hold them, through the whole run: nothing is taken for what it is not."""

import unicodedata

import pytest

from calendars.models import HeldAppointment, SyncedEvent
from tests.migration import moving
from tests.migration.both_sides import AMBIGUOUS, ID, LIKENESS, NOT_FOUND, UID, BothSides, found, held, old_id

pytestmark = pytest.mark.django_db
BY_LIKENESS = "metadata", "subject_times"
OTHER = {"name": "Matters"}


def test_subjects_are_the_same_whatever_their_form(moved, simulator):
    both = BothSides()
    texts = {
        "": "   ", "Hearing ⚖️👩‍⚖️": "HEARING  ⚖️👩‍⚖️", "جلسة المحكمة": " جلسة\u00a0المحكمة", "דיון": "דיון\n",
        "Straße": "STRASSE", unicodedata.normalize("NFD", "Café à São Tomé"): "CAFÉ À SÃO TOMÉ", "ﬁling": "Filing",
        "Ｈｅａｒｉｎｇ １": "Hearing 1", "tab\there": "tab here", "K": "\u212a", "x" * 3000: "X" * 3000, "'; --": "'; --",
        "Σίσυφος": "ΣΊΣΥΦΟΣ", "가": unicodedata.normalize("NFD", "가"),
    }  # fmt: skip
    for number, (ours, theirs) in enumerate(texts.items()):
        both.add(f"{number}", subject=ours, event={"subject": theirs})
    # Marks and words that differ are another subject.
    for uid, ours, theirs in (
        ("accent", "resume", "résumé"),
        ("word", "Hearing 2", "Hearing 3"),
        ("order", "דא", "אד"),
    ):
        both.add(uid, "2026-12-02T09:00:00", subject=ours, event={"subject": theirs})
    links = found(moved(both), simulator)
    assert {links.pop(uid) for uid in ("accent", "word", "order")} == {NOT_FOUND}
    assert links == {f"{number}": (*BY_LIKENESS, f"{number}") for number in range(len(texts))}


def test_among_several_the_very_spelling_decides(moved, simulator):
    both = BothSides()
    for subject in ("Hearing", "HEARING", "hearing ", "Hea\u0301ring", "Heáring"):
        both.add(subject, subject=subject)
    both.events.reverse()
    assert found(moved(both), simulator) == {line["uid"]: (*BY_LIKENESS, line["uid"]) for line in both.lines}


def test_ids_that_differ_by_case_or_by_one_sign_are_two_ids(moved, simulator):
    """Equal in all else, and found by nothing but their ids; of each pair one may be gone, and its twin is not it."""
    both, stem = BothSides(), old_id("")
    twins = [("aB+c", "Ab+c"), ("x+yz", "x/yz"), ("Q9+/", "q9+/"), ("m/+n", "m+/n")]
    for number, pair in enumerate(twins):
        for end in pair:
            both.add(end, f"2026-12-0{number + 1}T09:00:00", found=ID)
            both.lines[-1]["ews_id"] = both.events[-1]["ewsId"] = stem[:-4] + end
    gone = {"Q9+/", "m+/n"}
    both.events = [event for event in both.events if event["ref"] not in gone]
    # Ten more, of which the simulator makes two whose new ids differ by case only.
    for number in range(12):
        both.add(f"{number}", f"2027-01-{number + 1:02}T09:00:00", found=ID)
    connection = moved(both)
    links = found(connection, simulator)
    assert {links.pop(uid) for uid in gone} == {NOT_FOUND}
    assert links == {uid: ("id", "translated", uid) for uid in links}
    new = list(SyncedEvent.objects.filter(appointment_id__isnull=False).values_list("appointment_id", flat=True))
    assert len({one.casefold() for one in new}) < len(set(new)) == len(links)


def test_hundreds_of_equal_ones_pair_up_and_one_more_on_either_side_leaves_them_to_a_person(moved, simulator):
    both = BothSides()
    for number in range(200):
        both.add(f"equal {number:03}", "2026-12-01T09:00:00")
    for number in range(30):
        both.add(f"more here {number:02}", "2026-12-02T09:00:00")
        both.add(f"more there {number:02}", "2026-12-03T09:00:00")
    both.ours("more here", "2026-12-02T09:00:00")
    both.theirs("more there", "2026-12-03T09:00:00")
    connection = moved(both)
    links, candidates = found(connection, simulator), held(connection, simulator)
    paired = {uid: links.pop(uid) for uid in list(links) if uid.startswith("equal")}
    assert {link[:2] for link in paired.values()} == {BY_LIKENESS}
    assert sorted(name for *_, name in paired.values()) == sorted(paired)
    assert set(links.values()) == {AMBIGUOUS} and len(links) == 61
    # Each of them is held by somebody, and nothing of another day.
    for kind in ("more here", "more there"):
        names = {name for uid, names in candidates.items() if uid.startswith(kind) for name in names}
        assert names == {event["ref"] for event in both.events if event["ref"].startswith(kind)}
    assert HeldAppointment.objects.filter(connection=connection).count() <= 10 * 61 + 62


def test_calendar_uids_prove_something_only_where_one_event_and_one_appointment_have_them(moved, simulator):
    both, renamed = BothSides(), {"subject": "Renamed in Outlook"}
    both.add("unique", found=UID, event=renamed)
    both.add("none here", event=renamed | {"iCalUId": "X"})
    # Two of ours have one UID: subject and times say which is which; the renamed one stays unknown.
    for uid, event in (("shared here 1", {}), ("shared here 2", renamed)):
        both.add(uid, "2026-12-02T09:00:00", subject=uid, line={"ical_uid": "S"}, event=event | {"iCalUId": f"U {uid}"})
    # A copy in Outlook has the UID of its original.
    both.add("original", "2026-12-03T09:00:00", found=UID)
    both.theirs("copy", "2026-12-04T09:00:00", iCalUId="uid of original", subject="Copy")
    # Equal in all but the UID, which two share: those two belong to those two.
    for number, name in enumerate("SSO"):
        both.add(f"three {number}", "2026-12-05T09:00:00", line={"ical_uid": f"three {name}"},
                 event={"iCalUId": f"three {name if name == 'S' else 'new'}"})  # fmt: skip
    both.events.reverse()
    connection = moved(both)
    links = found(connection, simulator)
    assert links["unique"] == ("metadata", "ical_uid", "unique")
    assert links["none here"] == links["shared here 2"] == NOT_FOUND
    assert links["shared here 1"] == (*BY_LIKENESS, "shared here 1")
    assert links["original"] == (*BY_LIKENESS, "original")
    assert {links["three 0"][2], links["three 1"][2]} == {"three 0", "three 1"}
    assert links["three 2"] == (*BY_LIKENESS, "three 2")


def test_private_and_cancelled_ones_are_appointments_like_any_other(moved, simulator):
    both = BothSides()
    for number, fields in enumerate(
        (
            {"sensitivity": "private"}, {"isCancelled": True}, {"showAs": "free"}, {"isOrganizer": False},
            {"responseStatus": {"response": "declined", "time": "2026-11-01T12:00:00Z"}},
        )
    ):  # fmt: skip
        both.add(f"{number} by id", f"2026-12-0{number + 1}T09:00:00", found=ID, event=fields)
        both.add(f"{number} by likeness", f"2026-12-0{number + 1}T11:00:00", event=fields)
    # As Outlook renames a meeting that its organizer has cancelled.
    both.add("renamed", "2026-12-09T09:00:00", event={"isCancelled": True, "subject": "Canceled: Hearing"})
    connection = moved(both)
    links = found(connection, simulator)
    assert links.pop("renamed") == NOT_FOUND
    assert held(connection, simulator)["renamed"] == {"renamed"}
    assert {uid: name for uid, (*_, name) in links.items()} == {uid: uid for uid in links}


def test_what_was_moved_to_another_calendar_is_not_taken_for_a_copy_left_behind(moved, simulator):
    """Its id leads to where it is now. All else of the calendar is found at once: it is looked for all the same."""
    both, aside = BothSides(), BothSides()
    both.add("stayed", "2026-12-01T08:00:00", found=ID)
    for uid, how in (("by id", ID), ("by uid", UID)):
        appointment = both.add(uid, f"2026-12-0{3 + (how == ID)}T09:00:00", found=how)
        both.events.remove(appointment)
        aside.events.append(appointment)
    both.theirs("copy", "2026-12-04T09:00:00")
    # In another calendar likeness proves nothing.
    both.ours("alike", "2026-12-05T09:00:00")
    aside.theirs("alike", "2026-12-05T09:00:00")
    calendars = [{"name": "Calendar", "default": True, "events": both.events}, OTHER | {"events": aside.events}]
    connection = moved(both, calendars=calendars)
    assert found(connection, simulator) == {
        "stayed": ("id", "translated", "stayed"),
        "by id": ("id", "translated", "by id"),
        "by uid": ("metadata", "ical_uid", "by uid"),
        "alike": NOT_FOUND,
    }
    assert held(connection, simulator) == {"alike": {"copy"}}
    rows = SyncedEvent.objects.filter(connection=connection, calendar="moved")
    assert {row.uid for row in rows} == {"by id", "by uid"}


def test_in_somebody_elses_calendar_an_id_leads_to_its_appointment_and_likeness_to_none(moved, simulator):
    both, shared = BothSides(), BothSides()
    for uid, how in (("by id", ID), ("by uid", UID), ("alike", LIKENESS)):
        both.events.remove(appointment := both.add(uid, found=how))
        shared.events.append(appointment)
    owner = {"owner": {"name": "Other", "address": "other@harperwolfe.example"}}
    calendars = [{"name": "Calendar", "default": True, "events": []}, OTHER | owner | {"events": shared.events}]
    connection = moved(both, calendars=calendars)
    assert found(connection, simulator) == {
        "by id": ("id", "translated", "by id"), "by uid": NOT_FOUND, "alike": NOT_FOUND,
    }  # fmt: skip
    assert SyncedEvent.objects.get(connection=connection, uid="by id").calendar == "moved"
    assert not any(held(connection, simulator).values())


def test_two_old_ids_that_lead_to_one_appointment_make_one_link_of_the_event_that_it_is(moved, simulator):
    both = BothSides()
    both.ours("a stray", "2026-12-01T09:00:00", subject="Lunch")
    both.add("its own", "2026-12-01T09:00:00")
    both.ours("twin 1", "2026-12-02T09:00:00")
    both.ours("twin 2", "2026-12-02T09:00:00")
    both.theirs("of the twins", "2026-12-02T09:00:00")
    both.add("series", line={"rrule": "FREQ=DAILY"}, subject="Series", event={"subject": "Renamed series"})
    both.edited("occurrence", "series", "2026-12-02T09:00:00", "2026-12-02T10:00:00", there=False)
    both.events[-1]["recurrence"] = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "noEnd", "startDate": "2026-12-01"},
    }
    moving.mailbox(simulator, both.events)
    new = {name: key for key, name in moving.refs(simulator).items()}
    leads = {"a stray": "its own", "its own": "its own", "twin 1": "of the twins", "twin 2": "of the twins",
             "occurrence": "series"}  # fmt: skip
    answer = [{"sourceId": old_id(uid), "targetId": new[name]} for uid, name in leads.items()]
    simulator.fault(operation="translate", status=200, body={"value": answer})
    links = found(moved(both), simulator)
    assert links == {
        "a stray": NOT_FOUND,
        "its own": ("id", "translated", "its own"),
        "twin 1": ("id", "translated", "of the twins"),
        "twin 2": NOT_FOUND,
        # An occurrence is not its series, which has another name and time now.
        "occurrence": NOT_FOUND,
        "series": NOT_FOUND,
    }
