"""An organization that lets its people use an application only once an administrator has allowed it.

needed   a member was sent away for the lack of it: the firm waits
report   somebody came back from Microsoft's page for administrators: whoever waits is told, and nothing is taken as proven
settle   Microsoft let a member in, which proves it: whoever still waits is told
Vendor's page: Microsoft, "Admin consent on the Microsoft identity platform".
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django_q.tasks import async_task

from calendars.graph import tokens
from calendars.models import CalendarConnection
from firms import audit
from firms.models import User
from migration import situation
from migration.answers import Reason
from migration.models import ConsentRequest, SignInAttempt

log = logging.getLogger(__name__)
TASK = "migration.tasks.tell_waiting_members"
# Marks what comes back from the page for administrators, which belongs to no sign-in; what follows is signed.
STATE = "administrator."
SALT = "migration.consent"
# The link goes by mail to somebody busy.
LINK_LASTS = timedelta(days=180)


class Reported(StrEnum):
    """How an administrator came back."""

    GIVEN = "given"
    NOT_GIVEN = "not_given"
    UNKNOWN = "unknown"


@transaction.atomic
def needed(member: User, *, now: datetime) -> None:
    """Microsoft has sent a member away until an administrator consents; also where somebody had said that it is done."""
    if member.firm_id is None:
        return
    if ConsentRequest.objects.filter(firm=member.firm_id, settled_at=None).update(reported_at=None):
        return
    try:
        with transaction.atomic():
            made = ConsentRequest.objects.create(firm_id=member.firm_id, asked_at=now)
    except IntegrityError:  # a colleague, in the same moment
        return
    audit.record("consent.needed", actor=None, member=member, subject=made)


def link(request: ConsentRequest | None, *, redirect_uri: str) -> str:
    """Where an administrator allows us for a whole organization; what they come back with says which firm it was for."""
    authority = urlsplit(settings.MICROSOFT_AUTHORITY)
    host = settings.SIMULATOR_URL or f"{authority.scheme}://{authority.netloc}"
    query = {
        "client_id": settings.MICROSOFT_CLIENT_ID,
        "scope": " ".join(f"https://graph.microsoft.com/{scope}" for scope in tokens.SCOPES),
        "redirect_uri": redirect_uri,
        "state": STATE + signing.dumps(request.pk if request else 0, salt=SALT),
    }
    return f"{host}/organizations/v2.0/adminconsent?{urlencode(query)}"


def text_for_administrator(member: User, address: str) -> tuple[str, str]:
    """Subject and text, ready to be sent on by a member who need not understand it."""
    context = {
        "member": member,
        "consent_url": address,
        "client_id": settings.MICROSOFT_CLIENT_ID,
        "scopes": tokens.SCOPES,
        "support": settings.SUPPORT_EMAIL or settings.SUPPORT_URL,
        "last_day": settings.SYNC_CUTOFF.date(),
    }
    subject, text = render_to_string("migration/mail/for_administrator.txt", context).strip().split("\n", 1)
    return subject.strip(), text.strip() + "\n"


def is_answer(query: Mapping[str, str]) -> bool:
    """Whether a callback claims to come from the page for administrators."""
    return query.get("state", "").startswith(STATE)


@transaction.atomic
def report(query: Mapping[str, str], *, now: datetime) -> Reported:
    """Somebody came back, who need not be anybody here. With a state of ours, whoever waits is told to try; that is all
    that comes of it, since a link and a word prove nothing."""
    request_id = _signed(query["state"])
    if request_id is None:
        return Reported.UNKNOWN
    if query.get("error") or query.get("admin_consent", "").casefold() != "true":
        return Reported.NOT_GIVEN
    waiting = ConsentRequest.objects.filter(pk=request_id, settled_at=None, reported_at=None)
    if waiting.update(reported_at=now):
        request = ConsentRequest.objects.select_related("firm").get(pk=request_id)
        audit.record("consent.reported", actor=None, firm=request.firm, subject=request)
        async_task(TASK, request.pk)
    return Reported.GIVEN


def settle(connection: CalendarConnection, *, now: datetime) -> None:
    """In the transaction that accepts a sign-in: it proves that this member's organization has let us in. Members of one
    firm may be of several organizations, so only a colleague's of the same domain settles what others wait for."""
    request = ConsentRequest.open_of(connection.member.firm_id)
    if request is None:
        return
    waiting_for = {_domain(account) for account in _sent_away(request).values_list("connection__account", flat=True)}
    if _domain(connection.account) not in waiting_for:
        return
    if ConsentRequest.objects.filter(pk=request.pk, settled_at=None).update(settled_at=now):
        audit.record("consent.settled", actor=None, member=connection.member, subject=request)
        async_task(TASK, request.pk)


def _sent_away(request: ConsentRequest) -> QuerySet[SignInAttempt]:
    """The sign-ins of the firm's members that wanted an administrator, since the firm waits."""
    attempts = SignInAttempt.objects.filter(member__firm=request.firm_id, consumed_at__gte=request.asked_at)
    return attempts.filter(result=SignInAttempt.Result.CONSENT_MISSING, detail__startswith=Reason.ADMINISTRATOR)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold()


def tell_waiting(request_id: int) -> int:
    """Writes to each member who waits that they can sign in now; returns to how many. Each is told once, whatever is run
    twice, until they are sent away again; and nobody is told who need not sign in any more."""
    request = ConsentRequest.objects.filter(pk=request_id).first()
    if request is None:
        return 0
    told = 0
    waiting = _sent_away(request).filter(told_at=None)
    for member in User.objects.filter(pk__in=waiting.values("member"), is_active=True).order_by("pk"):
        if not waiting.filter(member=member).update(told_at=timezone.now()):
            continue
        if situation.of(member).decision.prompts:
            told += _tell(member)
    return told


def _tell(member: User) -> int:
    context = {"member": member, "move_url": settings.SITE_URL + reverse("migration:prompt")}
    subject, body = render_to_string("migration/mail/member_consent_given.txt", context).strip().split("\n", 1)
    answers = [settings.SUPPORT_EMAIL] if settings.SUPPORT_EMAIL else []
    try:
        EmailMessage(subject.strip(), body.strip() + "\n", to=[member.email], reply_to=answers).send()
    except (OSError, ValueError) as error:
        # The prompt says it too, at the next login. Only the class: the texts of SMTP errors name recipients.
        log.warning("member %s: the mail about their administrator was not sent (%s)", member.pk, type(error).__name__)
        return 0
    return 1


def _signed(state: str) -> int | None:
    try:
        return int(signing.loads(state.removeprefix(STATE), salt=SALT, max_age=LINK_LASTS))
    except (signing.BadSignature, ValueError, TypeError):
        return None
