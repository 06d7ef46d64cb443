from django.conf import settings
from django.db import models

from calendars.states import GOOGLE_STATES, OUTLOOK_STATES, Provider, State

# Ids of Exchange, Graph and Google are opaque, case-sensitive text of no promised length. 2,000 characters still fit
# into a B-tree entry of PostgreSQL; both databases compare text exactly by default.
ID_LENGTH = 2000


class CalendarConnection(models.Model):
    """One member, one account, one calendar, one state.

    `state`, `epoch`, `state_since` are written by `calendars.connections` alone, the lease by `calendars.leases`.
    """

    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="connections")
    provider = models.CharField(max_length=10, choices=Provider)
    # The address of the mailbox as it was connected; decides nothing once tid and oid are known.
    account = models.CharField(max_length=320, db_index=True)
    # Further addresses that a sign-in has proven to be the same mailbox's, casefolded.
    other_addresses = models.JSONField(default=list, blank=True)
    calendar_name = models.CharField(max_length=255, blank=True)
    is_default_calendar = models.BooleanField(default=True)
    ews_folder_id = models.CharField(max_length=ID_LENGTH, blank=True)
    # Graph's or Google's id of the calendar, known once it has been found.
    calendar_id = models.CharField(max_length=ID_LENGTH, blank=True)
    tid = models.CharField("tenant id", max_length=64, blank=True)
    oid = models.CharField("account id", max_length=64, blank=True)

    state = models.CharField(max_length=20, choices=State, db_index=True)
    epoch = models.PositiveBigIntegerField(default=0)
    state_since = models.DateTimeField()
    # When Outlook sync stopped; empty while something syncs. Prompt and banner name it.
    stopped_at = models.DateTimeField(null=True, blank=True)
    # When every id was moved to Graph's; empty = ids, if any, are still the old sync's.
    migrated_at = models.DateTimeField(null=True, blank=True)
    # The epoch of the move that the member was told of by mail; told before it is sent, so that nobody is told twice.
    told_epoch = models.PositiveBigIntegerField(null=True, blank=True)
    sync_state = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_fence = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "connection"
        constraints = [
            models.UniqueConstraint(
                name="connection_one_live_per_member",
                fields=["member"],
                condition=~models.Q(state=State.DISCONNECTED),
            ),
            models.CheckConstraint(
                name="connection_state_of_its_provider",
                condition=models.Q(provider=Provider.OUTLOOK, state__in=sorted(OUTLOOK_STATES))
                | models.Q(provider=Provider.GOOGLE, state__in=sorted(GOOGLE_STATES)),
            ),
            models.CheckConstraint(
                # An account is known by both; a tenant alone may be known from the old sync.
                name="connection_account_has_tenant",
                condition=models.Q(oid="") | ~models.Q(tid=""),
            ),
        ]
        indexes = [models.Index(fields=["tid", "oid"])]

    def __str__(self) -> str:
        return f"{self.account} ({self.get_provider_display()})"

    @property
    def is_outlook(self) -> bool:
        return self.provider == Provider.OUTLOOK
