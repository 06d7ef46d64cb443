"""The settings under which the demo runs the product: its own and the defaults, nothing from the person's shell."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from tests.demo.cast import SUPPORT
from tests.demo.places import ROOT

CUTOFF = datetime.fromisoformat("2027-03-31T23:59:59-07:00")
# The demo shows the weeks before the cutoff, whenever it is started.
AHEAD = timedelta(days=60)


def variables(*, web: str, simulator: str, database: str, mails: Path, now: datetime) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "caret_sync.settings",
        "DEBUG": "1",
        "SITE_URL": web,
        # The simulated Microsoft reaches this machine, so it can tell of changes at once.
        "PUBLIC_URL": web,
        # A person who watches does not wait a quarter of an hour for the old sync to look again.
        "SYNC_POLL_SECONDS": "4",
        "SYNC_POLL_SUBSCRIBED_SECONDS": "60",
        "SIMULATOR_URL": simulator,
        "DATABASE_URL": database,
        "EMAIL_URL": f"file://{quote(str(mails))}",
        "SUPPORT_EMAIL": SUPPORT[1],
        "SYNC_CUTOFF": max(CUTOFF, now.astimezone(UTC).replace(microsecond=0) + AHEAD).isoformat(),
    }


def replace_settings(wanted: dict[str, str]) -> None:
    """In this process and so in all that it starts: every setting the product knows is `wanted`'s or the default."""
    for name in re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE):
        os.environ.pop(name, None)
    os.environ.update(wanted)
