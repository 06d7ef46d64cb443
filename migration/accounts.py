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


class Verdict(StrEnum):
    SAME = "same"
    SAME_BY_ALIAS = "same_by_alias"
    ANOTHER = "another"
    IN_DOUBT = "in_doubt"
    NOT_SERVED = "not_served"


@dataclass(frozen=True)
class Claims:
    """Who the identity platform says signed in: tenant and account id."""

    tid: str
    oid: str

    def equals(self, tid: str, oid: str) -> bool:
        return _same_id(self.tid, tid) and _same_id(self.oid, oid)


@dataclass(frozen=True)
class Known:
    """What we hold of the connection's account; ids and further addresses may be empty."""

    account: str
    other_addresses: tuple[str, ...] = ()
    tid: str = ""
    oid: str = ""

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(address.casefold() for address in (self.account, *self.other_addresses) if address)


@dataclass(frozen=True)
class Evidence:
    """What was read with the new token, and whether another member's live connection holds the very same account.

    `addresses`: see `mailbox_addresses`; `primary` names the account to people. Without `calendar_readable` there is no
    mailbox that Graph can serve. `ids_resolved` of `ids_tried` old ids translate in the mailbox.
    """

    addresses: frozenset[str]
    primary: str
    calendar_readable: bool
    ids_tried: int = 0
    ids_resolved: int = 0
    is_guest: bool = False
    held_by_another_member: bool = False


@dataclass(frozen=True)
class Judgement:
    """`alias` is the address to record as a further one of the mailbox: set with SAME_BY_ALIAS alone."""

    verdict: Verdict
    alias: str = ""

    @property
    def accepted(self) -> bool:
        return self.verdict in (Verdict.SAME, Verdict.SAME_BY_ALIAS)

    @property
    def refused(self) -> bool:
        return self.verdict in (Verdict.ANOTHER, Verdict.IN_DOUBT)


def judge(claims: Claims, known: Known, evidence: Evidence) -> Judgement:
    """The verdict on a sign-in; IN_DOUBT is to be treated as ANOTHER.

    NOT_SERVED: it looks like the right account, but Graph cannot reach its mailbox (on-premises, no licence).
    Support's approval of another account is not known here: the caller asks for it after a refusal.
    """
    if not claims.tid or not claims.oid:
        return Judgement(Verdict.IN_DOUBT)
    if known.tid and not _same_id(claims.tid, known.tid):
        return Judgement(Verdict.ANOTHER)
    if known.tid and known.oid:
        return _known_account(claims, known, evidence)
    if evidence.is_guest:
        # An account in somebody else's directory, whatever address it shows: its mailbox is at home.
        return Judgement(Verdict.ANOTHER)
    return _first_sign_in(known, evidence)


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
    return _same(known, evidence) if evidence.calendar_readable else Judgement(Verdict.NOT_SERVED)


def _first_sign_in(known: Known, evidence: Evidence) -> Judgement:
    by_address = bool(known.addresses & evidence.addresses)
    if not evidence.calendar_readable:
        return Judgement(Verdict.NOT_SERVED if by_address else Verdict.ANOTHER)
    if by_address and evidence.ids_tried >= IDS_THAT_TELL and not evidence.ids_resolved:
        return Judgement(Verdict.IN_DOUBT)
    if not by_address and not _ids_prove(evidence):
        return Judgement(Verdict.ANOTHER)
    if evidence.held_by_another_member:
        # Two members on one account would write every change twice. Staff could one day be shown the pair and allow
        # it; until then it is refused, and support sees the ticket.
        return Judgement(Verdict.IN_DOUBT)
    return _same(known, evidence)


def _ids_prove(evidence: Evidence) -> bool:
    return evidence.ids_tried >= IDS_THAT_TELL and 2 * evidence.ids_resolved >= evidence.ids_tried


def _same(known: Known, evidence: Evidence) -> Judgement:
    if evidence.primary not in evidence.addresses or known.addresses & evidence.addresses:
        return Judgement(Verdict.SAME)
    return Judgement(Verdict.SAME_BY_ALIAS, evidence.primary)


def _same_id(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
