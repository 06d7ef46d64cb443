"""What became of each event, and the candidates of those that are undecided: read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from calendars.models import HeldAppointment
from firms.admin.base import ReadOnlyAdmin
from migration.models import Outcome


@admin.register(Outcome)
class OutcomeAdmin(ReadOnlyAdmin):
    list_display = ("subject", "start", "outcome", "how", "reason", "account", "member")
    list_filter = ("outcome", "how", "reason")
    list_select_related = ("synced_event", "run__connection__member")
    search_fields = ("run__connection__account", "run__connection__member__email", "=synced_event__uid")
    search_help_text = "Account, member, or the whole uid of an event"
    # No list of a single firm's or member's rows needs an order that the database would have to sort millions for.
    ordering = ("-pk",)
    fields = ("subject", "start", "end", "outcome", "how", "reason", "account", "member", "run", "synced_event")
    readonly_fields = fields

    @admin.display(empty_value="(no subject)")
    def subject(self, outcome: Outcome) -> str:
        return outcome.synced_event.subject

    @admin.display(description="start")
    def start(self, outcome: Outcome) -> str:
        return f"{outcome.synced_event.start} {outcome.synced_event.time_zone}"

    @admin.display(description="end")
    def end(self, outcome: Outcome) -> str:
        return f"{outcome.synced_event.end} {outcome.synced_event.time_zone}"

    @admin.display(description="account")
    def account(self, outcome: Outcome) -> str:
        return outcome.run.connection.account

    @admin.display(description="member")
    def member(self, outcome: Outcome) -> Any:
        return outcome.run.connection.member

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related(*self.list_select_related)


@admin.register(HeldAppointment)
class HeldAppointmentAdmin(ReadOnlyAdmin):
    list_display = ("shown_subject", "shown_start", "event_subject", "account", "member")
    list_select_related = ("synced_event", "connection__member")
    search_fields = ("connection__account", "connection__member__email", "=synced_event__uid", "=appointment_id")
    search_help_text = "Account, member, or the whole uid or id"
    ordering = ("-pk",)
    fields = (
        "shown_subject", "shown_start", "shown_end", "shown_location", "appointment_id", "event_subject", "account",
        "member",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="in Outlook", empty_value="(no subject)")
    def shown_subject(self, held: HeldAppointment) -> str:
        return held.shown.get("subject", "")

    @admin.display(description="start")
    def shown_start(self, held: HeldAppointment) -> str:
        return f"{held.shown.get('start', '')} {held.shown.get('time_zone', '')}".strip()

    @admin.display(description="end")
    def shown_end(self, held: HeldAppointment) -> str:
        return f"{held.shown.get('end', '')} {held.shown.get('time_zone', '')}".strip()

    @admin.display(description="location", empty_value="–")
    def shown_location(self, held: HeldAppointment) -> str:
        return held.shown.get("location", "")

    @admin.display(description="candidate of our event", empty_value="(no subject)")
    def event_subject(self, held: HeldAppointment) -> str:
        return held.synced_event.subject

    @admin.display(description="account")
    def account(self, held: HeldAppointment) -> str:
        return held.connection.account

    @admin.display(description="member")
    def member(self, held: HeldAppointment) -> Any:
        return held.connection.member

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related(*self.list_select_related)
