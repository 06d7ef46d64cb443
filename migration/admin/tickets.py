"""Tickets in the admin: the list, one page with everything, and the decisions of support (R7)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from firms.admin.base import MemberFirmFlagFilter, ReadOnlyAdmin
from firms.keys import is_key
from firms.models import User
from migration import tickets
from migration.admin import ticket_page
from migration.admin.ticket_filters import AgeFilter, FirmFilter
from migration.admin.ticket_forms import WORDS, DecisionForm
from migration.models import Ticket
from migration.ticket_states import Cause, ForbiddenTicketMove, TicketState
from migration.tickets import StaleTicket

# What waits for support stands first, the oldest on top.
ORDER = (TicketState.OPEN, TicketState.WAITING_FOR_MEMBER, TicketState.APPROVED, TicketState.CLOSED)
URGENCY = Case(
    *(When(state=state, then=Value(place)) for place, state in enumerate(ORDER)), output_field=IntegerField()
)

STALE = "Nothing was done: something has happened to this ticket since you opened the page. Please look again."


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    show_facets = admin.ShowFacets.ALWAYS
    list_display = ("reference", "shown_state", "age", "whose", "accounts")
    list_filter = ("state", AgeFilter, "kind", "reason", FirmFilter, MemberFirmFlagFilter)
    list_select_related = ("member__firm",)
    ordering = (URGENCY.asc(), "opened_at")
    search_fields = (
        "reference", "member__email", "member__name", "expected_address", "other_address", "approved_address",
        "entries__attempt__address",
    )  # fmt: skip
    search_help_text = "Reference, member, or either address"

    class Media:
        css = {"all": ["css/admin/tickets.css"]}

    @admin.display(description="state, kind", ordering=URGENCY)
    def shown_state(self, ticket: Ticket) -> SafeString:
        words = '<span class="pill pill-{}">{}</span><br><span class="quiet">{}</span>'
        what = ticket.get_reason_display() or ticket.get_kind_display()
        return format_html(words, ticket.state, ticket.get_state_display(), what)

    @admin.display(ordering="opened_at")
    def age(self, ticket: Ticket) -> str:
        return age(ticket, timezone.now())

    @admin.display(description="member, firm", ordering="member__name")
    def whose(self, ticket: Ticket) -> SafeString:
        words = '{}<br><span class="quiet">{}</span>'
        return format_html(words, ticket.member.get_full_name(), ticket.member.firm or "no firm")

    @admin.display(description="accounts, old and new", ordering="expected_address")
    def accounts(self, ticket: Ticket) -> SafeString:
        return format_html('{}<br><span class="quiet">{}</span>', ticket.expected_address, ticket.other_address or "–")

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(self.decide_view)
        own = [path("<int:pk>/decide/<str:cause>/", decide, name="migration_ticket_decide")]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return self._page(request, int(object_id) if is_key(object_id) else 0)

    def decide_view(self, request: HttpRequest, pk: int, cause: str) -> HttpResponse:
        """GET asks for note and message and says what will happen; POST does it."""
        if not may_decide(request):
            raise PermissionDenied
        if cause not in WORDS:
            raise Http404
        ticket, decision = self._ticket(request, pk), Cause(cause)
        form = DecisionForm(decision, request.POST if request.method == "POST" else None, initial={"turn": ticket.turn})
        if request.method == "POST" and form.is_valid() and _done_already(request, ticket, decision, form.cleaned_data):
            return self._done(request, ticket, decision)
        if decision not in tickets.decisions(ticket):
            return self._refused(request, ticket, _why_not(ticket, decision))
        if request.method == "POST" and form.is_valid():
            return self._decide(request, ticket, decision, form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            **ticket_page.context(ticket, may_decide=True),
            "opts": self.opts, "media": self.media, "form": form, "cause": str(decision), "words": WORDS[decision],
            "title": WORDS[decision].title,
        }  # fmt: skip
        return TemplateResponse(request, "admin/migration/ticket/decide.html", context)

    def _decide(self, request: HttpRequest, ticket: Ticket, cause: Cause, given: dict[str, Any]) -> HttpResponse:
        assert isinstance(request.user, User)
        try:
            tickets.decide(ticket, cause, actor=request.user, now=timezone.now(), **given)
        except StaleTicket:
            if _done_already(request, self._ticket(request, ticket.pk), cause, given):
                return self._done(request, ticket, cause)
            return self._refused(request, ticket, STALE)
        except ForbiddenTicketMove:
            return self._refused(request, ticket, _why_not(ticket, cause))
        return self._done(request, ticket, cause)

    def _done(self, request: HttpRequest, ticket: Ticket, cause: Cause) -> HttpResponse:
        messages.success(request, WORDS[cause].done)
        return HttpResponseRedirect(reverse("admin:migration_ticket_change", args=[ticket.pk]))

    def _refused(self, request: HttpRequest, ticket: Ticket, words: str) -> HttpResponse:
        messages.error(request, words)
        unsent = [words for name in ("message", "note") if (words := request.POST.get(name, "").strip())]
        return self._page(request, ticket.pk, status=409, unsent=unsent)

    def _ticket(self, request: HttpRequest, pk: int) -> Ticket:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Ticket.objects.select_related("member__firm", "connection")
        ticket = rows.filter(pk=pk).first()
        if ticket is None:
            raise Http404
        return tickets.as_of(ticket, timezone.now())

    def _page(self, request: HttpRequest, pk: int, status: int = 200, unsent: Sequence[str] = ()) -> HttpResponse:
        """`unsent`: what was written for a decision that was refused, so that nobody writes it again."""
        ticket = self._ticket(request, pk)
        context = {
            **self.admin_site.each_context(request),
            **ticket_page.context(ticket, may_decide=may_decide(request)),
            "opts": self.opts, "media": self.media, "age": age(ticket, timezone.now()), "title": ticket.reference,
            "unsent": unsent,
        }  # fmt: skip
        return TemplateResponse(request, "admin/migration/ticket/page.html", context, status=status)


def _done_already(request: HttpRequest, ticket: Ticket, cause: Cause, given: dict[str, Any]) -> bool:
    """Whether just this is the last that has happened, by the same person: a button was pressed twice."""
    last = ticket.entries.exclude(action=Cause.MAIL_FAILED).last()
    if last is None or last.actor_id != request.user.pk or ticket.turn != given["turn"] + 1:
        return False
    return (last.action, last.note, last.message) == (cause, given["note"], given["message"])


def _why_not(ticket: Ticket, cause: Cause) -> str:
    other = tickets.live_of(ticket.member_id) if cause == Cause.REOPEN else None
    if other is not None and other.pk != ticket.pk:
        return f"This ticket stays closed: the member’s ticket {other.reference} is open by now. Please go on there."
    return "This can’t be done with the ticket as it stands now."


def may_decide(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("migration.resolve_ticket"))


def age(ticket: Ticket, now: datetime) -> str:
    """How long it has waited; how long it took, once closed."""
    lasted = timesince(ticket.opened_at, ticket.closed_at or now, depth=1)
    return f"took {lasted}" if ticket.closed_at else lasted
