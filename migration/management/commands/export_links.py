import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from migration.links import UnknownAddress, connection_at, latest_run, links


class Command(BaseCommand):
    help = "Writes what became of each synced event of a member in their migration, as JSON Lines."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "address", metavar="ADDRESS", help="the member's e-mail address, or the connected account's"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            connection = connection_at(options["address"].strip())
        except UnknownAddress as error:
            raise CommandError(str(error)) from error
        run = latest_run(connection)
        if run is None:
            self.stderr.write(f"{connection.account} has not been migrated yet: there is nothing to export.")
            return
        for link in links(run):
            self.stdout.write(json.dumps(link))
