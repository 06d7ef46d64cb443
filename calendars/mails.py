"""Mail to members whose old sync the cutoff has ended (R11). Each is told once of each time that it happens."""

import logging
import re
import time
from collections.abc import Iterator
from contextlib import closing

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F, Q
from django.template.loader import render_to_string

from calendars.models import CalendarConnection
from calendars.states import State

log = logging.getLogger(__name__)
BATCH = 200


def tell_disabled(*, seconds: float) -> int:
    """Mails members of disabled connections who do not know yet, for as long as `seconds`; returns how many. Whoever is
    left, by the time or by a mail server that fails, is told the next time."""
    until, told = time.monotonic() + seconds, 0
    with closing(get_connection()) as server:
        for connection in _not_told():
            if time.monotonic() >= until:
                return told
            if not _claim(connection):
                continue
            try:
                server.send_messages([_mail(connection)])
            # smtplib's errors are OSErrors; an address that cannot be written into a header is a ValueError.
            except OSError as error:
                CalendarConnection.objects.filter(pk=connection.pk).update(told_epoch=None)
                log.warning("mail about the cutoff: the server fails (%s)", type(error).__name__)
                return told
            except ValueError as error:
                # Never will be: the banner tells this member.
                log.warning(
                    "mail about the cutoff: connection %s cannot be told (%s)", connection.pk, type(error).__name__
                )
                continue
            told += 1
    return told


def _not_told() -> Iterator[CalendarConnection]:
    """Batch after batch, so that no long answer is held while mails are sent."""
    last = 0
    while rows := list(
        CalendarConnection.objects.filter(
            Q(told_epoch=None) | ~Q(told_epoch=F("epoch")), state=State.DISABLED, member__is_active=True, pk__gt=last
        )
        .select_related("member")
        .defer("sync_state")
        .order_by("pk")[:BATCH]
    ):
        yield from rows
        last = rows[-1].pk


def _claim(connection: CalendarConnection) -> bool:
    """Before the mail: a worker that is killed in between leaves one member to the banner, and tells nobody twice."""
    return bool(
        CalendarConnection.objects.filter(
            pk=connection.pk, state=State.DISABLED, epoch=connection.epoch, told_epoch=connection.told_epoch
        ).update(told_epoch=connection.epoch)
    )


def _mail(connection: CalendarConnection) -> EmailMessage:
    text = render_to_string(
        "calendars/mail/disabled.txt",
        {
            "member": connection.member,
            "account": connection.account,
            # The cutoff's own day, as the help names it, whatever day it was by then where the member is.
            "since": (connection.stopped_at or connection.state_since).astimezone(settings.SYNC_CUTOFF.tzinfo).date(),
            "site": settings.SITE_URL + "/",
            "support_email": settings.SUPPORT_EMAIL,
            "support_url": settings.SUPPORT_URL,
        },
    )
    subject, body = text.strip().split("\n", 1)
    answers = [settings.SUPPORT_EMAIL] if settings.SUPPORT_EMAIL else []
    body = re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n"
    return EmailMessage(subject.strip(), body, to=[connection.member.email], reply_to=answers)
