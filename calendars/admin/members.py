"""The people of `firms`, with the state of their calendar."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from calendars.models import CalendarConnection
from calendars.states import State
from firms.admin.members import MemberAdmin
from firms.models import User

LIVE = CalendarConnection.objects.exclude(state=State.DISCONNECTED)


class ConnectionStateFilter(admin.SimpleListFilter):
    title = "calendar"
    parameter_name = "calendar"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), label) for value, label in State.choices if value != State.DISCONNECTED] + [
            ("none", "None connected")
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value == "none":
            return queryset.exclude(pk__in=LIVE.values("member"))
        if value:
            return queryset.filter(pk__in=LIVE.filter(state=value).values("member"))
        return queryset


admin.site.unregister(User)


@admin.register(User)
class ConnectedMemberAdmin(MemberAdmin):
    list_display = ("email", "name", "firm", "role", "calendar", "is_active", "last_login")
    fieldsets = (
        (None, {"fields": (*MemberAdmin.fieldsets[0][1]["fields"], "calendar")}),
        *MemberAdmin.fieldsets[1:],
    )
    readonly_fields = (*MemberAdmin.readonly_fields, "calendar")
    list_filter = ("role", MemberAdmin.list_filter[1], ConnectionStateFilter, "is_active", "is_staff", "groups")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        live = LIVE.filter(member=OuterRef("pk"))
        return (
            super()
            .get_queryset(request)
            .annotate(calendar_state=Subquery(live.values("state")[:1]), calendar_pk=Subquery(live.values("pk")[:1]))
        )

    @admin.display(description="calendar", ordering="calendar_state", empty_value="none")
    def calendar(self, user: Any) -> str | None:
        if user.calendar_pk is None:
            return None
        address = reverse("admin:calendars_calendarconnection_change", args=[user.calendar_pk])
        return format_html('<a href="{}">{}</a>', address, State(user.calendar_state).label)
