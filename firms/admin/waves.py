"""Waves: firms flagged together at a set time. A wave flags in the name of whoever scheduled it, so that needs the
right to flag."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from firms import audit
from firms.admin.base import Admin, count_of
from firms.models import Firm, User, Wave

# More are not picked one by one: they are put into the wave, and taken out, from the list of firms.
PICKED_AT_MOST = 200


class WaveForm(forms.ModelForm):
    class Meta:
        model = Wave
        fields = ("name", "flag_at", "firms")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Firms too many to pick are not in the form, and nothing is where the wave is only looked at.
        if flag_at := self.fields.get("flag_at"):
            zone = timezone.get_current_timezone_name()
            flag_at.help_text = f"In {zone}. Flagging changes nothing for a member before their next login."
        if firms := self.fields.get("firms"):
            firms.required = False
            firms.help_text = "Type a part of a name. Many firms are put in by an action of the list of firms."

    def clean_flag_at(self) -> Any:
        flag_at = self.cleaned_data["flag_at"]
        if "flag_at" in self.changed_data and flag_at <= timezone.now():
            raise ValidationError("This time is past. To flag firms at once, do it in the list of firms.")
        return flag_at


class CarriedOutFilter(admin.SimpleListFilter):
    title = "carried out"
    parameter_name = "carried_out"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Not yet"), ("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value():
            return queryset.filter(carried_out_at__isnull=self.value() == "no")
        return queryset


@admin.register(Wave)
class WaveAdmin(Admin):
    form = WaveForm
    list_display = ("name", "flag_at", "firm_count", "scheduled_by", "carried_out")
    list_filter = (CarriedOutFilter, "flag_at")
    list_select_related = ("scheduled_by",)
    search_fields = ("name", "firms__name", "firms__slug")
    autocomplete_fields = ("firms",)
    readonly_fields = ("firm_list", "scheduled_by", "carried_out_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(firm_count=count_of(Wave.firms.through.objects.all(), "wave"))

    def get_fields(self, request: HttpRequest, obj: Wave | None = None) -> tuple[str, ...]:
        firms = "firms" if obj is None or self._picked(obj) else "firm_list"
        return ("name", "flag_at", firms, "scheduled_by", "carried_out_at") if obj else ("name", "flag_at", firms)

    def _picked(self, wave: Any) -> bool:
        return wave.carried_out_at is None and wave.firm_count <= PICKED_AT_MOST

    @admin.display(description="firms", ordering="firm_count")
    def firm_count(self, wave: Any) -> int:
        return wave.firm_count

    @admin.display(description="firms")
    def firm_list(self, wave: Any) -> SafeString:
        address = f"{reverse('admin:firms_firm_changelist')}?waves__id__exact={wave.pk}"
        firms = "1 firm" if wave.firm_count == 1 else f"{wave.firm_count} firms"
        return format_html('<a href="{}">{}, in the list of firms</a>', address, firms)

    @admin.display(description="carried out", ordering="carried_out_at", empty_value="not yet")
    def carried_out(self, wave: Wave) -> Any:
        return wave.carried_out_at

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and may_flag(request)

    def has_change_permission(self, request: HttpRequest, obj: Wave | None = None) -> bool:
        """What was carried out is history."""
        open_wave = obj is None or obj.carried_out_at is None
        return open_wave and super().has_change_permission(request, obj) and may_flag(request)

    def has_delete_permission(self, request: HttpRequest, obj: Wave | None = None) -> bool:
        """Called off: nothing has come of it yet, and the audit keeps that it was planned."""
        open_wave = obj is not None and obj.carried_out_at is None
        return open_wave and admin.ModelAdmin.has_delete_permission(self, request, obj) and may_flag(request)

    def save_model(self, request: HttpRequest, obj: Wave, form: Any, change: bool) -> None:
        # Whoever changed it last answers for it: the wave flags in their name.
        obj.scheduled_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        assert isinstance(request.user, User)
        if form.changed_data or not change:
            record("wave.changed" if change else "wave.scheduled", form.instance, request.user)

    def delete_model(self, request: HttpRequest, obj: Wave) -> None:
        assert isinstance(request.user, User)
        record("wave.called_off", obj, request.user)
        super().delete_model(request, obj)


def may_flag(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("firms.flag_firm"))


def record(action: str, wave: Wave, actor: User) -> None:
    firms = Firm.objects.filter(waves=wave).count()
    audit.record(
        action, actor=actor, subject=wave, wave=wave.name, flag_at=wave.flag_at.isoformat(), firms=firms,
    )  # fmt: skip
