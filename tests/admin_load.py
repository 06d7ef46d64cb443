"""Fills a database with firms, members and connections, to look at the admin as it will be on a large day.

    DEBUG=1 DATABASE_URL=sqlite:////tmp/load.sqlite3 python -m tests.admin_load [--firms 10000]

Adds to what is there; prints who can log in. Refuses where DEBUG is off.
"""

import argparse
import os
import random
from collections.abc import Iterator
from datetime import timedelta

import django

PASSWORD = "correct horse battery"
WORDS = (
    "Harper", "Wolfe", "Keller", "Byron", "Marsh", "Linden", "Ashford", "Quill",
    "Moreau", "Sato", "Okafor", "Brandt", "Ellison", "Vance", "Reyes", "Novak",
)  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--firms", type=int, default=10_000)
    number = options.parse_args().firms
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caret_sync.settings")
    django.setup()
    from django.conf import settings

    if not settings.DEBUG:
        raise SystemExit("This fills a database with invented firms: set DEBUG=1 if that is what you want.")
    fill(number, random.Random(1))
    print(f"{number:,} firms added. Log in as root@, rollout@ or support@caretsync.example: {PASSWORD}")


def fill(number: int, chance: random.Random) -> None:
    from django.db import transaction
    from django.utils import timezone

    from firms import flags
    from firms.models import Firm, User, Wave

    with transaction.atomic():
        staff = people()
        first = Firm.objects.count()
        firms = Firm.objects.bulk_create(
            [Firm(slug=f"firm-{n}", name=name(n, chance)) for n in range(first, first + number)], batch_size=2000
        )
        members = User.objects.bulk_create(people_of(firms, chance), batch_size=2000)
        connect(members, chance)
        flags.set_flag(firms=[firm.pk for firm in firms[: number // 5]], actor=staff["root"], note="First firms")
        for number_of_wave in range(5):
            wave = Wave.objects.create(
                name=f"Wave {number_of_wave + 1}",
                flag_at=timezone.now() + timedelta(days=7 * (number_of_wave + 1)),
                scheduled_by=staff["rollout"],
            )
            wave.firms.add(*chance.sample(firms, min(number, 40 * 4**number_of_wave)))


def people() -> dict[str, object]:
    from django.contrib.auth.models import Group

    from firms.models import User

    made = {}
    for short in ("root", "rollout", "support"):
        email = f"{short}@caretsync.example"
        user = User.objects.filter(email=email).first()
        if user is None:
            make = User.objects.create_superuser if short == "root" else User.objects.create_user
            user = make(email, PASSWORD, is_staff=True, name=short.title())
            user.groups.add(*Group.objects.filter(name=short.title()))
        made[short] = user
    return made


def name(n: int, chance: random.Random) -> str:
    first, second = chance.sample(WORDS, 2)
    return f"{first} & {second} {n} LLP"


def people_of(firms: list, chance: random.Random) -> Iterator:
    from django.contrib.auth.hashers import make_password

    from firms.models import User

    password = make_password(PASSWORD)
    for firm in firms:
        for n in range(chance.choice([1, 1, 2, 3, 3, 4, 7])):
            yield User(
                email=f"member{n}@{firm.slug}.example",
                name=f"{chance.choice(WORDS)} {chance.choice(WORDS)}",
                firm=firm,
                role="administrator" if n == 0 else "member",
                time_zone=chance.choice(["America/New_York", "America/Los_Angeles", "Europe/London"]),
                password=password,
            )


def connect(members: list, chance: random.Random) -> None:
    from django.utils import timezone

    from calendars.models import CalendarConnection
    from calendars.states import GOOGLE_STATES, OUTLOOK_STATES, Provider

    outlook, google, rows = sorted(OUTLOOK_STATES), sorted(GOOGLE_STATES), []
    for member in members:
        if chance.random() < 0.9:
            provider = Provider.GOOGLE if chance.random() < 0.2 else Provider.OUTLOOK
            state = chance.choice(google if provider == Provider.GOOGLE else outlook)
            rows.append(
                CalendarConnection(
                    member=member, provider=provider, account=member.email, calendar_name="Calendar",
                    state=state, state_since=timezone.now(),
                )
            )  # fmt: skip
    CalendarConnection.objects.bulk_create(rows, batch_size=2000)


if __name__ == "__main__":
    main()
