"""Members in front of their browsers: what they press and what they read."""

import re
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client

from firms.models import User
from tests.factories import PASSWORD


def log_in(client: Client, member: User, next: str = "") -> HttpResponse:
    """A real login through the one door; the answer to the form, not followed."""
    return client.post("/accounts/login/", {"login": member.email, "password": PASSWORD, "next": next})


def logged_in(member: User) -> Client:
    """A browser with a session of long ago: whoever uses it does not log in."""
    client = Client()
    client.force_login(member)
    return client


def text(answer: HttpResponse | Any) -> str:
    """What a page shows, without its tags, white space collapsed."""
    html = answer.getvalue().decode() if answer.streaming else answer.content.decode()
    html = re.sub(r"<(head|script|svg)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
