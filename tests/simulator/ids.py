"""Ids as Exchange makes them: deterministic for a seed, long, case-sensitive, in several encodings.

``ewsId`` is standard base64. ``restId`` writes the same bytes in the mirror image of RFC 4648: ``/`` becomes ``-`` and
``+`` becomes ``_``, ``=`` stays. The immutable id is another id altogether, in the alphabet of ``restId``.
Every tenth id differs from the one before it by the case of one letter only, in all encodings.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import uuid
from functools import cache

_TO_ENTRY = str.maketrans("+/", "-_")
_FROM_ENTRY = str.maketrans("-_", "+/")
_WELL_FORMED = re.compile(r"(AAMk|AAkA)[A-Za-z0-9_-]{60,1000}={0,2}\Z")
_IMMUTABLE_PREFIX = "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A"
_OCCURRENCE = "FRAA"
_SLOT_LENGTH = 12
_GLOBAL_OBJECT = "040000008200E00074C5B7101A82E008"


def digest(*parts: object) -> bytes:
    """64 bytes that depend on the parts alone."""
    return hashlib.sha512("\x1f".join(map(str, parts)).encode()).digest()


def token(*parts: object) -> str:
    """A token without characters that need escaping anywhere."""
    return "sim" + digest(*parts).hex()[:80]


def guid(*parts: object) -> str:
    return str(uuid.UUID(bytes=digest(*parts)[:16], version=4))


def _flip_case(text: str) -> str:
    """The text with the case of one letter of its second half turned."""
    for position in range(len(text) // 2, len(text)):
        if text[position].isalpha():
            return text[:position] + text[position].swapcase() + text[position + 1 :]
    return text


def _base64_tail(length: int, *parts: object) -> str:
    """``length`` bytes as base64; the first four characters hold both ``+`` and ``/``."""
    return base64.b64encode(b"\x0f\xef\xf0" + digest(*parts)[: length - 3]).decode()


@cache
def _store(seed: str, mailbox: str) -> str:
    """What all ids of a mailbox begin with."""
    return "AAMkAD" + base64.b64encode(digest(seed, mailbox, "store")).decode()[:66]


def ews_id(seed: str, mailbox: str, number: int) -> str:
    """The ewsId of the mailbox's item ``number``: 152 characters."""
    if number % 10 == 1:
        stem = ews_id(seed, mailbox, number - 1)
        return stem[:76] + _flip_case(stem[76:-4]) + stem[-4:]
    return _store(seed, mailbox) + _base64_tail(59, seed, mailbox, "ews", number)


def immutable_id(seed: str, mailbox: str, number: int) -> str:
    """The immutable id of the mailbox's item ``number``: 120 characters."""
    if number % 10 == 1:
        stem = immutable_id(seed, mailbox, number - 1)
        return stem[:40] + _flip_case(stem[40:-4]) + stem[-4:]
    return _IMMUTABLE_PREFIX + to_rest(_base64_tail(62, seed, mailbox, "immutable", number))


def folder_id(seed: str, mailbox: str, kind: str, number: int) -> str:
    """The ewsId of a calendar or calendar group: 120 characters."""
    return _store(seed, mailbox) + _base64_tail(35, seed, mailbox, kind, number)


def google_id(seed: str, mailbox: str, number: int) -> str:
    """The id of an event at Google: 26 characters of base32hex."""
    return base64.b32hexencode(digest(seed, mailbox, "google", number)).decode().lower()[:26]


def google_calendar_id(seed: str, mailbox: str, number: int) -> str:
    """The id of a calendar at Google other than the first one, whose id is the address."""
    return f"c_{digest(seed, mailbox, 'calendar', number).hex()[:26]}@group.calendar.google.com"


def change_key(*parts: object) -> str:
    return base64.b64encode(digest("change", *parts)[:16]).decode()


def to_rest(ews: str) -> str:
    return ews.replace("/", "-").replace("+", "_")


def to_ews(rest: str) -> str:
    return rest.replace("-", "/").replace("_", "+")


def to_entry(rest: str) -> str:
    """``entryId`` and ``immutableEntryId``: RFC 4648's alphabet, the padding written as a digit."""
    standard = to_ews(rest)
    return standard.rstrip("=").translate(_TO_ENTRY) + str(len(standard) - len(standard.rstrip("=")))


def from_entry(entry: str) -> str:
    """The restId (or restImmutableEntryId) behind an entry id; what is none comes back as it was."""
    if not entry or entry[-1] not in "012":
        return entry
    return to_rest(entry[:-1].translate(_FROM_ENTRY) + "=" * int(entry[-1]))


def is_well_formed(rest: str) -> bool:
    """Could this be an id in a Graph path? A plain ewsId with ``+`` or ``/`` is not, nor one with its case folded."""
    return len(rest) % 4 == 0 and bool(_WELL_FORMED.match(rest))


def is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except ValueError:
        return False


def stem(item_id: str) -> str:
    """The part that the ids of all occurrences of a series share."""
    bare = item_id.rstrip("=")
    return bare + "A" * (-len(bare) % 4)


def occurrence_id(master_id: str, slot: dt.date) -> str:
    """The id of the occurrence that the series' pattern puts on the day ``slot``; same encoding as the master's."""
    ticks = (slot.toordinal() - 584389) * 864_000_000_000  # hundreds of nanoseconds since 1601
    return stem(master_id) + _OCCURRENCE + base64.b64encode(ticks.to_bytes(8, "big"), b"_-").decode()


def split_occurrence_id(item_id: str) -> tuple[str, dt.date] | None:
    """The series' stem and the day of an occurrence's id, else None."""
    head, tail = item_id[:-_SLOT_LENGTH], item_id[-_SLOT_LENGTH:]
    if not head.endswith(_OCCURRENCE):
        return None
    try:
        ticks = int.from_bytes(base64.b64decode(tail, b"_-", validate=True), "big")
        return head[: -len(_OCCURRENCE)], dt.date.fromordinal(ticks // 864_000_000_000 + 584389)
    except (ValueError, OverflowError):
        return None


def ical_uid(created: dt.datetime, *parts: object) -> str:
    """A global object id: class, no instance date, creation time, reserved, size, data."""
    filetime = int((created - dt.datetime(1601, 1, 1, tzinfo=dt.UTC)).total_seconds()) * 10_000_000
    return (
        _GLOBAL_OBJECT + "00000000" + filetime.to_bytes(8, "little").hex().upper() + "0" * 16 + "10000000"
        + digest("uid", *parts)[:16].hex().upper()
    )  # fmt: skip


def instance_ical_uid(uid: str, slot: dt.date) -> str:
    """The iCalUId of one occurrence: the instance date set where the series' has zeros; any other string as it is."""
    if not uid.startswith(_GLOBAL_OBJECT) or len(uid) < 40:
        return uid
    return f"{uid[:32]}{slot.year:04X}{slot.month:02X}{slot.day:02X}{uid[40:]}"
