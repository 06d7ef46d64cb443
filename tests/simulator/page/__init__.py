"""``/_sim/page``: on which a person sees and edits mailboxes, as their owners would in Outlook. No mail is sent.

``GET /_sim/page`` lists the mailboxes, ``GET /_sim/page/{address}`` shows one month of a mailbox (``?month=2026-11``),
``…/new`` and ``…/edit?id=…`` are forms, ``POST …/save``, ``…/delete`` and ``…/restore`` change something and lead back.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from tests.simulator import edits
from tests.simulator.events import Event
from tests.simulator.http import Request, Response
from tests.simulator.loading import ControlError
from tests.simulator.mailbox import Mailbox
from tests.simulator.page import fields, form, month
from tests.simulator.page.html import page

if TYPE_CHECKING:
    from tests.simulator.frame import Simulation

_SAID = {
    "saved": "Saved.",
    "deleted": "Deleted.",
    "cancelled": "This occurrence is cancelled.",
    "restored": "Restored.",
}


def handle(simulation: Simulation, request: Request) -> Response:
    """A page, or what a form asks for; LookupError for a mailbox or an appointment that is not there."""
    address, action, *more = [*request.segments[2:], "", ""]
    world = simulation.world
    with world.lock:
        if not address:
            return month.mailboxes(list(world.mailboxes.values()), world.now())
        mailbox = world.find_account(address)
        if mailbox is None or any(more):
            raise LookupError(f"no page for {address}")
        return _Visit(simulation, request, mailbox).answer(action)


class _Visit:
    """One request for the pages of a mailbox."""

    def __init__(self, simulation: Simulation, request: Request, mailbox: Mailbox) -> None:
        self.request, self.mailbox, self.now = request, mailbox, simulation.world.now()
        self.home = f"/_sim/page/{quote(mailbox.address, safe='@')}"

    def answer(self, action: str) -> Response:
        known = {
            ("GET", ""): self._month, ("GET", "new"): self._new, ("GET", "edit"): self._edit,
            ("POST", "save"): self._save, ("POST", "delete"): self._delete, ("POST", "restore"): self._restore,
        }  # fmt: skip
        found = known.get((self.request.method, action))
        if found is None:
            raise LookupError(f"no page {action!r} with {self.request.method}")
        return found()

    def _month(self) -> Response:
        said = _SAID.get(self.request.arg("said") or "", "")
        return month.month(self.mailbox, self.home, self.request.arg("month"), said, self.now)

    def _new(self) -> Response:
        values = fields.blank(self.mailbox, self.request.arg("day"), self.now)
        return form.form(self.mailbox, self.home, None, values)

    def _edit(self) -> Response:
        event = self._event(self.request.arg("id"))
        return form.form(self.mailbox, self.home, event, fields.of(event))

    def _event(self, item_id: str | None) -> Event:
        found = self.mailbox.find(item_id or "")
        if found is None:
            raise LookupError("This appointment is not there any more.")
        return found

    def _save(self) -> Response:
        """Do what the form says, or show it again with what is wrong with it."""
        sent = fields.sent(self.request.pairs())
        event = self._event(sent.id) if sent.id else None
        try:
            wanted = fields.changes(self.mailbox, sent, fields.of(event) if event else None)
            self._carry_out(event, sent, wanted)
        except (ControlError, ValueError) as error:
            return form.form(self.mailbox, self.home, event, sent, str(error).removeprefix("edit: "))
        return self._back("saved", sent.start_day[:7])

    def _carry_out(self, event: Event | None, sent: fields.Fields, wanted: dict[str, Any]) -> None:
        if event is None:
            edits.edit(self.mailbox, {"op": "create", "event": wanted, "calendar": sent.calendar}, self.now)
            return
        if wanted:
            edits.edit(self.mailbox, {"op": "change", "id": event.immutable_id, "event": wanted}, self.now)
        if sent.calendar != event.calendar.id:
            edits.edit(self.mailbox, {"op": "move", "id": event.immutable_id, "calendar": sent.calendar}, self.now)

    def _delete(self) -> Response:
        event = self._event(self.request.form().get("id"))
        edits.edit(self.mailbox, {"op": "delete", "id": event.immutable_id}, self.now)
        return self._back("cancelled" if event.master else "deleted", fields.of(event).start_day[:7])

    def _restore(self) -> Response:
        found = self.mailbox.deleted.get(self.request.form().get("id") or "")
        if found is None:
            raise LookupError("This appointment is not among the deleted ones.")
        edits.edit(self.mailbox, {"op": "restore", "id": found.immutable_id}, self.now)
        return self._back("restored", fields.of(found).start_day[:7])

    def _back(self, said: str, shown: str) -> Response:
        """Post, redirect, get: a reload does nothing twice."""
        return Response(303, {"Location": f"{self.home}?{urlencode({'month': shown, 'said': said})}"})


def missing(reason: str) -> Response:
    """404, for a person."""
    return page("Not here", f'<p>{escape(reason)}</p><p><a href="/_sim/page">All mailboxes</a></p>', status=404)
