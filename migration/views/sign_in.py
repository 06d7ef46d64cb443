"""The sign-in with Microsoft as the browser sees it: off to Microsoft, back, and a page that says how it ended."""

from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from calendars.connections import StaleConnection
from calendars.graph.errors import TryLater
from calendars.states import State
from firms import impersonation
from migration import answers, asking, consent, reauth, situation, tickets
from migration.models import ConsentRequest, MigrationRun, SignInAttempt, Ticket
from migration.ticket_states import MemberReason
from migration.views.tickets import MESSAGE_LENGTH

Result = SignInAttempt.Result


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """POST goes to Microsoft. GET is where a sign-in ends that cannot be told whose it was, and where a login ends that
    the button had asked for."""
    if request.method != "POST":
        return _start_page(request, "unknown" if "unknown" in request.GET else "")
    try:
        address = reauth.start(
            request.user,  # type: ignore[arg-type]
            redirect_uri=_callback_url(request),
            anyway="anyway" in request.POST,
            now=timezone.now(),
        )
    except reauth.TooManyFailures:
        return _start_page(request, "too_many")
    except (reauth.NotNow, StaleConnection):
        return _start_page(request, "")
    except TryLater:
        return _start_page(request, "unreachable", status=503)
    return HttpResponseRedirect(address)


def _start_page(request: HttpRequest, problem: str, status: int = 200) -> HttpResponse:
    move = situation.of(request.user)  # type: ignore[arg-type]
    may = reauth.may_sign_in(move.connection, now=timezone.now())
    context = {"problem": problem, "move": move, "may_sign_in": may, "ticket": _live_ticket(request)}
    if problem == "too_many" and move.connection:
        context["failures"] = reauth.failures(move.connection, now=timezone.now())
    return render(request, "migration/sign_in_start.html", context, status=status)


@require_POST
@login_required
def ask_for_help(request: HttpRequest) -> HttpResponse:
    """Where nothing helps: the member's one ticket, with everything that Microsoft has said."""
    connection = situation.of(request.user).connection  # type: ignore[arg-type]
    if not reauth.may_sign_in(connection, now=timezone.now()):
        return redirect("migration:sign_in")
    assert connection is not None
    message = request.POST.get("message", "").replace("\0", "").strip()[:MESSAGE_LENGTH]
    ticket = tickets.ask_for_help(connection=connection, message=message, now=timezone.now())
    messages.success(request, "Support has been told. You will find the answer on this page.")
    return redirect("migration:ticket", ticket.reference)


@impersonation.never
@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Microsoft's answer. It always ends in a redirect: code and state do not stay in the address bar, are not handed on
    to the next page, and do not come again with a reload."""
    query, now = request.GET.dict(), timezone.now()
    if consent.is_answer(query):
        return redirect(f"{reverse('migration:consent')}?{urlencode({'how': consent.report(query, now=now)})}")
    if not request.user.is_authenticated:
        attempt = reauth.answer_to_nobody(query, now=now)
        # Nothing of the answer goes into `next`: only which attempt it was, which only its member may look at.
        after = reverse("migration:sign_in_result", args=[attempt.pk]) if attempt else _unknown_url()
        return redirect(f"{resolve_url('account_login')}?{urlencode({'next': after})}")
    attempt = reauth.answer(request.user, query, now=now)
    if attempt is None:
        return redirect(_unknown_url())
    run = _run_of(attempt)
    if attempt.result == Result.ACCEPTED and run and attempt.connection.state == State.MIGRATING:
        return redirect("migration:run", run.pk)
    return redirect("migration:sign_in_result", attempt.pk)


@login_required
@never_cache
@require_safe
def sign_in_result(request: HttpRequest, pk: int) -> HttpResponse:
    """How an attempt of the member's own ended, and what they can do next. Changes nothing."""
    own = SignInAttempt.objects.filter(member_id=request.user.pk).select_related("connection__member__firm")
    attempt = get_object_or_404(own, pk=pk)
    return render(request, f"migration/ended/{_how(attempt)}.html", _result_context(request, attempt))


@never_cache
@require_safe
def consent_given(request: HttpRequest) -> HttpResponse:
    """Thanks an administrator, who need not be anybody here. It proves nothing and changes nothing."""
    return render(request, "migration/consent_given.html", {"how": request.GET.get("how", "")})


@login_required
@never_cache
@require_safe
def for_administrator(request: HttpRequest) -> HttpResponse:
    """What a member whose organization has yet to let us in hands on to their administrator: a link and a text."""
    return render(request, "migration/for_administrator.html", _for_administrator(request))


def _for_administrator(request: HttpRequest) -> dict[str, Any]:
    waits = ConsentRequest.open_of(request.user.firm_id)  # type: ignore[union-attr]
    link = consent.link(waits, redirect_uri=_callback_url(request))
    subject, text = consent.text_for_administrator(request.user, link)  # type: ignore[arg-type]
    mail = urlencode({"subject": subject, "body": text}, quote_via=quote)
    return {"consent": waits, "consent_url": link, "it_subject": subject, "it_text": text, "it_mail": f"mailto:?{mail}"}


def _how(attempt: SignInAttempt) -> str:
    """Which page says how the attempt ended: its reason where it has one, else its result."""
    if attempt.result in (Result.UNDER_WAY, Result.CONSUMED):
        return "unfinished"
    if attempt.result in (Result.ACCEPTED, Result.ANOTHER_MAILBOX, Result.NOT_SERVED):
        return attempt.result
    return answers.reason_of(attempt) or answers.Reason.UNCLEAR


def _result_context(request: HttpRequest, attempt: SignInAttempt) -> dict[str, Any]:
    connection, reason = attempt.connection, answers.reason_of(attempt)
    ticket = Ticket.objects.filter(entries__attempt=attempt).first()
    return {
        "attempt": attempt,
        "connection": connection,
        "code": answers.code_of(attempt),
        "unserved": attempt.verdict,
        "looks_alike": attempt.address.casefold() == connection.account.casefold(),
        "ticket": ticket,
        "expected": asking.expected_address(connection, now=timezone.now()),
        "reasons": MemberReason.choices,
        "run": _run_of(attempt),
        "may_sign_in": reauth.may_sign_in(connection, now=timezone.now()),
        **(_for_administrator(request) if reason == answers.Reason.ADMINISTRATOR else {}),
    }


def _run_of(attempt: SignInAttempt) -> MigrationRun | None:
    """The connection's run, if one is live or has ended well."""
    return attempt.connection.runs.exclude(state=MigrationRun.State.CANCELLED).first()


def _live_ticket(request: HttpRequest) -> Ticket | None:
    return Ticket.objects.filter(member_id=request.user.pk).exclude(state=Ticket.State.CLOSED).first()


def _callback_url(request: HttpRequest) -> str:
    """As registered with Microsoft, which compares it letter by letter."""
    return request.build_absolute_uri(reverse("migration:callback"))


def _unknown_url() -> str:
    return reverse("migration:sign_in") + "?unknown"
