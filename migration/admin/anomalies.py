"""Anomalies in the admin: support see them as the member does, and decide in her stead, with a note (R9)."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from firms.admin.base import FlagFilter, ReadOnlyAdmin
from firms.keys import is_key
from firms.models import User
from migration.anomalies import pages, reading, words
from migration.anomalies.deciding import NotNow, StaleAnomaly
from migration.anomalies.reading import STANDS, Look
from migration.anomalies.standing import Act, Standing
from migration.models import Anomaly, AnomalyDecision


class StandingFilter(admin.SimpleListFilter):
    title = "decided"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(one), words.STANDING[one][0]) for one in Standing]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = next((one for one in Standing if one == self.value()), None)
        return queryset.filter(STANDS[chosen]) if chosen else queryset


class AnomalyFirmFlagFilter(FlagFilter):
    title = "flag of the firm"
    firm = "run__connection__member__firm__"


class NoteForm(forms.Form):
    note = forms.CharField(
        label="Note",
        help_text="Between support alone: the audit keeps it, the member never sees it.",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )


@admin.register(Anomaly)
class AnomalyAdmin(ReadOnlyAdmin):
    list_display = ("subject", "start", "reason", "shown_standing", "whose")
    list_filter = (StandingFilter, "reason", AnomalyFirmFlagFilter)
    list_select_related = ("synced_event", "run__connection__member__firm")
    search_fields = ("run__connection__account", "run__connection__member__email", "=synced_event__uid")
    search_help_text = "Account, member, or the whole uid of an event"
    ordering = ("-pk",)

    class Media:
        css = {"all": ["css/admin/anomalies.css"]}

    @admin.display(empty_value="(no subject)")
    def subject(self, anomaly: Anomaly) -> str:
        return anomaly.synced_event.subject

    @admin.display(description="start")
    def start(self, anomaly: Anomaly) -> SafeString:
        synced = anomaly.synced_event
        words = '<span class="together">{}</span><br><span class="quiet">{}</span>'
        return format_html(words, synced.start.replace("T", " ").removesuffix(":00"), synced.time_zone)

    @admin.display(description="state")
    def shown_standing(self, anomaly: Anomaly) -> SafeString:
        standing = reading.standing_of(anomaly.synced_event)
        return format_html('<span class="pill pill-{}">{}</span>', standing, words.STANDING[standing][0])

    @admin.display(description="account, member, firm", ordering="run__connection__account")
    def whose(self, anomaly: Anomaly) -> SafeString:
        connection, member = anomaly.run.connection, anomaly.run.connection.member
        words = '{}<br><span class="quiet">{} · {}</span>'
        return format_html(words, connection.account, member.get_full_name(), member.firm or "no firm")

    def get_urls(self) -> list[URLPattern]:
        decide, undo = self.admin_site.admin_view(self.decide_view), self.admin_site.admin_view(self.undo_view)
        own = [
            path("<int:pk>/decide/<slug:act>/", decide, name="migration_anomaly_decide"),
            path("<int:pk>/undo/<int:decision>/", undo, name="migration_anomaly_undo"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return self._page(request, self._look(request, int(object_id) if is_key(object_id) else 0))

    def decide_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """GET says what will happen and asks for a note, POST does it."""
        look, wanted = self._look(request, pk, to_decide=True), next((one for one in Act if one == act), None)
        if wanted is None:
            raise Http404
        return self._answer(request, look, pages.Decision(look, wanted, request))

    def undo_view(self, request: HttpRequest, pk: int, decision: int) -> HttpResponse:
        look = self._look(request, pk, to_decide=True)
        taken_back = get_object_or_404(AnomalyDecision, pk=decision, anomaly=pk)
        return self._answer(request, look, pages.Undoing(look, taken_back, request))

    def _answer(self, request: HttpRequest, look: Look, question: pages.Question) -> HttpResponse:
        form = NoteForm(request.POST if request.method == "POST" else None)
        assert isinstance(request.user, User)
        try:
            if not (request.method == "POST" and form.is_valid()):
                context = self._context(request, question.context()) | {"form": form, "title": question.words.title}
                return TemplateResponse(request, "admin/migration/anomaly/ask.html", context)
            question.carry_out(actor=request.user, now=timezone.now(), note=form.cleaned_data["note"])
        except StaleAnomaly:
            messages.error(request, pages.STALE)
        except NotNow as why:
            messages.error(request, str(why))
        else:
            messages.success(request, question.words.done)
            return HttpResponseRedirect(reverse("admin:migration_anomaly_change", args=[look.anomaly.pk]))
        return self._page(request, self._look(request, look.anomaly.pk), status=409)

    def _page(self, request: HttpRequest, look: Look, status: int = 200) -> HttpResponse:
        context = self._context(request, pages.context(look))
        if not may_decide(request):
            context |= {"acts": [], "undoable": [], "may_link": False}
        link_url = reverse("admin:migration_anomaly_decide", args=[look.anomaly.pk, Act.LINK])
        context |= {"link_url": link_url, "title": context["subject"], "may_decide": may_decide(request)}
        return TemplateResponse(request, "admin/migration/anomaly/page.html", context, status=status)

    def _context(self, request: HttpRequest, of_page: dict[str, Any]) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), **of_page, "opts": self.opts, "media": self.media}

    def _look(self, request: HttpRequest, pk: int, *, to_decide: bool = False) -> Look:
        if not self.has_view_permission(request) or (to_decide and not may_decide(request)):
            raise PermissionDenied
        return reading.look(get_object_or_404(reading.rows(), pk=pk))


def may_decide(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("migration.decide_anomaly"))
