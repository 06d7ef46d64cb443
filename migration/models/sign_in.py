from django.conf import settings
from django.db import models

from calendars.models import CalendarConnection
from migration.accounts import Verdict

# What the evidence of a sign-in said, as staff read it.
VERDICTS = {
    Verdict.SAME: "The same mailbox",
    Verdict.SAME_BY_ALIAS: "The same mailbox, by another address",
    Verdict.ANOTHER: "Another mailbox",
    Verdict.IN_DOUBT: "In doubt, so refused",
    Verdict.GUEST: "A guest of another organization",
    Verdict.SHARED: "A mailbox that several people share",
    Verdict.ON_PREMISES: "A mailbox that is not in Microsoft’s cloud",
    Verdict.UNLICENSED: "An account without a mailbox, or without a license for one",
}


class SignInAttempt(models.Model):
    """A sign-in with Microsoft under way or ended: consumed once, feeds the loop breaker and the audit."""

    class Result(models.TextChoices):
        UNDER_WAY = "under_way", "Under way"
        CONSUMED = "consumed", "Being checked"
        ACCEPTED = "accepted", "Accepted"
        ANOTHER_MAILBOX = "another_mailbox", "Another mailbox"
        CANCELLED = "cancelled", "Cancelled by the person"
        CONSENT_MISSING = "consent_missing", "An administrator must consent"
        REFUSED = "refused", "Refused by Microsoft"
        NOT_SERVED = "not_served", "Graph cannot serve the mailbox"
        FAILED = "failed", "Failed"

    connection = models.ForeignKey(CalendarConnection, models.CASCADE, related_name="sign_in_attempts")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sign_in_attempts")
    # SHA-256 of the `state` parameter: the row alone cannot be used to answer in the member's place.
    state_hash = models.CharField(max_length=64, unique=True)
    # msal's flow with verifier and nonce, encrypted; emptied when consumed.
    flow = models.BinaryField(default=b"")
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    consumed_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=20, choices=Result, default=Result.UNDER_WAY)
    # What the identity platform called it: error, suberror, numbers; for support, never tokens.
    detail = models.CharField(max_length=300, blank=True)
    # What Microsoft wants the next sign-in to prove, as JSON; handed back to it and of no use to anybody else.
    claims = models.TextField(blank=True)
    # Empty where the sign-in ended before there was anything to judge.
    verdict = models.CharField(
        max_length=20, blank=True, choices=[(str(one), words) for one, words in VERDICTS.items()]
    )
    # Whether Graph can serve a calendar there; else nothing can be moved to it.
    served = models.BooleanField("has a calendar", default=True)
    # Another member's calendar was connected to the account, too: assistant and attorney.
    held_by_another = models.BooleanField("another member’s too", default=False)
    # Of one that waits for an administrator: when the member was told that they can sign in now.
    told_at = models.DateTimeField(null=True, blank=True)
    address = models.CharField(max_length=320, blank=True)
    tid = models.CharField(max_length=64, blank=True)
    oid = models.CharField(max_length=64, blank=True)
    # How many of the old ids that were tried resolve in the mailbox that signed in.
    ids_tried = models.PositiveIntegerField(default=0)
    ids_resolved = models.PositiveIntegerField(default=0)

    # What is known of an attempt once Microsoft has said who signed in.
    FOUND = ("address", "tid", "oid", "ids_tried", "ids_resolved", "verdict", "served", "held_by_another")

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"sign-in {self.pk} ({self.result})"

    @property
    def told(self) -> str:
        """How it ended, to the member: the list of attempts has little room, and their pages say the rest."""
        return TOLD.get(SignInAttempt.Result(self.result), "It did not work")

    @property
    def evidence(self) -> str:
        """For support: how many of the member's old ids the mailbox that signed in knows."""
        if not self.ids_tried:
            return "no old ids were tried there"
        verb = "resolves" if self.ids_resolved == 1 else "resolve"
        return f"{self.ids_resolved:,} of {self.ids_tried:,} old ids {verb} there"


TOLD = {
    SignInAttempt.Result.ACCEPTED: "You were let in",
    SignInAttempt.Result.ANOTHER_MAILBOX: "Another mailbox",
    SignInAttempt.Result.CANCELLED: "You cancelled",
    SignInAttempt.Result.CONSENT_MISSING: "A permission is missing",
    SignInAttempt.Result.REFUSED: "Microsoft did not let you in",
    SignInAttempt.Result.NOT_SERVED: "The mailbox cannot be served",
}
