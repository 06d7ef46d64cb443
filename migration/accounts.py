"""Whether whoever signed in is the account that a connection belongs to (R6). Pure.

An address alone identifies nobody: `mail` is free text on an account without a mailbox, and names change hands. So a
known tenant and account id decide alone; the first sign-in is judged by evidence that was read with the new token; and
in doubt the answer is no. docs/decisions/which-account.md has the reasons for each threshold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

# From so many stored ids on, that none of them resolves in a mailbox speaks louder than its address.
IDS_THAT_TELL = 20
# No more than one request translates.
IDS_TRIED_AT_MOST = 1000
GUEST_MARK = "#ext#"
# All personal Microsoft accounts are in this tenant: "ID token claims reference".
PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"


class Verdict(StrEnum):
    SAME = "same"
    # Known by another of its addresses from now on: renamed, or an alias.
    SAME_BY_ALIAS = "same_by_alias"
    ANOTHER = "another"
    IN_DOUBT = "in_doubt"
    # What Graph cannot serve, though it is what was synced until now.
    GUEST = "guest"
    SHARED = "shared"
    ON_PREMISES = "on_premises"
    UNLICENSED = "unlicensed"


ACCEPTED = frozenset({Verdict.SAME, Verdict.SAME_BY_ALIAS})
REFUSED = frozenset({Verdict.ANOTHER, Verdict.IN_DOUBT})


@dataclass(frozen=True)
class Claims:
    """Who the identity platform says signed in: tenant and account id."""

    tid: str
    oid: str

    def equals(self, tid: str, oid: str) -> bool:
        return _same_id(self.tid, tid) and _same_id(self.oid, oid)

    @property
    def personal(self) -> bool:
        return _same_id(self.tid, PERSONAL_TENANT)

    def names(self, graph_id: str) -> bool:
        """Whether Graph's id of an account is this one's: the same, or of a personal account its last 16 digits."""
        digits = self.oid.replace("-", "")[-16:]
        return _same_id(graph_id, self.oid) or (self.personal and _same_id(graph_id.zfill(16), digits))


@dataclass(frozen=True)
class Known:
    """What we hold of the connection's account; ids and further addresses may be empty. `listed` is the address that
    support approved for the mailbox, on a list of the firm's new addresses."""

    account: str
    other_addresses: tuple[str, ...] = ()
    tid: str = ""
    oid: str = ""
    listed: str = ""

    @property
    def is_first(self) -> bool:
        """Nothing was ever connected, so that there is nothing it could be confused with."""
        return not self.account and not self.oid

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(address.casefold() for address in (self.account, *self.other_addresses) if address)

    def fits(self, addresses: frozenset[str]) -> bool:
        return bool((self.addresses | {self.listed.casefold()}) & addresses)


@dataclass(frozen=True)
class Evidence:
    """What was read with the new token, and what other members' rows say about it.

    `addresses`: see `mailbox_addresses`; `mail` is the mailbox's own name for itself, `primary` names the account to
    people. Without `calendar_readable` there is no mailbox that Graph can serve; `unlicensed` where there is none at all.
    `ids_resolved` of `ids_tried` old ids translate in the mailbox. `held_by_another_member`: another's live connection is
    pinned to this very account. `sees_shared`: the mailbox synced until now lends its calendar to this account, and is
    nobody's own. `sign_in_name`: of a work account it is in a domain that its tenant has proven to Microsoft to be its own.
    """

    addresses: frozenset[str]
    primary: str
    calendar_readable: bool
    ids_tried: int = 0
    ids_resolved: int = 0
    is_guest: bool = False
    held_by_another_member: bool = False
    mail: str = ""
    unlicensed: bool = False
    sees_shared: bool = False
    sign_in_name: str = ""


@dataclass(frozen=True)
class Judgement:
    """`alias` is the address to record as a further one of the mailbox: set with SAME_BY_ALIAS alone."""

    verdict: Verdict
    alias: str = ""

    @property
    def accepted(self) -> bool:
        return self.verdict in ACCEPTED

    @property
    def refused(self) -> bool:
        return self.verdict in REFUSED


def judge(claims: Claims, known: Known, evidence: Evidence) -> Judgement:
    """The verdict on a sign-in; IN_DOUBT is to be treated as ANOTHER.

    Support's approval of another account is not known here: the caller asks for it after a refusal.
    """
    if not claims.tid or not claims.oid:
        return Judgement(Verdict.IN_DOUBT)
    if known.is_first:
        return Judgement(Verdict.SAME) if evidence.calendar_readable and not evidence.is_guest else _unserved(evidence)
    if known.tid and not _same_id(claims.tid, known.tid):
        return Judgement(Verdict.ANOTHER)
    if known.tid and known.oid:
        return _known_account(claims, known, evidence)
    return _first_sign_in(claims, known, evidence)


def mailbox_addresses(
    mail: str | None, user_principal_name: str | None, proxy_addresses: Iterable[str]
) -> frozenset[str]:
    """The mailbox's addresses, casefolded: `mail`, the sign-in name and the `smtp:` proxies; never contact addresses
    or an e-mail claim, which anyone may write. Vendor's page: Microsoft Graph, "user resource type"."""
    proxies = [proxy[5:] for proxy in proxy_addresses if proxy[:5].casefold() == "smtp:"]
    found = (address.strip().casefold() for address in (mail or "", user_principal_name or "", *proxies))
    return frozenset(address for address in found if "@" in address and GUEST_MARK not in address)


def is_guest(user_principal_name: str | None) -> bool:
    return GUEST_MARK in (user_principal_name or "").casefold()


def _known_account(claims: Claims, known: Known, evidence: Evidence) -> Judgement:
    """Equal ids decide: the mailbox may have been renamed since, and was proven to be this connection's before."""
    if not claims.equals(known.tid, known.oid):
        return Judgement(Verdict.ANOTHER)
    return _same(known, evidence) if evidence.calendar_readable else _unserved(evidence)


def _first_sign_in(claims: Claims, known: Known, evidence: Evidence) -> Judgement:
    by_address = known.fits(evidence.addresses)
    if evidence.is_guest or not evidence.calendar_readable:
        # Another account that has no mailbox is a wrong account like any other.
        return _unserved(evidence) if by_address else Judgement(Verdict.ANOTHER)
    if by_address and _ids_contradict(claims, evidence):
        return Judgement(Verdict.IN_DOUBT)
    if not by_address and not _ids_prove(evidence):
        return Judgement(Verdict.SHARED if evidence.sees_shared else Verdict.ANOTHER)
    return _same(known, evidence)


def _unserved(evidence: Evidence) -> Judgement:
    if evidence.is_guest:
        # An account in somebody else's directory, whatever address it shows: its mailbox is at home.
        return Judgement(Verdict.GUEST)
    return Judgement(Verdict.UNLICENSED if evidence.unlicensed else Verdict.ON_PREMISES)


def _ids_contradict(claims: Claims, evidence: Evidence) -> bool:
    """One id must resolve, where so many are stored that some should. Where more than the address is in question, one
    stored id is enough to ask for that: anybody may open a personal account under the address they have at work; and an
    account that another member holds is theirs, unless this member's events come from it too."""
    in_question = claims.personal or evidence.held_by_another_member
    return evidence.ids_tried >= (1 if in_question else IDS_THAT_TELL) and not evidence.ids_resolved


def _ids_prove(evidence: Evidence) -> bool:
    return evidence.ids_tried >= IDS_THAT_TELL and 2 * evidence.ids_resolved >= evidence.ids_tried


def _same(known: Known, evidence: Evidence) -> Judgement:
    if evidence.mail in evidence.addresses and evidence.mail not in known.addresses:
        return Judgement(Verdict.SAME_BY_ALIAS, evidence.mail)
    return Judgement(Verdict.SAME)


def _same_id(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
