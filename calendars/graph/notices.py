"""What Microsoft's change notifications have named, kept until a pull has read it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from calendars.graph.delta import Named
from calendars.models import CalendarConnection, Notice
from calendars.sync import outbox

# A pull reads them within minutes; what waits longer waits for a person, and is listed then.
KEPT = timedelta(days=2)


def note(connection: CalendarConnection, ids: Iterable[str], *, everything: bool = False) -> None:
    """Asks for a sync that reads these, or all there is. In a transaction: asking locks the connection's row first, so
    that the notices of one connection are numbered in the order in which they are committed."""
    outbox.wake(connection)
    now = timezone.now()
    named = [*dict.fromkeys(ids), *([""] if everything else [])]
    Notice.objects.bulk_create(Notice(connection=connection, appointment_id=one, at=now) for one in named)


def after(connection: CalendarConnection, last: int, most: int) -> Named:
    """At most so many of those after `last`; with none wanted, where the last one stands."""
    rows = Notice.objects.filter(connection=connection)
    if not most:
        return Named((), rows.aggregate(last=Max("pk"))["last"] or 0)
    found = list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", "appointment_id")[: most + 1])
    some = found[:most]
    return Named(
        ids=[one for _, one in some if one],
        last=some[-1][0] if some else last,
        everything=any(not one for _, one in some),
        more=len(found) > most,
    )


def forget(now: datetime) -> int:
    return Notice.objects.filter(at__lt=now - KEPT).delete()[0]
