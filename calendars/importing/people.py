"""Firms and members of a batch. A row that is there already is left exactly as it is."""

from collections.abc import Collection, Sequence

from django.contrib.auth.hashers import make_password
from django.db.models.functions import Lower

from calendars.bulk import write
from calendars.importing.records import FirmLine, MemberLine
from calendars.importing.report import Report
from firms.models import Firm, User

# By slug or address: the line that makes the row. A line may refer to lines above it only.
MadeOn = dict[str, int]


def add_firms(lines: Sequence[FirmLine], report: Report) -> MadeOn:
    there = _firms({line.slug for line in lines})
    made: MadeOn = {}
    rows = []
    for line in lines:
        if line.slug in there or line.slug in made:
            report.there["firm"] += 1
            continue
        made[line.slug] = line.number
        rows.append(Firm(slug=line.slug, name=line.name))
    write(Firm, rows)
    report.created["firm"] += len(rows)
    return made


def add_members(lines: Sequence[MemberLine], firms_made: MadeOn, report: Report) -> MadeOn:
    """New members have no usable password: they ask for one by mail."""
    firms = _firms({line.firm for line in lines})
    users = users_by_email({line.email for line in lines})
    made: MadeOn = {}
    rows = []
    for line in lines:
        user, firm = users.get(line.email), firms.get(line.firm)
        if firm is None or firms_made.get(line.firm, 0) > line.number:
            report.refuse(line.number, f"there is no firm {line.firm!r}, and none above")
        elif user is None:
            users[line.email] = user = _new_member(line, firm)
            made[line.email] = line.number
            rows.append(user)
        elif problem := _not_a_member(user, firm):
            report.refuse(line.number, f"{line.email} {problem}")
        else:
            report.there["member"] += 1
    write(User, rows)
    report.created["member"] += len(rows)
    return made


def users_by_email(emails: Collection[str]) -> dict[str, User]:
    """Users by address in lower case."""
    if not emails:
        return {}
    found = User.objects.annotate(address=Lower("email")).filter(address__in=emails)
    return {user.email.lower(): user for user in found}


def _firms(slugs: Collection[str]) -> dict[str, int]:
    return dict(Firm.objects.filter(slug__in=slugs).values_list("slug", "pk")) if slugs else {}


def _new_member(line: MemberLine, firm: int) -> User:
    return User(
        email=line.email,
        firm_id=firm,
        name=line.name,
        time_zone=line.time_zone,
        role=line.role,
        password=make_password(None),
    )


def _not_a_member(user: User, firm: int) -> str:
    if user.is_staff or user.is_superuser:
        return "is an account of our staff"
    if user.firm_id is None:
        return "is there, and belongs to no firm"
    return "is a member of another firm" if user.firm_id != firm else ""
