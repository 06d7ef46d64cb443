"""Connections of a batch, with their grants. A row that is there already is left exactly as it is."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from calendars import grants
from calendars.bulk import write
from calendars.importing.people import MadeOn, users_by_email
from calendars.importing.records import ConnectionLine
from calendars.importing.report import Report
from calendars.models import CalendarConnection, Grant
from calendars.states import Provider, State
from firms.models import User

# The state in which the service that the file comes from left a connection.
STATES = {Provider.OUTLOOK: State.OLD_SYNC, Provider.GOOGLE: State.GOOGLE_SYNC}


@dataclass
class Named:
    """The connections that a batch names, by member (primary key) with the number of the line, in its order."""

    lines: dict[int, list[tuple[int, CalendarConnection]]] = field(default_factory=lambda: defaultdict(list))
    made: set[int] = field(default_factory=set)

    def above(self, member: int, number: int) -> CalendarConnection | None:
        """The one last named for the member above line `number`."""
        earlier = [row for named_on, row in self.lines.get(member, ()) if named_on < number]
        return earlier[-1] if earlier else None

    def last(self) -> dict[int, int]:
        return {member: named[-1][1].pk for member, named in self.lines.items()}


def add_connections(lines: Sequence[ConnectionLine], members_made: MadeOn, report: Report) -> Named:
    users = users_by_email({line.member for line in lines})
    there = connections_of([user.pk for user in users.values()])
    named = Named()
    new: list[tuple[CalendarConnection, ConnectionLine]] = []
    for line in lines:
        user = users.get(line.member)
        if user is None or members_made.get(line.member, 0) > line.number:
            report.refuse(line.number, f"there is no member {line.member}, and none above")
            continue
        if user.firm_id is None:
            report.refuse(line.number, f"{line.member} belongs to no firm")
            continue
        row = _same(line, there[user.pk])
        if row is not None:
            report.there["connection"] += 1
        elif any(other.state != State.DISCONNECTED for other in there[user.pk]):
            report.refuse(line.number, f"{line.member} has another live connection already")
            continue
        else:
            row = _new_connection(line, user)
            there[user.pk].append(row)
            new.append((row, line))
        named.lines[user.pk].append((line.number, row))
    write(CalendarConnection, [row for row, _ in new])
    write(Grant, [_new_grant(row, *line.grant) for row, line in new if line.grant])
    named.made = {row.pk for row, _ in new}
    report.created["connection"] += len(new)
    return named


def connections_of(members: Collection[int], without: Collection[int] = ()) -> dict[int, list[CalendarConnection]]:
    """By member, the live one last."""
    by_member: dict[int, list[CalendarConnection]] = defaultdict(list)
    if members:
        rows = CalendarConnection.objects.filter(member__in=members).exclude(pk__in=without)
        for row in sorted(rows, key=lambda row: (row.state != State.DISCONNECTED, row.pk)):
            by_member[row.member_id].append(row)
    return by_member


def _same(line: ConnectionLine, rows: Sequence[CalendarConnection]) -> CalendarConnection | None:
    account = line.account.casefold()
    same = [row for row in rows if row.provider == line.provider and row.account.casefold() == account]
    return same[-1] if same else None


def _new_connection(line: ConnectionLine, user: User) -> CalendarConnection:
    """Without a grant it has its state all the same: nothing syncs before the member has signed in."""
    return CalendarConnection(
        member_id=user.pk,
        provider=line.provider,
        account=line.account,
        calendar_name=line.calendar,
        is_default_calendar=line.default,
        ews_folder_id=line.ews_folder_id,
        tid=line.tid,
        oid=line.oid,
        state=STATES[Provider(line.provider)],
        state_since=timezone.now(),
        sync_state=line.sync_state,
    )


def _new_grant(row: CalendarConnection, service: str, refresh_token: str) -> Grant:
    secret = grants.secret_of(grants.Tokens(refresh_token=refresh_token))
    return Grant(connection_id=row.pk, service=service, secret=secret)
