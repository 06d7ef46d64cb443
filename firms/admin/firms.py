from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import localtime

from firms import audit
from firms.admin.base import Admin, FlagFilter, count_of
from firms.admin.wave_actions import into_or_out_of_wave
from firms.admin.waves import may_flag
from firms.models import Firm, User


def as_chosen(queryset: models.QuerySet[Firm]) -> models.QuerySet[Firm]:
    """The firms of an action's selection, each once and without the list's joins and columns."""
    return Firm.objects.filter(pk__in=queryset.order_by().values("pk"))


@admin.register(Firm)
class FirmAdmin(Admin):
    list_display = ("name", "slug", "member_count", "flag", "flagged_by")
    list_filter: ClassVar[tuple[Any, ...]] = (FlagFilter, "waves")
    list_select_related = ("flagged_by",)
    search_fields = ("name", "slug", "members__email")
    search_help_text = "Name or short name of the firm, or the e-mail address of a member"
    actions: tuple[str, ...] = ("choose_wave",)
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = ((None, {"fields": ("name", "slug", "flag", "flagged_by", "created_at")}),)
    # The flag is no field to fill in: setting it and taking it back are deeds, with a note and an entry in the audit.
    readonly_fields = ("flag", "flagged_by", "created_at")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Firm]:
        return super().get_queryset(request).annotate(member_count=count_of(User.objects.all(), "firm"))

    def has_flag_permission(self, request: HttpRequest) -> bool:
        return may_flag(request)

    @admin.action(description="Put into a wave, or take out…", permissions=["flag"])
    def choose_wave(self, request: HttpRequest, queryset: models.QuerySet[Firm]) -> HttpResponse | None:
        return into_or_out_of_wave(request, as_chosen(queryset), self.admin_site)

    @admin.display(description="members", ordering="member_count")
    def member_count(self, firm: Any) -> int:
        return firm.member_count

    @admin.display(description="flagged for Graph sync", ordering="flagged_at", empty_value="no")
    def flag(self, firm: Firm) -> str | None:
        return f"since {localtime(firm.flagged_at):%Y-%m-%d %H:%M}" if firm.flagged_at else None

    def save_model(self, request: HttpRequest, obj: Firm, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        super().save_model(request, obj, form, change)
        if form.changed_data or not change:
            action = "firm.changed" if change else "firm.added"
            values = {name: str(form.cleaned_data[name]) for name in form.changed_data}
            audit.record(action, actor=request.user, firm=obj, subject=obj, **values)
