"""Decisions about anomalies as people read them: on the button, as the title of the page that asks, and once it is done."""

from dataclasses import dataclass

from migration.anomalies.standing import Act, Standing
from migration.models import AnomalyDecision


@dataclass(frozen=True)
class Words:
    button: str
    title: str
    done: str


DECIDE = {
    Act.LINK: Words(
        "Link with this appointment",
        "Link the event with this appointment?",
        "Linked. The next sync compares the two and keeps them in step.",
    ),
    Act.KEEP: Words(
        "Keep only here",
        "Keep the event only here?",
        "The event stays here, and is not looked for in Outlook any more.",
    ),
    Act.COPY: Words(
        "Copy as a new event",
        "Make a new event and create it in Outlook?",
        "A new event has been made. The next sync creates it in Outlook.",
    ),
    Act.DELETE: Words(
        "Delete here", "Delete the event here?", "The event is deleted here. Nothing was changed in Outlook."
    ),
}
# Of an event that is deleted here, and holds appointments all the same.
LET_GO = Words(
    "Let the appointments in",
    "Let the appointments in as events of their own?",
    "The appointments are no longer held. The next full sync brings them in.",
)
UNDO = {
    Act.LINK: Words(
        "Take the link back", "Take the link back?", "The event is only here again, and not in step with Outlook."
    ),
    Act.KEEP: Words("Take it back", "Hold the appointments again?", "The event waits for a decision again."),
    Act.COPY: Words("Delete the copy", "Delete the copy?", "The copy is deleted."),
    Act.DELETE: Words("Bring it back", "Bring the event back?", "The event is back, as it was."),
}
STANDING = {
    Standing.OPEN: ("Open", "warning"),
    Standing.LINKED: ("Linked", "success"),
    Standing.KEPT: ("Kept only here", "info"),
    Standing.DELETED: ("Deleted here", "info"),
}


def to_decide(act: Act, standing: Standing) -> Words:
    return LET_GO if standing is Standing.DELETED else DECIDE[act]


def to_undo(decision: AnomalyDecision) -> Words:
    return UNDO[Act(decision.action)]
