"""What the pages about anomalies show, to the member and to support alike, and the questions they ask before a decision."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest

from calendars.models import HeldAppointment
from firms.keys import is_key
from firms.models import User
from migration import report
from migration.anomalies import deciding, reading, undoing, words
from migration.anomalies.comparison import Cell, Line
from migration.anomalies.deciding import NotNow
from migration.anomalies.reading import Look
from migration.anomalies.standing import Act, Standing
from migration.models import Anomaly, AnomalyDecision

STALE = "Nothing was done: something has changed since you opened the page. Please look again."


@dataclass(frozen=True)
class Row:
    said: report.Row
    standing: str
    tone: str


@dataclass(frozen=True)
class Beside:
    """One candidate, line by line: the field as it is here, and what the candidate says."""

    held: HeldAppointment
    lines: list[tuple[Line, Cell]]
    may_link: bool
    looks_the_same: bool


def row(anomaly: Anomaly, zone: ZoneInfo) -> Row:
    label, tone = words.STANDING[reading.standing_of(anomaly.synced_event)]
    return Row(report.row(anomaly, zone), label, tone)


def context(look: Look) -> dict[str, Any]:
    label, tone = words.STANDING[look.standing]
    return {
        "look": look,
        "anomaly": look.anomaly,
        "run": look.anomaly.run,
        "member": look.connection.member,
        "subject": (look.event or look.synced).subject or "(no subject)",
        "explanation": _explanation(look),
        "standing": str(look.standing),
        "standing_words": label,
        "tone": tone,
        "beside": beside(look),
        # A link is chosen beside its candidate.
        "acts": [(act, words.to_decide(act, look.standing)) for act in look.offered if act is not Act.LINK],
        "may_link": Act.LINK in look.offered,
        "undoable": [(one, words.to_undo(one)) for one in look.undoable],
    }


def _explanation(look: Look) -> str:
    reason = look.anomaly.Reason(look.anomaly.reason)
    if reason == look.anomaly.Reason.NOT_FOUND and look.candidates:
        return "It was not found in Outlook. What comes close to it stands beside it."
    return report.NOT_FOUND[reason]


def beside(look: Look) -> list[Beside]:
    return [
        Beside(
            held=held,
            lines=[(line, line.cells[place]) for line in look.lines],
            may_link=look.may_link(held),
            looks_the_same=look.looks_the_same(held),
        )
        for place, held in enumerate(look.candidates)
    ]


class Question(ABC):
    """A decision that has been asked for: what its page says, and how it is carried out. Raises what `deciding` raises."""

    words: words.Words

    def __init__(self, look: Look, request: HttpRequest) -> None:
        self.look = look
        self.given = request.POST if request.method == "POST" else request.GET

    @abstractmethod
    def context(self) -> dict[str, Any]: ...

    @abstractmethod
    def carry_out(self, *, actor: User, now: datetime, note: str = "") -> None: ...


class Decision(Question):
    def __init__(self, look: Look, act: Act, request: HttpRequest) -> None:
        super().__init__(look, request)
        self.act, self.words = act, words.to_decide(act, look.standing)
        self.key = self.given.get("candidate", "")

    def context(self) -> dict[str, Any]:
        if self.act not in self.look.offered:
            raise NotNow("This can’t be done with the event as it stands now.")
        everything = context(self.look)
        chosen = next((one for one in everything["beside"] if str(one.held.pk) == self.key), None)
        if self.act is Act.LINK and not (chosen and chosen.may_link):
            raise NotNow("Please choose one of the appointments beside it.")
        others = [one for one in everything["beside"] if one is not chosen]
        return everything | {
            "act": str(self.act),
            "undone": None,
            "words": self.words,
            "chosen": chosen,
            "others": others,
            "twins": [one for one in others if one.looks_the_same],
            "dates": self.look.event.exceptions.count() if self.look.event else 0,
            "deleted": self.look.standing is Standing.DELETED,
            "changed_here": self.look.changed_here,
            "full_days": round(settings.SYNC_FULL_DAYS),
        }

    def carry_out(self, *, actor: User, now: datetime, note: str = "") -> None:
        deciding.decide(
            self.look.anomaly, self.act, actor=actor, seen=self.given.get("seen", ""), now=now, note=note,
            candidate=int(self.key) if is_key(self.key) else None,
        )  # fmt: skip


class Undoing(Question):
    def __init__(self, look: Look, decision: AnomalyDecision, request: HttpRequest) -> None:
        super().__init__(look, request)
        self.decision, self.words = decision, words.to_undo(decision)

    def context(self) -> dict[str, Any]:
        if self.decision.pk not in {one.pk for one in self.look.undoable}:
            raise NotNow("This can no longer be taken back.")
        released = len(self.decision.released)
        return context(self.look) | {
            "act": "",
            "undone": self.decision,
            "words": self.words,
            "chosen": None,
            "released": released,
        }

    def carry_out(self, *, actor: User, now: datetime, note: str = "") -> None:
        undoing.undo(self.decision, actor=actor, seen=self.given.get("seen", ""), now=now, note=note)
