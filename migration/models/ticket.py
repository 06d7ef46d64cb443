from django.conf import settings
from django.db import models

from calendars.models import CalendarConnection
from migration.models.sign_in import SignInAttempt


class Ticket(models.Model):
    """What waits for support: a sign-in with another mailbox, or a calendar that was not found. One open per member.

    Written by `migration.tickets` alone.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        WAITING_FOR_MEMBER = "waiting_for_member", "Waiting for the member"
        APPROVED = "approved", "Approved"
        CLOSED = "closed", "Closed"

    class Kind(models.TextChoices):
        ANOTHER_MAILBOX = "another_mailbox", "Sign-in with another mailbox"
        CALENDAR_NOT_FOUND = "calendar_not_found", "Calendar not found"

    # Shown to the member and searched by support: "CS-7K4M2Q".
    reference = models.CharField(max_length=20, unique=True)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tickets")
    connection = models.ForeignKey(CalendarConnection, models.PROTECT, related_name="tickets")
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=20, choices=State, default=State.OPEN, db_index=True)
    expected_address = models.CharField(max_length=320)
    # The account of the newest sign-in that did not match.
    other_address = models.CharField(max_length=320, blank=True, db_index=True)
    other_tid = models.CharField(max_length=64, blank=True)
    other_oid = models.CharField(max_length=64, blank=True)
    # What support approved: exactly this account, once, until then.
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


class TicketEntry(models.Model):
    """One thing that happened to a ticket, oldest first: a sign-in, a note, a decision, a mail."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    # Nobody = the system; the member or support otherwise.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=40)
    note = models.TextField(blank=True)
    attempt = models.ForeignKey(SignInAttempt, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "ticket entries"

    def __str__(self) -> str:
        return f"{self.action} on {self.ticket_id}"
