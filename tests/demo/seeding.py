"""The demo's firms: written to a file, imported as a real one would be, and their mailboxes at the simulated Microsoft.

Needs Django with its settings.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TextIO

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone

from firms import models
from firms.models import User
from migration import rollout
from tests import sample
from tests.demo import old_sync
from tests.demo.cast import BENS_OWN, FIRMS, PASSWORD, ROLLOUT, SUPERUSER, SUPPORT, Firm, Person, tenant
from tests.sample import Sample
from tests.simulator.client import Control

# Events begin a month ago, so that the dashboard has some to come.
SINCE = timedelta(days=30)


@dataclass(frozen=True)
class Seeded:
    """By e-mail address, what each member's calendar holds on both sides."""

    samples: dict[str, Sample]


def seed(simulator: Control, file: Path, *, firms: tuple[Firm, ...] = FIRMS, output: TextIO | None = None) -> Seeded:
    """Makes mailboxes, imports `file` after writing it, and gives everyone the password; `output` gets the figures."""
    simulator.reset(seed="demo", now=timezone.now().isoformat())
    samples = {person.email: _sample(person, number) for number, person in enumerate(_people(firms), start=1)}
    for person in [person for firm in firms if firm.provider == "google" for person in firm.people]:
        _as_google_names(samples[person.email])
    with file.open("w", encoding="utf-8") as lines:
        for firm in firms:
            _mailboxes(simulator, firm, samples)
            for line in _lines(simulator, firm, samples):
                lines.write(json.dumps(line) + "\n")
    simulator.mailbox(BENS_OWN, kind="personal", name="Ben Carrow")
    call_command("import_sync_data", str(file), **({"stdout": output} if output else {}))
    _staff()
    _flag([firm.slug for firm in firms if firm.flagged])
    return Seeded(samples)


def _people(firms: tuple[Firm, ...]) -> list[Person]:
    return [person for firm in firms for person in firm.people]


def _sample(person: Person, number: int) -> Sample:
    first: date = timezone.now().date() - SINCE
    return sample.calendar(
        person.total, deleted=person.deleted, renumbered=person.renumbered, seed=number, first_day=first
    )


def _as_google_names(one: Sample) -> None:
    """Google's ids have an alphabet of their own."""
    for said in (*one.lines, *one.events):
        for name in {"ews_id", "ewsId"} & said.keys():
            said[name] = hashlib.sha256(said[name].encode()).hexdigest()[:40]


def _mailboxes(simulator: Control, firm: Firm, samples: dict[str, Sample]) -> None:
    for person in firm.people:
        calendar = {"name": "Calendar", "default": True, "events": samples[person.email].events}
        where = {"tid": tenant(firm)} if firm.provider == "outlook" else {"provider": "google"}
        simulator.mailbox(person.email, name=person.name, calendars=[calendar], **where)


def _lines(simulator: Control, firm: Firm, samples: dict[str, Sample]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [{"type": "firm", "slug": firm.slug, "name": firm.name}]
    service = {"outlook": "ews", "google": "google"}[firm.provider]
    for person in firm.people:
        given = simulator.token(person.email, service=service)
        grant = {"service": service, "refresh_token": given["refresh_token"]}
        lines += [
            {"type": "member", "firm": firm.slug, "email": person.email, "name": person.name,
             "time_zone": person.time_zone, "role": person.role},
            {"type": "connection", "member": person.email, "provider": firm.provider, "account": person.email,
             "calendar": "Calendar", "default": True, "grant": grant, **_marks(service, person, given)},
        ]  # fmt: skip
        lines += [{**line, "member": person.email} for line in samples[person.email].lines]
    return lines


def _marks(service: str, person: Person, given: dict[str, Any]) -> dict[str, Any]:
    """Where the old sync of years stands: at what its mailbox holds by now."""
    return {"sync_state": old_sync.state_of(person.email, given["access_token"])} if service == "ews" else {}


def _staff() -> None:
    """One password for all; the people of the firms have been imported without any."""
    for name, email, group in (ROLLOUT, SUPPORT, SUPERUSER):
        user = User.objects.create(email=email, name=name, is_staff=True, is_superuser=not group)
        if group:
            user.groups.add(Group.objects.get(name=group))
    User.objects.update(password=make_password(PASSWORD))


def _flag(slugs: list[str]) -> None:
    """As staff do in the admin, on the record."""
    actor = User.objects.get(email=ROLLOUT[1])
    firms = models.Firm.objects.filter(slug__in=slugs).values_list("pk", flat=True)
    rollout.flag(firms=list(firms), actor=actor, note="Flagged for the demo.")
