"""What staff do to firms: the flag set and taken back, with what follows for the members (R1, R2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from calendars import blocked, connections, cutoff
from calendars.models import CalendarConnection
from calendars.states import Provider, State
from firms import flags
from firms.models import Firm, User


@dataclass(frozen=True)
class TakenBack:
    """How many firms had the flag, and how many of their members went back to the old sync."""

    firms: int
    resumed: int


@dataclass(frozen=True)
class Concerned:
    """Whom a flag, or taking it back, concerns: numbers of firms, of members and of their live connections."""

    firms: int
    flagged: int
    members: int
    # Outlook members who will be asked at their next login, have been asked, and have signed in.
    old_sync: int
    waiting: int
    moved: int
    # Outlook members whose mailbox Graph cannot serve: neither sync reaches them.
    unsupported: int
    # Google members, whom nothing of this concerns (R12).
    google: int
    # Of those on the old sync and of those who were asked, in organisations that have ended EWS: the old sync of the first
    # stands still, and going back would bring the others nothing.
    paused: int
    blocked: int
    # After the cutoff taking a flag back brings no old sync back.
    after_cutoff: bool

    @property
    def not_flagged(self) -> int:
        return self.firms - self.flagged


def flag(*, firms: Iterable[int], actor: User, note: str = "") -> int:
    """Flags the firms with these ids for Graph sync; returns how many were not flagged before.

    Nothing changes for a member before their next login (R2).
    """
    return flags.set_flag(firms=firms, actor=actor, note=note)


@transaction.atomic
def take_back(*, firms: Iterable[int], actor: User, note: str = "") -> TakenBack:
    """Takes the flag back and, before the cutoff, lets the old sync of members who were prompted and have not signed in
    yet go on. Members who have signed in stay on Graph."""
    unflagged = flags.take_back_flag(firms=firms, actor=actor, note=note)
    resumed = connections.resume_old_sync(
        firms=unflagged, actor=actor, now=timezone.now(), cutoff_at=settings.SYNC_CUTOFF
    )
    return TakenBack(len(unflagged), resumed)


def concerned(firms: QuerySet[Firm]) -> Concerned:
    """Counts, in five queries whatever the number of firms. `firms` must not be sliced."""
    chosen = firms.order_by().values("pk")
    live = CalendarConnection.objects.filter(member__firm__in=chosen).exclude(state=State.DISCONNECTED)
    counts = {
        (row["provider"], row["state"]): row["n"] for row in live.values("provider", "state").annotate(n=Count("pk"))
    }
    outlook = {state: n for (provider, state), n in counts.items() if provider == Provider.OUTLOOK}
    waiting = outlook.get(State.REAUTH_REQUIRED, 0)
    old = outlook.get(State.OLD_SYNC, 0) + outlook.get(State.DISABLED, 0)
    unsupported = outlook.get(State.UNSUPPORTED, 0)
    ended = dict(blocked.concerned(live).order_by().values_list("state").annotate(n=Count("pk")))
    return Concerned(
        firms=firms.count(),
        flagged=firms.filter(flagged_at__isnull=False).count(),
        members=User.objects.filter(firm__in=chosen).count(),
        old_sync=old,
        waiting=waiting,
        moved=sum(outlook.values()) - old - waiting - unsupported,
        unsupported=unsupported,
        google=sum(n for (provider, _), n in counts.items() if provider == Provider.GOOGLE),
        paused=ended.get(State.OLD_SYNC, 0),
        blocked=ended.get(State.REAUTH_REQUIRED, 0),
        after_cutoff=cutoff.has_passed(timezone.now(), settings.SYNC_CUTOFF),
    )
