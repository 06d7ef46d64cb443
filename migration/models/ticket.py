from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from calendars.models import CalendarConnection
from migration.models.sign_in import SignInAttempt
from migration.ticket_states import Cause, MemberReason, TicketState

A_MOMENT = timedelta(minutes=1)


class Ticket(models.Model):
    """What waits for support: a sign-in with another mailbox, or that does not work, or a calendar that was not found.
    One open per member.

    Written by `migration.tickets` alone.
    """

    State = TicketState

    class Kind(models.TextChoices):
        ANOTHER_MAILBOX = "another_mailbox", "Sign-in with another mailbox"
        CALENDAR_NOT_FOUND = "calendar_not_found", "Calendar not found"
        SIGN_IN_FAILS = "sign_in_fails", "Sign-in does not work"

    # Shown to the member and searched by support: "CS-7K4M2Q".
    reference = models.CharField(max_length=20, unique=True)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tickets")
    connection = models.ForeignKey(CalendarConnection, models.PROTECT, related_name="tickets")
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=20, choices=TicketState, default=TicketState.OPEN, db_index=True)
    # Raised with every entry that somebody must have seen before deciding; a decision names the turn it was made on.
    turn = models.PositiveBigIntegerField(default=0)
    expected_address = models.CharField(max_length=320)
    # The account of the newest sign-in that did not match.
    other_address = models.CharField(max_length=320, blank=True, db_index=True)
    other_tid = models.CharField(max_length=64, blank=True)
    other_oid = models.CharField(max_length=64, blank=True)
    # What the member last said it was.
    reason = models.CharField(max_length=20, blank=True, choices=MemberReason)
    # What support approved: exactly this account, once, until then; the address is for people.
    approved_address = models.CharField(max_length=320, blank=True)
    approved_tid = models.CharField(max_length=64, blank=True)
    approved_oid = models.CharField(max_length=64, blank=True)
    approved_as = models.CharField(
        max_length=20,
        blank=True,
        choices=[("same_mailbox", "The same mailbox"), ("other_account", "Another account")],
    )
    approved_until = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        permissions = [("resolve_ticket", "Can resolve tickets")]
        constraints = [
            models.UniqueConstraint(
                name="ticket_one_open_per_member", fields=["member"], condition=~models.Q(state="closed")
            )
        ]

    def __str__(self) -> str:
        return self.reference

    def has_just_heard(self, action: Cause, message: str, reason: str, now: datetime) -> bool:
        """Whether the member said just this a moment ago, and nothing has happened since: a button was pressed twice."""
        last = self.entries.exclude(action=Cause.MAIL_FAILED).last()
        if last is None or last.at <= now - A_MOMENT:
            return False
        return (last.action, last.message, last.reason) == (action, message, reason)


class TicketEntry(models.Model):
    """One thing that happened to a ticket, oldest first: a sign-in, a note, a decision, a mail."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    # Nobody = the system; the member or support otherwise.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=40, choices=Cause)
    reason = models.CharField(max_length=20, blank=True, choices=MemberReason)
    # What the member wrote, or was told: read by both sides.
    message = models.TextField(blank=True)
    # Between support alone.
    note = models.TextField(blank=True)
    attempt = models.ForeignKey(SignInAttempt, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "ticket entries"

    def __str__(self) -> str:
        return f"{self.action} on {self.ticket_id}"
