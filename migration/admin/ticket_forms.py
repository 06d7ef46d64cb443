"""The forms in which support decide: a note for support where it decides something, a message for the member."""

from dataclasses import dataclass
from typing import Any

from django import forms

from migration.ticket_states import Cause

LENGTH = 4000


@dataclass(frozen=True)
class Words:
    """A decision as support read it: on its button, under it, as the title of its page, and once it is done."""

    button: str
    effect: str
    title: str
    done: str
    decides: bool = True


WORDS = {
    Cause.ASK_AGAIN: Words(
        "Wrong account: ask to sign in again",
        "The member clicked the wrong account. They get a mail; nothing changes.",
        "Ask the member to sign in again?",
        "The member has been asked to sign in again.",
    ),
    Cause.APPROVE_SAME_MAILBOX: Words(
        "Same mailbox: accept the address",
        "Both addresses are one mailbox. The old ids are used as ever.",
        "Accept the address as the same mailbox’s?",
        "The address is accepted for the member’s next sign-in.",
    ),
    Cause.APPROVE_OTHER_ACCOUNT: Words(
        "Approve the move to this other account",
        "An intended change. Events are found by what they say, not by their ids.",
        "Approve the move to this other account?",
        "The move is approved for the member’s next sign-in.",
    ),
    Cause.ANSWER: Words(
        "Answer",
        "Write to the member, by mail and on their page.",
        "Answer the member",
        "The answer has been sent.",
        decides=False,
    ),
    Cause.TAKE_BACK: Words(
        "Take it back",
        "As if the last decision had not been made: the ticket waits for Support again.",
        "Take the decision back?",
        "The decision is taken back; the ticket is open again.",
    ),
    Cause.CLOSE: Words(
        "Close",
        "Nothing more to do. A new mismatch opens a new ticket.",
        "Close the ticket?",
        "The ticket is closed.",
    ),
    Cause.REOPEN: Words(
        "Open it again",
        "Closed too early. The member may write on it again.",
        "Open the ticket again?",
        "The ticket is open again.",
    ),
}


class DecisionForm(forms.Form):
    # What the page showed: a decision on anything older is refused.
    turn = forms.IntegerField(widget=forms.HiddenInput)
    message = forms.CharField(
        label="Message to the member",
        help_text="Goes into the mail and onto the member’s page.",
        max_length=LENGTH,
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
    )
    note = forms.CharField(
        label="Note",
        help_text="Between support alone: the ticket and the audit keep it, the member never sees it.",
        max_length=LENGTH,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )

    def __init__(self, cause: Cause, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = WORDS[cause].decides
        self.fields["message"].required = cause == Cause.ANSWER
        if WORDS[cause].decides:
            self.order_fields(["turn", "note", "message"])
