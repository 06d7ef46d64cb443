"""What a member does in the stories of the sign-in, each step over HTTP: log in, press the button, pick an account."""

import re
from html import unescape
from typing import Any

import requests
from django.test import Client

from firms.models import User
from tests.factories import PASSWORD
from tests.migration.sign_in_steps import browser


def log_in(member: User) -> tuple[Client, Any]:
    """Through the login page; the browser, and where it ended up."""
    client = browser()
    answer = client.post("/accounts/login/", {"login": member.email, "password": PASSWORD}, follow=True)
    return client, answer


def submit(client: Client, page: Any, action: str, **given: str) -> Any:
    """Submits the page's form with this action as it stands there, and what the person fills in; not followed."""
    html = page.content.decode()
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', html, re.DOTALL)
    assert form, html
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))
    client.handler.enforce_csrf_checks = True
    return client.post(action, fields | given)


def press_the_button(client: Client, page: Any) -> str:
    """Presses the page's button that goes to Microsoft; the address the browser is sent to."""
    sent = submit(client, page, "/move/sign-in/")
    assert sent.status_code == 302, sent.content.decode()
    return str(sent["Location"])


def pick(address: str, account: str = "", **instead: str) -> str:
    """On Microsoft's own account page: presses the button of `account`, types it where there is none, or does something
    else; the address of ours that the browser comes back to."""
    shown = requests.get(address, timeout=10)
    assert shown.status_code == 200 and "Pick an account" in shown.text, shown.text
    form = re.search(r'<form method="post" action="([^"]+)"', shown.text)
    assert form
    there = address.split("/common/", 1)[0] + unescape(form[1])
    answer = requests.post(there, data=instead or {"sim_account": account}, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith("http://localhost/move/callback/?")
    return answer.headers["Location"].removeprefix("http://localhost")


def put_first(address: str) -> str:
    """The account that Microsoft's page puts first."""
    shown = requests.get(address, timeout=10).text
    hinted = re.search(r'value="([^"]+)" class="account hinted"', shown)
    typed = re.search(r'name="sim_account" type="text"[^>]*value="([^"]*)"', shown)
    assert hinted or typed, shown
    return (hinted or typed)[1]  # type: ignore[index]


def sign_in(client: Client, page: Any, account: str = "", **instead: str) -> Any:
    """From the button on `page` over Microsoft's account page to the page that says how it ended."""
    return client.get(pick(press_the_button(client, page), account, **instead), follow=True)
