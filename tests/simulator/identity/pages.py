"""The pages that a person sees at Microsoft's side of a sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from tests.simulator.http import Response
from tests.simulator.identity.errors import Refusal
from tests.simulator.mailbox import Mailbox

STYLE = """
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #eef1f5; color: #1b1b1b;
  font: 16px/1.5 "Segoe UI", system-ui, sans-serif; }
main { box-sizing: border-box; width: min(28rem, 100%); padding: 2.5rem; background: #fff;
  box-shadow: 0 2px 6px #0003; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; font-weight: 600; }
ul { list-style: none; margin: 1rem 0; padding: 0; max-height: 24rem; overflow-y: auto; }
button { font: inherit; cursor: pointer; }
.account { width: 100%; padding: .6rem .75rem; border: 0; border-top: 1px solid #d6d6d6; background: none;
  text-align: left; }
.account:hover, .account:focus-visible, .hinted { background: #e8f1fb; }
.account span, small { display: block; color: #555; }
label { display: block; margin-bottom: .25rem; }
input { box-sizing: border-box; width: 100%; padding: .5rem; border: 1px solid #767676; font: inherit; }
/* Next comes first, so that the Enter key means it; it stands last. */
footer { display: flex; flex-direction: row-reverse; gap: .5rem; margin-top: 1.25rem; }
footer button { padding: .4rem 1.25rem; border: 1px solid #8a8a8a; background: #f2f2f2; }
footer button.main { border-color: #0067b8; background: #0067b8; color: #fff; }
pre { white-space: pre-wrap; font-size: .85rem; color: #555; }
"""


def account_page(
    *,
    action: str,
    mailboxes: Sequence[Mailbox],
    hinted: Mailbox | None,
    typed: str,
    scopes: Sequence[str],
    client_id: str,
    heading: str = "Pick an account",
) -> Response:
    """The page that posts `sim_account` or `cancel` to `action`, which is the request's own address.

    The account `hinted` stands first and has the focus; `typed` stands in the box for another address.
    """
    ordered = sorted(mailboxes, key=lambda mailbox: mailbox is not hinted)
    items = "".join(f"<li>{_account(mailbox, mailbox is hinted)}</li>" for mailbox in ordered)
    wanted = ", ".join(escape(scope) for scope in scopes)
    return _page(
        heading,
        f"""<p>to continue to the application <b>{escape(client_id)}</b></p>
<form method="post" action="{escape(action)}"><ul>{items or "<li>No account exists yet.</li>"}</ul></form>
<form method="post" action="{escape(action)}">
<label for="sim_account">Use another account</label>
<input id="sim_account" name="sim_account" type="text" inputmode="email" autocomplete="off"
  placeholder="someone@firm.example" value="{escape(typed)}">
<p><small>With the account you allow: {wanted or "nothing"}</small></p>
<footer><button class="main">Next</button><button name="cancel" value="1">Cancel</button></footer>
</form>""",
    )


def _account(mailbox: Mailbox, hinted: bool) -> str:
    marks = ' class="account hinted" autofocus' if hinted else ' class="account"'
    kind = "" if mailbox.kind == "work" else f" · {escape(mailbox.kind)}"
    return (
        f'<button name="sim_account" value="{escape(mailbox.address)}"{marks}>{escape(mailbox.name or mailbox.address)}'
        f"<span>{escape(mailbox.address)}{kind}</span></button>"
    )


def error_page(refusal: Refusal, now: datetime) -> Response:
    """What Microsoft shows where it will not send the person back to the application."""
    return _page(
        "Sorry, but we’re having trouble signing you in.",
        f"<p>{escape(str(refusal))}</p><pre>Timestamp: {now:%Y-%m-%d %H:%M:%SZ}</pre>",
        status=400,
    )


def signed_out() -> Response:
    """The page after a sign-out without an address to go to."""
    return _page("You signed out of your account", "<p>It’s a good idea to close all browser windows.</p>")


def form_post(address: str, values: dict[str, str]) -> Response:
    """A page that posts `values` to the application by itself: `response_mode=form_post`."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in values.items()
    )
    return _page(
        "Working…",
        f"""<form method="post" action="{escape(address)}">{fields}
<footer><button class="main">Continue</button></footer></form>
<script>document.forms[0].submit()</script>""",
    )


def _page(heading: str, content: str, status: int = 200) -> Response:
    return Response.html(
        f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(heading)} – simulated Microsoft</title><style>{STYLE}</style></head>
<body><main><h1>{escape(heading)}</h1>
{content}
</main></body>
</html>
""",
        status=status,
    )
