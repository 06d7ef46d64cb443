"""The member's side of a ticket: what it is about, what was said, and a word to support."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from migration import reauth, tickets
from migration.models import Ticket, TicketEntry
from migration.ticket_states import Cause, ForbiddenTicketMove, MemberReason, TicketState

# What members read of each entry. What is missing here stays with support, and so does every note and every name.
TOLD = {
    Cause.MISMATCH: "You signed in with another account",
    Cause.CALENDAR_NOT_FOUND: "We could not tell which of your calendars was in step",
    Cause.MESSAGE: "You wrote",
    Cause.HELP: "You asked Support for help",
    Cause.ASK_AGAIN: "Support asked you to sign in again",
    Cause.APPROVE_SAME_MAILBOX: "Support accepted the address as the same mailbox's",
    Cause.APPROVE_OTHER_ACCOUNT: "Support approved the move to the other account",
    Cause.ANSWER: "Support answered",
    Cause.LISTED: "Support accepted your firm’s new addresses, yours among them",
    Cause.CLOSE: "Support closed the request",
    Cause.TAKE_BACK: "Support took this back, to look at it again",
    Cause.REOPEN: "Support opened the request again",
    Cause.EXPIRED: "The approval was not used in time",
    Cause.USED: "You signed in with the approved account",
    Cause.SUCCESS: "Your calendar is on its way again",
}
MESSAGE_LENGTH = 4000


class MessageForm(forms.Form):
    reason = forms.ChoiceField(choices=[("", "Something else"), *MemberReason.choices], required=False)
    message = forms.CharField(
        label="Your message to Support",
        max_length=MESSAGE_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors and not (given.get("reason") or given.get("message")):
            self.add_error("message", "Please write what you would like to tell us.")
        return given


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ticket(request: HttpRequest, reference: str) -> HttpResponse:
    own = Ticket.objects.filter(member_id=request.user.pk).select_related("member__firm", "connection")
    found = tickets.as_of(get_object_or_404(own, reference=reference.upper()), timezone.now())
    if request.method != "POST":
        return _page(request, found, MessageForm())
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=400)
    try:
        tickets.write(found, **form.cleaned_data, now=timezone.now())
    except ForbiddenTicketMove:
        messages.error(request, "This request is closed and takes no more messages.")
        return _page(
            request, Ticket.objects.select_related("member__firm", "connection").get(pk=found.pk), form, status=409
        )
    messages.success(request, "Your message has been sent to Support. You will find the answer on this page.")
    return redirect("migration:ticket", reference=found.reference)


def _page(request: HttpRequest, found: Ticket, form: MessageForm, status: int = 200) -> HttpResponse:
    context = {
        "ticket": found,
        "closed": found.state == TicketState.CLOSED,
        "told": _told(found),
        "may_sign_in": reauth.may_sign_in(found.connection, now=timezone.now()),
        "form": form,
        "reasons": MemberReason.choices,
    }
    return render(request, "migration/ticket.html", context, status=status)


def _told(found: Ticket) -> list[dict[str, object]]:
    entries = TicketEntry.objects.filter(ticket=found, action__in=TOLD).select_related("attempt")
    return [
        {
            "at": entry.at,
            "words": TOLD[Cause(entry.action)],
            "message": entry.message,
            "reason": entry.get_reason_display(),
            "address": entry.attempt.address if entry.attempt and entry.action == Cause.MISMATCH else "",
        }
        for entry in entries
    ]
