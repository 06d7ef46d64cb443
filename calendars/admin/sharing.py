"""Mailboxes that several members hold, as assistant and attorney do: both write to one calendar, so staff should know."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from calendars import connections
from calendars.models import CalendarConnection
from calendars.states import State


class HeldByFilter(admin.SimpleListFilter):
    title = "mailbox held by"
    parameter_name = "held_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("several", "Several members")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CalendarConnection]) -> QuerySet[CalendarConnection]:
        if self.value() != "several":
            return queryset
        live = CalendarConnection.objects.exclude(state=State.DISCONNECTED).exclude(oid="")
        others = live.filter(tid=OuterRef("tid"), oid=OuterRef("oid")).exclude(member=OuterRef("member"))
        return queryset.exclude(state=State.DISCONNECTED).filter(Exists(others))


def also_held_by(connection: CalendarConnection) -> SafeString | None:
    """Links to the other members' connections to the very same account; None where there are none."""
    others = connections.holders(connection.tid, connection.oid).exclude(member_id=connection.member_id)
    address = "admin:calendars_calendarconnection_change"
    rows = [(reverse(address, args=[one.pk]), one.member.email) for one in others.select_related("member")[:20]]
    return format_html_join(", ", '<a href="{}">{}</a>', rows) if rows else None
