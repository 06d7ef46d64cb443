"""A firm that changed its domain: a list of old and new addresses, looked at line by line before it is approved at once."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from firms.admin.base import ReadOnlyAdmin
from firms.keys import is_key
from firms.models import Firm, User
from migration import address_changes
from migration.address_changes import ListChanged
from migration.address_lists import TooLong
from migration.admin.tickets import may_decide
from migration.models import AddressChange
from migration.models.address_change import STANDING

TEXT_LENGTH = 500_000
CHANGED = (
    "Nothing was approved this time: something has changed since you looked, or the list has been approved already."
    " Please look again."
)


class ListForm(forms.Form):
    firm = forms.ModelChoiceField(
        Firm.objects.all(), widget=AutocompleteSelect(AddressChange._meta.get_field("firm"), admin.site)
    )
    kind = forms.ChoiceField(
        label="The new addresses are", choices=AddressChange.Kind, initial=AddressChange.Kind.SAME_MAILBOX,
        widget=forms.RadioSelect,
    )  # fmt: skip
    lines = forms.CharField(
        label="Old and new addresses", required=False, max_length=TEXT_LENGTH,
        help_text="One pair to a line: ada@old.example, ada@new.example",
        widget=forms.Textarea(attrs={"rows": 10, "class": "vLargeTextField", "spellcheck": "false"}),
    )  # fmt: skip
    file = forms.FileField(label="Or a CSV file", required=False, help_text="In place of the lines above.")
    days = forms.IntegerField(
        label="Valid for", min_value=1, max_value=180, initial=30, help_text="Days. A line not used by then is void."
    )
    note = forms.CharField(
        max_length=4000, help_text="How you know. Stands in the audit of each line.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        file: UploadedFile | None = given.get("file")
        if file:
            given["lines"] = _text_of(file)
        if not self.errors and not given.get("lines"):
            raise ValidationError("Paste the lines, or choose a file.")
        return given


def _text_of(file: UploadedFile) -> str:
    if (file.size or 0) > TEXT_LENGTH:
        raise ValidationError({"file": "This file is too large to be a list of addresses."})
    raw = file.read()
    # What spreadsheets write: UTF-8 with a mark or without, or the code page of Western Windows, in which all bytes count.
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if "\0" in text:
        raise ValidationError({"file": "This is no CSV file. Save the list as CSV and choose that."})
    return text


class NoteForm(ActionForm):
    note = forms.CharField(max_length=500, required=False, label="Note, for the audit")


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("standing", "Standing"), ("used", "Used"), ("expired", "Expired"), ("ended", "Ended")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AddressChange]) -> QuerySet[AddressChange]:
        now = timezone.now()
        states = {
            "standing": STANDING & Q(until__gt=now),
            "used": Q(used_at__isnull=False),
            "expired": STANDING & Q(until__lte=now),
            "ended": Q(ended_at__isnull=False),
        }
        chosen = states.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


@admin.register(AddressChange)
class AddressChangeAdmin(ReadOnlyAdmin):
    show_facets = admin.ShowFacets.ALWAYS
    change_list_template = "admin/migration/addresschange/change_list.html"
    list_display = ("addresses", "whose", "shown_state", "until")
    list_filter = (StateFilter, "kind", "approved_at")
    list_select_related = ("firm", "connection__member", "approved_by")
    search_fields = ("old_address", "new_address", "connection__member__email", "firm__name", "firm__slug")
    search_help_text = "Either address, the member or the firm"
    actions = ("take_back",)
    action_form = NoteForm
    fields = (
        "old_address", "new_address", "kind", "state", "member", "firm", "approved_by", "approved_at", "until", "note",
        "used_at", "tid", "oid", "ended_at",
    )  # fmt: skip
    readonly_fields = ("state", "member")

    class Media:
        css = {"all": ["css/admin/tickets.css"]}

    @admin.display(description="old and new address", ordering="old_address")
    def addresses(self, change: AddressChange) -> SafeString:
        return format_html("{}<br>{}", change.old_address, change.new_address)

    @admin.display(description="member, firm", ordering="connection__member__email")
    def whose(self, change: AddressChange) -> SafeString:
        words = '{}<br><span class="quiet">{}</span>'
        return format_html(words, change.connection.member.get_full_name(), change.firm)

    @admin.display(description="state, kind")
    def shown_state(self, change: AddressChange) -> SafeString:
        return format_html('{}<br><span class="quiet">{}</span>', self.state(change), change.get_kind_display())

    @admin.display(ordering="connection__member__email")
    def member(self, change: AddressChange) -> User:
        return change.connection.member

    @admin.display
    def state(self, change: AddressChange) -> str:
        if change.used_at:
            return "Used"
        if change.ended_at:
            return "Ended"
        return "Standing" if change.until > timezone.now() else "Expired"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_decide(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_decide(request)

    @admin.action(description="Take the selected lines back")
    def take_back(self, request: HttpRequest, chosen: QuerySet[AddressChange]) -> None:
        assert isinstance(request.user, User)
        ids, note = list(chosen.values_list("pk", flat=True)), request.POST.get("note", "").strip()
        if not note:
            messages.error(request, "Nothing was done: please say in the note why.")
            return
        ended = address_changes.take_back(ids, actor=request.user, note=note[:500], now=timezone.now())
        messages.success(request, f"{ended} taken back; {len(ids) - ended} did not stand any more.")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.approve_view)
        return [path("approve/", view, name="migration_addresschange_approve"), *super().get_urls()]

    def approve_view(self, request: HttpRequest) -> HttpResponse:
        """GET is the form; POST shows what each line would do, and with `confirm` does what was shown."""
        if not may_decide(request):
            raise PermissionDenied
        posted = request.method == "POST"
        if (firm := (request.POST if posted else request.GET).get("firm")) and not is_key(firm):
            # The field that completes firms' names fails at showing what is no key.
            raise BadRequest("no firm")
        form = ListForm(request.POST, request.FILES) if posted else ListForm(initial={"firm": firm})
        lines: list[address_changes.Line] = []
        if posted and form.is_valid():
            given = form.cleaned_data
            try:
                if "confirm" in request.POST:
                    return self._approve(request, given)
                lines = address_changes.plan(given["firm"], given["lines"], kind=given["kind"], now=timezone.now())
            except TooLong as error:
                form.add_error("lines", f"{error}. Please split the list.")
            except ListChanged:
                messages.error(request, CHANGED)
                lines = address_changes.plan(given["firm"], given["lines"], kind=given["kind"], now=timezone.now())
        return TemplateResponse(
            request, "admin/migration/addresschange/approve.html", self._context(request, form, lines)
        )

    def _approve(self, request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
        assert isinstance(request.user, User)
        made = address_changes.approve(
            firm=given["firm"], text=given["lines"], kind=given["kind"], seen=request.POST.get("seen", ""),
            actor=request.user, note=given["note"], lasts=timedelta(days=given["days"]), now=timezone.now(),
        )  # fmt: skip
        members = "1 member" if len(made) == 1 else f"{len(made):,} members"
        messages.success(request, f"The new addresses of {members} are approved for their next sign-in.")
        return HttpResponseRedirect(f"{reverse('admin:migration_addresschange_changelist')}?q={given['firm'].slug}")

    def _context(self, request: HttpRequest, form: ListForm, lines: list[address_changes.Line]) -> dict[str, Any]:
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": "Approve a list of new addresses",
            "form": form, "media": self.media + form.media, "lines": lines,
        }  # fmt: skip
        if lines:
            given = form.cleaned_data
            # The file can't be sent back to the page; what was read from it can.
            data = request.POST.copy()
            data["lines"] = given["lines"]
            form.data = data
            ready = [line for line in lines if line.ready]
            context |= {
                "firm": given["firm"], "kind": given["kind"], "ready": len(ready), "problems": len(lines) - len(ready),
                "members": sum(len(line.connections) for line in ready),
                "seen": address_changes.digest(given["firm"], given["kind"], lines),
            }  # fmt: skip
        return context
