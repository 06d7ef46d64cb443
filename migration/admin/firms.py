"""Firms with their flag: set and taken back on one firm, or on a selection after a page that counts who is concerned."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from calendars.admin.blocked import BlockedFirmFilter
from firms.admin.firms import FirmAdmin, as_chosen
from firms.admin.waves import may_flag
from firms.models import Firm, User
from migration import rollout
from migration.admin.consents import WaitingFirmFilter
from migration.models import ConsentRequest

SET, TAKE_BACK = "set_flag", "take_back_flag"
DEEDS = {
    SET: {"title": "Flag for Graph sync", "question": "Flag these firms for Graph sync?"},
    TAKE_BACK: {"title": "Take the flag back", "question": "Take the flag of these firms back?"},
}


class DeedForm(forms.Form):
    """The note, and the number of firms that the confirmation page showed."""

    note = forms.CharField(
        max_length=500, required=False, help_text="Stands in the audit.", widget=forms.Textarea(attrs={"rows": 3})
    )
    expected = forms.IntegerField(required=False, widget=forms.HiddenInput)


admin.site.unregister(Firm)


@admin.register(Firm)
class FlaggingFirmAdmin(FirmAdmin):
    actions = (*FirmAdmin.actions, SET, TAKE_BACK)
    list_filter = (*FirmAdmin.list_filter, WaitingFirmFilter, BlockedFirmFilter)
    change_form_template = "admin/firms/firm/change_form.html"

    @admin.action(description="Flag for Graph sync…", permissions=["flag"])
    def set_flag(self, request: HttpRequest, queryset: QuerySet[Firm]) -> HttpResponse | None:
        return self._confirmed(request, queryset, SET)

    @admin.action(description="Take the flag back…", permissions=["flag"])
    def take_back_flag(self, request: HttpRequest, queryset: QuerySet[Firm]) -> HttpResponse | None:
        return self._confirmed(request, queryset, TAKE_BACK)

    def _confirmed(self, request: HttpRequest, queryset: QuerySet[Firm], deed: str) -> HttpResponse | None:
        """The page that asks, and once it is answered the deed. "All that match" may be more by then than the page
        showed: then it asks again."""
        firms = as_chosen(queryset)
        answered = "confirmed" in request.POST
        form = DeedForm(request.POST if answered else None)
        if answered and form.is_valid():
            ids = list(firms.values_list("pk", flat=True))
            if form.cleaned_data["expected"] == len(ids):
                self._do(request, deed, ids, form.cleaned_data["note"])
                return None
            messages.warning(request, "The selection has changed since you were asked. Please look at it again.")
        context = {
            **self.admin_site.each_context(request),
            **DEEDS[deed],
            "deed": deed,
            "opts": self.model._meta,
            "concerned": rollout.concerned(firms),
            "sample": firms.order_by("name")[:10],
            "form": form,
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/firms/firm/confirm_flag.html", context)

    def _do(self, request: HttpRequest, deed: str, ids: list[int], note: str) -> None:
        assert isinstance(request.user, User)
        if deed == SET:
            flagged = rollout.flag(firms=ids, actor=request.user, note=note)
            text = f"{_firms(flagged)} flagged for Graph sync."
            if flagged < len(ids):
                text += f" {_firms(len(ids) - flagged)} had the flag already."
            messages.success(request, text)
            return
        taken = rollout.take_back(firms=ids, actor=request.user, note=note)
        members = "1 member goes" if taken.resumed == 1 else f"{taken.resumed:,} members go"
        messages.success(request, f"Flag of {_firms(taken.firms)} taken back; {members} on with the old sync.")

    def get_urls(self) -> list[URLPattern]:
        one = [
            path(f"<int:pk>/{deed}/", self.admin_site.admin_view(self._view(deed)), name=f"firms_firm_{deed}")
            for deed in DEEDS
        ]
        return one + super().get_urls()

    def _view(self, deed: str) -> Any:
        @require_POST
        def on_one_firm(request: HttpRequest, pk: int) -> HttpResponse:
            if not (may_flag(request) and self.has_view_permission(request)):
                raise PermissionDenied
            if not Firm.objects.filter(pk=pk).exists():
                raise Http404
            form = DeedForm(request.POST)
            if form.is_valid():
                self._do(request, deed, [pk], form.cleaned_data["note"])
            else:
                messages.error(request, "Nothing was done: the note is too long.")
            return HttpResponseRedirect(reverse("admin:firms_firm_change", args=[pk]))

        return on_one_firm

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        firm = self.get_object(request, object_id)
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **(self._deed_of(request, firm) if firm else {})}
        )

    def _deed_of(self, request: HttpRequest, firm: Firm) -> dict[str, Any]:
        """What the panel above the form shows, and the one thing that can be done to this firm's flag."""
        deed = TAKE_BACK if firm.is_flagged else SET
        return {
            "concerned": rollout.concerned(Firm.objects.filter(pk=firm.pk)),
            "consent": ConsentRequest.open_of(firm.pk),
            "may_flag": may_flag(request),
            "deed": deed,
            "deed_title": DEEDS[deed]["title"],
            "deed_url": reverse(f"admin:firms_firm_{deed}", args=[firm.pk]),
            "deed_form": DeedForm(),
        }


def _firms(number: int) -> str:
    return "1 firm" if number == 1 else f"{number:,} firms"
