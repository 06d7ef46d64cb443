from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from calendars.graph.errors import GraphError
from calendars.states import State
from migration import runs
from migration.links import UnknownAddress, connection_at
from migration.models import MigrationRun, Outcome
from migration.runs import foreground
from migration.runs.rehearsal import Rehearsal, WorkerAtIt, rehearse
from migration.situation import progress_of, waits_for_sign_in

# Of a connection in any other state than migrating: what to do.
INSTEAD = {
    State.OLD_SYNC: "Flag the firm; the run begins once the member has logged in and signed in with Microsoft.",
    State.DISABLED: "The run begins once the member has logged in and signed in with Microsoft.",
    State.REAUTH_REQUIRED: "The run begins once the member has signed in with Microsoft at the prompt.",
    State.UNSUPPORTED: "Graph cannot serve this mailbox; the member or Support can try again once it can.",
    State.GRAPH_SYNC: "Nothing is left to migrate; export_links shows what became of each event.",
    State.GRANT_LOST: "The member has to sign in with Microsoft again; no migration follows.",
    State.DISCONNECTED: "Nothing is done before the member connects again.",
    State.GOOGLE_SYNC: "The move does not concern members who use Google.",
}
WAITS = {
    "throttled": "Microsoft asks us to wait",
    "busy": "Microsoft cannot serve us just now",
    "unreachable": "Microsoft cannot be reached",
    "unstable": "The calendar changes while it is read",
    "operator": "Microsoft refuses our application (see the log)",
    "trouble": "The last step went wrong (see the log)",
}


class Command(BaseCommand):
    help = (
        "Carries out one member's migration in the foreground, or says what it would do. Ctrl-C leaves it to a worker."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "address", metavar="ADDRESS", help="the member's e-mail address, or the connected account's"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be found, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        run = self._run_of(options["address"].strip())
        # Without a terminal there is no bar.
        with tqdm(total=100, disable=None, leave=False, bar_format="{desc} {bar} {n:.0f} % [{elapsed}]") as self.bar:
            self.said = ""
            try:
                lines = self._rehearse(run) if options["dry_run"] else self._carry_out(run)
            except KeyboardInterrupt:
                left = "nothing has been changed" if options["dry_run"] else "a worker goes on where it was"
                raise CommandError(f"Interrupted: {left}.") from None
        self.stdout.write("\n".join(lines))

    def _run_of(self, address: str) -> MigrationRun:
        try:
            connection = connection_at(address)
        except UnknownAddress as error:
            raise CommandError(str(error)) from error
        if connection.state != State.MIGRATING:
            state = connection.get_state_display()
            raise CommandError(
                f"{connection.account} is not migrating (state: {state}). {INSTEAD[State(connection.state)]}"
            )
        run = connection.runs.exclude(state__in=MigrationRun.ENDED).select_related("connection__member").first()
        if run is None:
            raise CommandError(f"{connection.account} is migrating and has no run: report it to development.")
        return run

    def _carry_out(self, run: MigrationRun) -> Iterable[str]:
        if run.state == MigrationRun.State.FAILED:
            runs.take_up(run)
        run = foreground.carry_out(run.pk, self._show, lambda: self._say("Another worker is at it; looking on."))
        self._refuse(run)
        return [f"{run.connection.account} has moved: {_events(run.total)}, {run.requests} requests.", *_figures(run)]

    def _rehearse(self, run: MigrationRun) -> Iterable[str]:
        try:
            found = rehearse(run, self._show)
        except WorkerAtIt:
            raise CommandError(
                "A worker is at this run just now; both at once would ask too much of Microsoft. Try again when the run"
                " waits or has failed, or look on without --dry-run."
            ) from None
        except GraphError as error:
            raise CommandError(f"Microsoft's answer: {error}") from error
        self._refuse(found.run)
        return _told(found)

    def _show(self, run: MigrationRun) -> bool:
        """Progress on the bar, and what is waited for. Always goes on."""
        progress = progress_of(run, now=timezone.now())
        self.bar.n = progress.percent
        self.bar.set_description_str(progress.step, refresh=False)
        self.bar.refresh()
        if run.state == MigrationRun.State.WAITING and run.wait_until:
            why = WAITS.get(run.wait_reason, run.wait_reason)
            self._say(f"{why}: goes on at {run.wait_until:%H:%M:%S} UTC.")
        return True

    def _say(self, words: str) -> None:
        """Once, though it stays so for a while."""
        if words != self.said:
            self.bar.clear()
            self.stdout.write(words)
            self.bar.refresh()
        self.said = words

    def _refuse(self, run: MigrationRun) -> None:
        """Unless it is done."""
        if run.state == MigrationRun.State.DONE:
            return
        if waits_for_sign_in(run):
            raise CommandError(
                "Microsoft no longer honours the member's sign-in. The run goes on once they have signed in again at"
                " the prompt."
            )
        if run.state == MigrationRun.State.FAILED:
            raise CommandError(f"The run failed: {run.failure_class} {run.failure_message}\n{run.failure_hint}")
        raise CommandError(f"The run was {run.get_state_display().lower()}: the connection has left the migration.")


def _events(count: int) -> str:
    return "1 synced event" if count == 1 else f"{count:,} synced events"


def _figures(run: MigrationRun) -> Iterator[str]:
    yield _figure(run.by_id, "found by id")
    yield _figure(run.by_metadata, "found by subject and times")
    yield _figure(run.anomalies, "not found in Outlook")


def _told(found: Rehearsal) -> Iterator[str]:
    run = found.run
    yield f"{run.connection.account}: what a run would do. Nothing has been changed."
    yield f"Calendar {found.calendar!r}, {_events(run.total)}, {run.requests} requests."
    yield from _figures(run)
    for kind, counts, names in (("found", found.hows, Outcome.How), ("not found", found.reasons, Outcome.Reason)):
        yield from (_figure(counts[one], f"{kind}: {one.label}") for one in names if counts[one])
    if found.moved:
        yield _figure(found.moved, "of those found in another calendar of the mailbox")


def _figure(count: int, words: str) -> str:
    return f"{count:>9,} {words}"
