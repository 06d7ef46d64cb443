"""What matching knows of a synced event and of an appointment, and how alike the two are. Pure."""

import unicodedata
from collections.abc import Hashable
from typing import NamedTuple

MASTER = "seriesMaster"


class Known(NamedTuple):
    """A synced event as last synced. Times are whole minutes since 1970 (UTC), of all-day events those of their dates
    at midnight UTC, so that dates compare as dates. `translated` is the new id that its old one resolved to; `gone`: it
    has been deleted here since."""

    pk: int
    uid: str
    subject: str
    start: int
    end: int
    all_day: bool
    location: str = ""
    pattern: str = ""
    ical_uid: str = ""
    translated: str = ""
    series: int | None = None
    original_start: int | None = None
    gone: bool = False


class Candidate(NamedTuple):
    """An appointment, times as in `Known`. `elsewhere` = in another calendar of the mailbox; `series` is the id of its
    master, and `original_start` the start that the pattern gave it: occurrences only."""

    id: str
    kind: str
    subject: str
    start: int | None
    end: int | None
    all_day: bool
    location: str = ""
    pattern: str = ""
    ical_uid: str = ""
    original_start: int | None = None
    elsewhere: bool = False
    series: str = ""


def subject_key(subject: str) -> str:
    """Equal for subjects that differ in Unicode form, case or white space only."""
    if not subject.isascii():
        subject = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", subject).casefold())
    return " ".join(subject.casefold().split())


def times(one: Known | Candidate) -> tuple[Hashable, ...]:
    return one.all_day, one.start, one.end


def times_and_subject(one: Known | Candidate) -> Hashable:
    return one.all_day, one.start, one.end, subject_key(one.subject)


def resemblance(one: Known, other: Candidate) -> tuple[bool, ...]:
    """Greater for the one that is more like it, of several with the same claim to an appointment."""
    return (
        not one.gone,
        (one.series is None) == (not other.series),
        bool(one.ical_uid) and one.ical_uid == other.ical_uid,
        times_and_subject(one) == times_and_subject(other),
        times(one) == times(other),
        subject_key(one.subject) == subject_key(other.subject),
        subject_key(one.location) == subject_key(other.location) and one.pattern == other.pattern,
        one.subject == other.subject,
    )
