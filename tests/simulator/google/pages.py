"""The pages that a person sees at Google's side of a sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tests.simulator.http import Response
from tests.simulator.identity.pages import STYLE
from tests.simulator.mailbox import Mailbox

_WORDS = {
    "https://www.googleapis.com/auth/calendar": "See, edit, share and delete all your calendars",
    "https://www.googleapis.com/auth/calendar.events": "See and edit events on all your calendars",
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly": "See the list of your calendars",
}


def is_sensitive(scope: str) -> bool:
    """Is it asked for with a box of its own, rather than coming with the sign-in?"""
    return scope not in ("openid", "email", "profile") and "userinfo." not in scope


def account_page(action: str, mailboxes: Sequence[Mailbox], hint: str, scopes: Sequence[str]) -> Response:
    """The page that posts ``sim_account`` and the scopes ticked, or ``cancel``, to the request's own address."""
    boxes = "".join(
        f'<label><input type="checkbox" name="sim_scope" value="{escape(scope)}" checked style="width:auto">'
        f" {escape(_WORDS.get(scope, scope))}</label>"
        for scope in scopes
        if is_sensitive(scope)
    )
    ordered = sorted(
        mailboxes, key=lambda mailbox: hint.casefold() not in (name.casefold() for name in mailbox.names())
    )
    items = "".join(
        f'<li><button name="sim_account" value="{escape(one.address)}" class="account">{escape(one.name or one.address)}'
        f"<span>{escape(one.address)}</span></button></li>"
        for one in ordered
    )
    return _page(
        "Choose an account",
        f"""<form method="post" action="{escape(action)}"><input type="hidden" name="sim_ticked" value="1">
<p>The application wants access to your Google Account:</p>{boxes}
<ul>{items or "<li>No Google account exists yet.</li>"}</ul>
<footer><button name="cancel" value="1">Cancel</button></footer></form>""",
    )


def error_page(error: str, text: str) -> Response:
    """What Google shows where it will not send the person back to the application."""
    return _page(
        "Access blocked: Authorization Error", f"<p>{escape(text)}</p><pre>Error 400: {escape(error)}</pre>", 400
    )


def _page(heading: str, content: str, status: int = 200) -> Response:
    return Response.html(
        f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(heading)} – simulated Google</title><style>{STYLE}</style></head>
<body><main><h1>{escape(heading)}</h1>
{content}
</main></body>
</html>
""",
        status=status,
    )
