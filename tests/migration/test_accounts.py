"""The verdict on a sign-in: a table of cases, and properties over any of them."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migration.accounts import (
    PERSONAL_TENANT,
    Claims,
    Evidence,
    Judgement,
    Known,
    Verdict,
    is_guest,
    judge,
    mailbox_addresses,
)

SAME, ALIAS, ANOTHER, IN_DOUBT, GUEST, SHARED, ON_PREMISES, UNLICENSED = Verdict
ADA, OLD_NAME, EVE = "ada@harper.example", "ada.lovelace@harper.example", "eve@elsewhere.example"
CLAIMS = Claims("tenant-1", "account-1")
NEW = Known(ADA)
PINNED = Known(ADA, tid="tenant-1", oid="account-1")
TENANT = Known(ADA, tid="tenant-1")
HERS = Evidence(frozenset({ADA}), ADA, calendar_readable=True, mail=ADA)
RENAMED = Evidence(frozenset({OLD_NAME}), OLD_NAME, calendar_readable=True, mail=OLD_NAME)

CASES = [
    # first sign-in, the address fits
    ("address and calendar", NEW, HERS, SAME),
    ("address as an alias of the mailbox", NEW, replace(HERS, addresses=frozenset({ADA, EVE}), mail=EVE), ALIAS),
    ("another sign-in name", NEW, replace(HERS, addresses=frozenset({ADA, EVE}), primary=EVE), SAME),
    ("capital letters", Known(ADA.upper()), HERS, SAME),
    ("a recorded further address", Known(EVE, (ADA.upper(),)), HERS, SAME),
    ("19 ids, none resolves: too few to tell", NEW, replace(HERS, ids_tried=19), SAME),
    ("20 ids, none resolves", NEW, replace(HERS, ids_tried=20), IN_DOUBT),
    ("20 ids, one resolves", NEW, replace(HERS, ids_tried=20, ids_resolved=1), SAME),
    ("1,000 ids, one resolves", NEW, replace(HERS, ids_tried=1000, ids_resolved=1), SAME),
    ("no mailbox", NEW, replace(HERS, calendar_readable=False), ON_PREMISES),
    ("never had a mailbox", NEW, replace(HERS, calendar_readable=False, unlicensed=True), UNLICENSED),
    ("a guest with the right mail", NEW, replace(HERS, is_guest=True), GUEST),
    ("a guest without mailbox", NEW, replace(HERS, is_guest=True, calendar_readable=False), GUEST),
    ("held by another member, nothing synced", NEW, replace(HERS, held_by_another_member=True), SAME),
    ("held, one id of one", NEW, replace(HERS, held_by_another_member=True, ids_tried=1, ids_resolved=1), SAME),
    ("held, no id of one", NEW, replace(HERS, held_by_another_member=True, ids_tried=1), IN_DOUBT),
    # first sign-in, the address does not fit
    ("another address, no ids", NEW, RENAMED, ANOTHER),
    ("another address, 19 of 19", NEW, replace(RENAMED, ids_tried=19, ids_resolved=19), ANOTHER),
    ("another address, 10 of 20", NEW, replace(RENAMED, ids_tried=20, ids_resolved=10), ALIAS),
    ("another address, 9 of 20", NEW, replace(RENAMED, ids_tried=20, ids_resolved=9), ANOTHER),
    ("another address, 10 of 21: less than half", NEW, replace(RENAMED, ids_tried=21, ids_resolved=10), ANOTHER),
    ("another address, 11 of 21", NEW, replace(RENAMED, ids_tried=21, ids_resolved=11), ALIAS),
    ("another address, no mailbox", NEW, replace(RENAMED, calendar_readable=False), ANOTHER),
    ("another address, all ids, a guest", NEW, replace(RENAMED, ids_tried=20, ids_resolved=20, is_guest=True), ANOTHER),
    (
        "another address, held",
        NEW,
        replace(RENAMED, held_by_another_member=True, ids_tried=19, ids_resolved=19),
        ANOTHER,
    ),
    (
        "another address, all ids, held by another member",
        NEW,
        replace(RENAMED, ids_tried=20, ids_resolved=20, held_by_another_member=True),
        ALIAS,
    ),
    ("sees the shared mailbox", NEW, replace(RENAMED, sees_shared=True), SHARED),
    ("sees it, and was it", NEW, replace(RENAMED, sees_shared=True, ids_tried=20, ids_resolved=20), ALIAS),
    ("a guest that sees it", NEW, replace(RENAMED, sees_shared=True, is_guest=True), ANOTHER),
    ("no address at all", NEW, Evidence(frozenset(), "", calendar_readable=True), ANOTHER),
    # the tenant alone is known
    ("known tenant, address", TENANT, HERS, SAME),
    ("known tenant, another address, ids", TENANT, replace(RENAMED, ids_tried=40, ids_resolved=39), ALIAS),
    ("another tenant, address", Known(ADA, tid="tenant-2"), HERS, ANOTHER),
    (
        "another tenant, address and ids",
        Known(ADA, tid="tenant-2"),
        replace(HERS, ids_tried=40, ids_resolved=40),
        ANOTHER,
    ),
    # tenant and account are known
    ("known account", PINNED, HERS, SAME),
    ("known account, ids in capitals", Known(ADA, tid="TENANT-1", oid="ACCOUNT-1"), HERS, SAME),
    ("known account, renamed", PINNED, RENAMED, ALIAS),
    ("known account, no id resolves", PINNED, replace(HERS, ids_tried=1000), SAME),
    ("known account, no mailbox", PINNED, replace(HERS, calendar_readable=False), ON_PREMISES),
    ("known account, no licence any more", PINNED, replace(HERS, calendar_readable=False, unlicensed=True), UNLICENSED),
    ("known account, held by another too", PINNED, replace(HERS, held_by_another_member=True), SAME),
    (
        "another account of the tenant, everything else fits",
        Known(ADA, tid="tenant-1", oid="account-2"),
        replace(HERS, ids_tried=40, ids_resolved=40),
        ANOTHER,
    ),
]


@pytest.mark.parametrize(
    ("known", "evidence", "verdict"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_verdicts(known: Known, evidence: Evidence, verdict: Verdict) -> None:
    assert judge(CLAIMS, known, evidence).verdict == verdict


@pytest.mark.parametrize("claims", [Claims("", ""), Claims("tenant-1", ""), Claims("", "account-1")])
def test_nobody_is_accepted_who_is_not_named(claims: Claims) -> None:
    for known in (NEW, PINNED, TENANT):
        assert judge(claims, known, HERS).refused


@pytest.mark.parametrize(
    ("tried", "resolved", "verdict"), [(0, 0, SAME), (1, 0, IN_DOUBT), (1, 1, SAME), (19, 0, IN_DOUBT)]
)
def test_a_personal_account_can_have_anybodys_address(tried: int, resolved: int, verdict: Verdict) -> None:
    """Microsoft lets people open one under the address they have at work: one id that resolves tells."""
    personal = Claims(PERSONAL_TENANT.upper(), "account-1")
    assert judge(personal, NEW, replace(HERS, ids_tried=tried, ids_resolved=resolved)).verdict == verdict


def test_whose_id_graph_gives() -> None:
    assert Claims("t", "9C1D-A").names("9c1d-a")
    assert not Claims("t", "9c1d-a").names("9c1d-b") and not Claims("t", "9c1d-a").names("")
    personal = Claims(PERSONAL_TENANT, "00000000-0000-0000-048d-31887fad3d8c")
    assert personal.names("048d31887fad3d8c") and personal.names("48D31887FAD3D8C") and personal.names(personal.oid)
    assert not personal.names("048d31887fad3d8d")
    assert not Claims("t", personal.oid).names("048d31887fad3d8c")


def test_only_another_address_is_recorded_as_an_alias() -> None:
    renamed = replace(RENAMED, ids_tried=20, ids_resolved=20)
    assert judge(CLAIMS, NEW, renamed) == Judgement(ALIAS, OLD_NAME)
    assert judge(CLAIMS, NEW, HERS) == Judgement(SAME)


def test_the_address_set_is_what_exchange_delivers_to() -> None:
    found = mailbox_addresses(
        "Ada@Harper.example",
        "ada@corp.example",
        ["SMTP:ada@harper.example", "smtp:AL@harper.example", "SIP:sip@x.example"],
    )
    assert found == {"ada@harper.example", "ada@corp.example", "al@harper.example"}
    assert mailbox_addresses(None, None, []) == frozenset()
    # A personal account has its address in the sign-in name.
    assert mailbox_addresses(None, "Ada@outlook.example", []) == {"ada@outlook.example"}
    # A guest's name is an address only to the eye.
    guest = "ada_harper.example#EXT#@host.example"
    assert mailbox_addresses(None, guest, []) == frozenset()
    assert is_guest(guest)
    assert not is_guest("ada@harper.example")
    assert not is_guest(None)


words = st.sampled_from(["a", "b", "c", "d", "A", "B"])
addresses = words.map(lambda word: f"{word}@x.example")
knowns = st.builds(
    Known,
    account=addresses,
    other_addresses=st.lists(addresses, max_size=2).map(tuple),
    tid=st.sampled_from(["", "t1", "t2"]),
    oid=st.sampled_from(["", "o1", "o2"]),
).filter(lambda known: not known.oid or bool(known.tid))
ids = st.integers(0, 1000).flatmap(lambda tried: st.tuples(st.just(tried), st.integers(0, tried)))
evidences = st.builds(
    lambda found, pair, readable, guest, held, shared: Evidence(
        frozenset(one.casefold() for one in found),
        next(iter(found), ""),
        readable,
        *pair,
        guest,
        held,
        mail=next(iter(found), "").casefold(),
        sees_shared=shared,
    ),
    st.frozensets(addresses, max_size=3),
    ids,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
claims_made = st.builds(Claims, st.sampled_from(["t1", "t2", "T1"]), st.sampled_from(["o1", "o2", "O1"]))


@given(claims_made, knowns, evidences)
def test_a_mailbox_that_shares_nothing_is_never_accepted(claims: Claims, known: Known, evidence: Evidence) -> None:
    assume(not evidence.addresses & known.addresses)
    assume(not claims.equals(known.tid, known.oid))
    stranger = replace(evidence, ids_resolved=0)
    assert judge(claims, known, stranger).verdict in (ANOTHER, IN_DOUBT, SHARED)


@given(claims_made, knowns, evidences)
def test_a_known_account_is_never_taken_for_another(claims: Claims, known: Known, evidence: Evidence) -> None:
    found = judge(claims, known, evidence)
    if known.oid:
        assert found.refused != claims.equals(known.tid, known.oid)
    if known.tid and claims.tid.casefold() != known.tid.casefold():
        assert found.refused


@given(claims_made, knowns, evidences)
def test_nobody_is_accepted_without_a_calendar(claims: Claims, known: Known, evidence: Evidence) -> None:
    assert not judge(claims, known, replace(evidence, calendar_readable=False)).accepted


@given(claims_made, knowns, evidences, st.integers(0, 1000))
def test_more_ids_never_speak_against_an_account(claims: Claims, known: Known, evidence: Evidence, more: int) -> None:
    richer = replace(evidence, ids_resolved=min(evidence.ids_tried, evidence.ids_resolved + more))
    assert judge(claims, known, richer).accepted >= judge(claims, known, evidence).accepted


@given(claims_made, knowns, evidences)
def test_an_alias_is_a_new_address_of_the_mailbox(claims: Claims, known: Known, evidence: Evidence) -> None:
    found = judge(claims, known, evidence)
    assert bool(found.alias) == (found.verdict == ALIAS)
    if found.alias:
        assert found.alias.casefold() in evidence.addresses
        assert found.alias.casefold() not in known.addresses
