"""Mails about tickets: to support and to the member.

Sent after the commit; a mail server that fails undoes nothing, breaks no page and leaves an entry for support.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from migration.models import SignInAttempt, Ticket, TicketEntry
from migration.ticket_states import Cause

log = logging.getLogger(__name__)


def to_support(
    ticket: Ticket, what: str, *, attempt: SignInAttempt | None = None, message: str = "", note: str = ""
) -> None:
    """Tells support that a ticket waits for them: `what` is "mismatch", "calendar_not_found", "help", "message" or
    "expired".

    Without SUPPORT_EMAIL support work from the list in the admin alone.
    """
    if not settings.SUPPORT_EMAIL:
        return
    admin = settings.SITE_URL + reverse("admin:migration_ticket_change", args=[ticket.pk])
    context = {"attempt": attempt, "message": message, "note": note, "admin_url": admin}
    _after_commit(ticket, f"support_{what}", "support", [settings.SUPPORT_EMAIL], [ticket.member.email], context)


def to_member(ticket: Ticket, cause: Cause, *, message: str = "", taken: str = "") -> None:
    """Tells the member what support decided; `message` is what support wrote to them, `taken` the account whose approval
    no longer stands."""
    context = {
        "message": message,
        "taken": taken,
        "move_url": settings.SITE_URL + reverse("migration:prompt"),
        "ticket_url": settings.SITE_URL + reverse("migration:ticket", args=[ticket.reference]),
    }
    answers = [settings.SUPPORT_EMAIL] if settings.SUPPORT_EMAIL else []
    _after_commit(ticket, f"member_{cause}", "member", [ticket.member.email], answers, context)


def _after_commit(
    ticket: Ticket, template: str, reader: str, to: list[str], reply_to: list[str], context: Mapping[str, Any]
) -> None:
    text = render_to_string(f"migration/mail/{template}.txt", {"ticket": ticket, "member": ticket.member, **context})
    # The first line of a mail's template is its subject.
    subject, body = text.strip().split("\n", 1)
    body = re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n"
    mail = EmailMessage(subject.strip(), body, to=to, reply_to=reply_to)
    transaction.on_commit(lambda: _send(mail, ticket, reader), robust=True)


def _send(mail: EmailMessage, ticket: Ticket, reader: str) -> None:
    try:
        mail.send()
    # smtplib's errors are OSErrors; an address that cannot be written into a header is a ValueError.
    except (OSError, ValueError) as error:
        # Only the class: the texts of SMTP errors name recipients.
        log.warning("ticket %s: the mail to %s was not sent (%s)", ticket.reference, reader, type(error).__name__)
        TicketEntry.objects.create(
            ticket=ticket,
            at=timezone.now(),
            actor=None,
            action=Cause.MAIL_FAILED,
            note=f"The mail to {'support' if reader == 'support' else 'the member'} could not be sent.",
        )
