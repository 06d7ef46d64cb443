import re
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, OperationalError
from tqdm import tqdm

from calendars.importing import Report, import_sync_data

# SQLite's words for a missing table or column, which it reports as it does a locked file.
OLDER_DATABASE = re.compile(r"no such (table|column)|no column named")
TYPES = {"firm": "firms", "member": "members", "connection": "connections", "synced_event": "synced events"}


class Command(BaseCommand):
    help = "Imports firms, members, connections and synced events from a file of JSON Lines: all of it, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="JSON Lines in UTF-8, as docs/import.md describes")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            report = self._import(path)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror or error}") from error
        except IntegrityError as error:
            raise CommandError("Somebody changed the same rows meanwhile; nothing was imported. Try again.") from error
        except OperationalError as error:
            if OLDER_DATABASE.search(str(error)):
                raise  # manage.py says what helps
            raise CommandError("The database cannot be written to just now; nothing was imported.") from error
        if report.bad:
            self._refuse(report)
        for kind, name in TYPES.items():
            self.stdout.write(f"{name}: created {report.created[kind]}, already there {report.there[kind]}")

    def _import(self, path: Path) -> Report:
        # Without a terminal there is no bar.
        with path.open("rb") as stream, tqdm(total=path.stat().st_size, unit="B", unit_scale=True, disable=None) as bar:
            return import_sync_data(stream, bar.update)

    def _refuse(self, report: Report) -> None:
        for number, reason in report.shown:
            self.stderr.write(f"line {number}: {reason}")
        lines = "1 line is bad" if report.bad == 1 else f"{report.bad} lines are bad"
        rest = f" (the first {len(report.shown)} are above)" if report.bad > len(report.shown) else ""
        raise CommandError(f"{lines}{rest}; nothing was imported.")
